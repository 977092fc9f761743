public import JSONRPC

extension Atom {
    /// The atom as OVSDB writes it (`<atom>`, RFC 7047 §5.1).
    public var json: JSON {
        switch self {
        case .integer(let value): .integer(value)
        case .real(let value): Self.json(value)
        case .boolean(let value): .boolean(value)
        case .string(let value): .string(value)
        case .uuid(let value): .array(["uuid", .string(value.description)])
        }
    }

    /// Reals print with 15 significant digits; those that need no more look like integers.
    private static func json(_ value: Double) -> JSON {
        guard value.magnitude < 1e15 else { return .real(value) }
        return Int64(exactly: value).map(JSON.integer) ?? .real(value)
    }

    /// Reads an atom of a type, constraints aside.
    ///
    /// - Parameter context: Where names of rows are looked up; nil where they are not allowed.
    public init(
        _ json: JSON, type: AtomType, context: inout NamingContext?
    ) throws(OVSDBError) {
        switch (type, json) {
        case (.integer, .integer(let value)): self = .integer(value)
        case (.real, .integer(let value)): self = .real(Double(value))
        case (.real, .real(let value)): self = .real(value)
        case (.boolean, .boolean(let value)): self = .boolean(value)
        case (.string, .string(let value)): self = .string(value)
        case (.uuid, _): self = .uuid(try Self.uuid(json, context: &context))
        default: throw .syntax("expected \(type.rawValue)", in: json)
        }
    }

    private static func uuid(
        _ json: JSON, context: inout NamingContext?
    ) throws(OVSDBError) -> UUID {
        if let text = tagged("uuid", json)?.string {
            guard let uuid = UUID(text) else {
                throw .syntax("\"\(text)\" is not a valid UUID", in: json)
            }
            return uuid
        }
        if context != nil, let name = tagged("named-uuid", json)?.string {
            guard NamedUUIDs.isIdentifier(name) else {
                throw .syntax("named-uuid string is not a valid <id>", in: json)
            }
            return context?.uuid(for: name) ?? .zero
        }
        throw .syntax("expected [\"uuid\", <string>]", in: json)
    }

    /// The second element of a pair whose first one is `tag`.
    static func tagged(_ tag: String, _ json: JSON) -> JSON? {
        guard case .array(let elements) = json, elements.count == 2,
            case .string(let first) = elements[0], first == tag
        else { return nil }
        return elements[1]
    }
}
