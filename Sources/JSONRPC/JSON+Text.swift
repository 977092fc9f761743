extension JSON {
    /// The value of one JSON text, which must be an object or an array.
    public static func parse(_ text: some StringProtocol) throws(JSONError) -> JSON {
        try parse(octets: ArraySlice(Array(text.utf8)))
    }

    public static func parse(octets: [UInt8]) throws(JSONError) -> JSON {
        try parse(octets: octets[...])
    }

    public static func parse(octets: ArraySlice<UInt8>) throws(JSONError) -> JSON {
        var parser = JSONParser(octets.span)
        return try parser.parseText(allowsScalar: false)
    }

    /// The value of one JSON text of any kind, such as a lone string.
    public static func parseFragment(_ text: some StringProtocol) throws(JSONError) -> JSON {
        let octets = Array(text.utf8)
        var parser = JSONParser(octets.span)
        return try parser.parseText(allowsScalar: true)
    }

    /// The value as compact JSON text, members in their own order.
    public var text: String { text() }

    /// The value as JSON text.
    public func text(sortsKeys: Bool = false, isPretty: Bool = false) -> String {
        String(decoding: encode(sortsKeys: sortsKeys, isPretty: isPretty), as: UTF8.self)
    }

    public func encode(sortsKeys: Bool = false, isPretty: Bool = false) -> [UInt8] {
        var printer = JSONPrinter(sortsKeys: sortsKeys, isPretty: isPretty)
        printer.write(self)
        return printer.octets
    }
}

extension JSON: CustomStringConvertible {
    public var description: String { text }
}
