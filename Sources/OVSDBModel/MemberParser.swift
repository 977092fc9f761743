public import JSONRPC

/// Reads the members of an object one by one, and refuses what is missing, wrong or too much, in
/// the words of Open vSwitch.
public struct MemberParser: Sendable {
    /// What is read, as errors name it.
    public enum Subject: Sendable, ExpressibleByStringInterpolation {
        case named(String)
        /// One of several operations; the text is made only where it is needed.
        case operation(_ number: Int, count: Int)

        public init(stringLiteral value: String) { self = .named(value) }

        fileprivate var text: String {
            switch self {
            case .named(let text): text
            case .operation(let number, let count): "ovsdb operation \(number) of \(count)"
            }
        }
    }

    private let json: JSON
    private let object: JSONObject
    private let subject: Subject
    /// The positions of the members that were asked for, a bit each.
    private var taken: UInt64 = 0
    /// Those of an object too large for the bits.
    private var takenBeyond: Set<Int> = []

    public init(_ json: JSON, subject: Subject) throws(OVSDBError) {
        guard let object = json.object else {
            throw .syntax("Parsing \(subject.text) failed: Object expected.", in: nil)
        }
        self.json = json
        self.object = object
        self.subject = subject
    }

    public mutating func optional(_ name: String) -> JSON? {
        guard let position = object.position(of: name) else { return nil }
        if position < UInt64.bitWidth {
            taken |= 1 << UInt64(position)
        } else {
            takenBeyond.insert(position)
        }
        return object.members[position].value
    }

    private func isTaken(_ position: Int) -> Bool {
        position < UInt64.bitWidth
            ? taken & 1 << UInt64(position) != 0 : takenBeyond.contains(position)
    }

    public mutating func required(_ name: String) throws(OVSDBError) -> JSON {
        guard let value = optional(name) else {
            throw failure("Required '\(name)' member is missing.")
        }
        return value
    }

    public mutating func string(_ name: String) throws(OVSDBError) -> String {
        guard let value = try required(name).string else { throw mismatch(name) }
        return value
    }

    /// A string that is an identifier (`<id>`, RFC 7047 §3.1).
    public mutating func identifier(_ name: String) throws(OVSDBError) -> String {
        let value = try string(name)
        guard NamedUUIDs.isIdentifier(value) else { throw mismatch(name) }
        return value
    }

    public mutating func array(_ name: String) throws(OVSDBError) -> [JSON] {
        guard let value = try required(name).array else { throw mismatch(name) }
        return value
    }

    public mutating func object(_ name: String) throws(OVSDBError) -> JSONObject {
        guard let value = try required(name).object else { throw mismatch(name) }
        return value
    }

    public mutating func optionalString(_ name: String) throws(OVSDBError) -> String? {
        guard let value = optional(name) else { return nil }
        guard let string = value.string else { throw mismatch(name) }
        return string
    }

    public mutating func optionalInteger(_ name: String) throws(OVSDBError) -> Int64? {
        guard let value = optional(name) else { return nil }
        guard let integer = value.integer else { throw mismatch(name) }
        return integer
    }

    public mutating func optionalBoolean(_ name: String) throws(OVSDBError) -> Bool? {
        guard let value = optional(name) else { return nil }
        guard let boolean = value.boolean else { throw mismatch(name) }
        return boolean
    }

    public mutating func optionalArray(_ name: String) throws(OVSDBError) -> [JSON]? {
        guard let value = optional(name) else { return nil }
        guard let array = value.array else { throw mismatch(name) }
        return array
    }

    /// Refuses members that nobody asked for.
    public func finish() throws(OVSDBError) {
        for position in object.members.indices where !isTaken(position) {
            throw failure(
                "Member '\(object.members[position].key)' is present but not allowed here.")
        }
    }

    public func mismatch(_ name: String) -> OVSDBError {
        failure("Type mismatch for member '\(name)'.")
    }

    public func failure(_ sentence: String) -> OVSDBError {
        .syntax("Parsing \(subject.text) failed: \(sentence)", in: json)
    }
}
