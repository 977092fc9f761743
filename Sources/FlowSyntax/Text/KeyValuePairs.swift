/// The pairs of a text such as `key=value,key(value),key`, as flows are written.
public enum KeyValueText {
    /// Keys with their values; `nil` where there is none.
    public static func pairs(
        _ text: String
    ) throws(SyntaxError) -> [(key: String, value: String?)] {
        var scanner = KeyValueScanner(TextPiece(text))
        var pairs: [(key: String, value: String?)] = []
        while let pair = try scanner.next() {
            let value = pair.value.string + pair.tail.string
            pairs.append((pair.key.string, value.isEmpty ? nil : value))
        }
        return pairs
    }
}
