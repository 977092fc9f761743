/// A JSON value (RFC 8259) that keeps integers apart from reals, as OVSDB needs.
///
/// A number that is written with a fraction or an exponent and still has an integer value, such as
/// `1.0`, is an integer, as it is for Open vSwitch.
public enum JSON: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case real(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
    /// A value that was encoded before. Programs make it of what is large or goes to many; parsers
    /// never do. It reads and compares like the value that it spells.
    case encoded(EncodedJSON)
}

extension JSON: Hashable {
    /// Compares values; the order of an object's members does not count.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.encoded(let left), _): left.value == right
        case (_, .encoded(let right)): left == right.value
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.real(let left), .real(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .real(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        case .encoded(let value): hasher.combine(value.value)
        }
    }
}

extension JSON {
    public var isNull: Bool {
        if case .null = resolved { true } else { false }
    }

    public var boolean: Bool? {
        if case .boolean(let value) = resolved { value } else { nil }
    }

    public var integer: Int64? {
        if case .integer(let value) = resolved { value } else { nil }
    }

    /// The value of a number of either kind.
    public var real: Double? {
        switch resolved {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }

    public var string: String? {
        if case .string(let value) = resolved { value } else { nil }
    }

    public var array: [JSON]? {
        if case .array(let value) = resolved { value } else { nil }
    }

    public var object: JSONObject? {
        if case .object(let value) = resolved { value } else { nil }
    }

    /// The member of an object, or nil where this is no object or has no such member.
    public subscript(key: String) -> JSON? {
        object?[key]
    }

    /// The element of an array, or nil where this is no array or is shorter.
    public subscript(index: Int) -> JSON? {
        let elements = array ?? []
        return elements.indices.contains(index) ? elements[index] : nil
    }
}

/// There is no conformance to `ExpressibleByNilLiteral`: it would make `nil` mean null where
/// absence is meant.
extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .real(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    public init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
