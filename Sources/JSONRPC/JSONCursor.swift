/// Reads an object member by member, for texts whose value would be much larger than what is made
/// of it: a database of a million rows in one record.
public struct JSONCursor: ~Escapable {
    private var parser: JSONParser

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>) { parser = JSONParser(octets) }

    /// Whether an object comes next.
    public var isAtObject: Bool { parser.isAtObject }

    /// Goes into the object that comes next; false where it is empty, and then passed.
    public mutating func enterObject() throws(JSONError) -> Bool { try parser.enterObject() }

    /// The key of the member that comes next, whose value has to be read or entered.
    public mutating func key() throws(JSONError) -> String { try parser.parseKey() }

    /// Whether another member follows the value that was read; false has left the object.
    public mutating func hasAnotherMember() throws(JSONError) -> Bool {
        try parser.hasAnotherMember()
    }

    public mutating func value() throws(JSONError) -> JSON { try parser.parseNestedValue() }

    /// Throws unless the text ends here.
    public mutating func finish() throws(JSONError) { try parser.finish() }
}
