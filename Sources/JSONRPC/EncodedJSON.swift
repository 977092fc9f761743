/// JSON text that is known to be a value's.
public struct EncodedJSON: Sendable {
    public let octets: [UInt8]

    /// - Precondition: A printer wrote them.
    public init(_ octets: [UInt8]) { self.octets = octets }

    /// What the octets spell.
    ///
    /// - Complexity: O(n), each time.
    public var value: JSON {
        var parser = JSONParser(octets.span)
        return (try? parser.parseText(allowsScalar: true)) ?? .null
    }
}

extension JSON {
    /// The value itself, where this is one that was encoded before.
    public var resolved: JSON {
        if case .encoded(let encoded) = self { encoded.value } else { self }
    }
}
