/// The five kinds of scalar that a column can hold (RFC 7047 §3.1).
public enum AtomType: String, Hashable, Sendable, CaseIterable {
    case integer
    case real
    case boolean
    case string
    case uuid

    /// What a column of this type holds where nobody said.
    public var defaultAtom: Atom {
        switch self {
        case .integer: .integer(0)
        case .real: .real(0)
        case .boolean: .boolean(false)
        case .string: .string("")
        case .uuid: .uuid(.zero)
        }
    }
}

/// One scalar of a column.
///
/// Atoms that are compared are of one type.
public enum Atom: Hashable, Sendable {
    case integer(Int64)
    case real(Double)
    case boolean(Bool)
    case string(String)
    case uuid(UUID)

    public var type: AtomType {
        switch self {
        case .integer: .integer
        case .real: .real
        case .boolean: .boolean
        case .string: .string
        case .uuid: .uuid
        }
    }

    /// The type is left out, as atoms that are compared have one type.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let value): hasher.combine(value)
        case .real(let value): hasher.combine(value)
        case .boolean(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .uuid(let value): hasher.combine(value)
        }
    }
}

extension Atom: Comparable {
    public static func < (left: Atom, right: Atom) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right
        case (.real(let left), .real(let right)): left < right
        case (.boolean(let left), .boolean(let right)): !left && right
        case (.string(let left), .string(let right)): left < right
        case (.uuid(let left), .uuid(let right)): left < right
        default: preconditionFailure("atoms of one type are compared")
        }
    }
}

extension Atom {
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    public var real: Double? { if case .real(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var uuid: UUID? { if case .uuid(let value) = self { value } else { nil } }
}

extension Atom: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
