/// Cuts `key=value,key(value),key` into its pairs.
///
/// Commas and white space separate the pairs, except within parentheses. A value follows `=` or
/// `:`, or stands in parentheses, where a tail such as `->reg0[0]` can follow.
struct KeyValueScanner {
    struct Pair {
        let key: TextPiece
        let value: TextPiece
        /// What follows the closing parenthesis.
        var tail: TextPiece
        /// Whether there is a value, be it empty.
        let hasValue: Bool
    }

    private let text: TextPiece
    private var index: Int

    init(_ text: TextPiece) {
        self.text = text
        index = text.startIndex
    }

    /// The text that has not been read.
    var rest: TextPiece { text[index...] }

    mutating func next() throws(SyntaxError) -> Pair? {
        while index < text.endIndex, Separator.isBetweenFields(text[index]) { index += 1 }
        guard index < text.endIndex else { return nil }
        let start = index
        while index < text.endIndex {
            let octet = text[index]
            if octet == 0x3d || octet == 0x3a || octet == 0x28 || Separator.isBetweenFields(octet) {
                break
            }
            index += 1
        }
        let key = text[start..<index]
        guard index < text.endIndex, !Separator.isBetweenFields(text[index]) else {
            let none = text[index..<index]
            return Pair(key: key, value: none, tail: none, hasValue: false)
        }
        let isParenthesized = text[index] == 0x28
        index += 1
        if isParenthesized { return try parenthesized(key) }
        let value = plainValue()
        return Pair(key: key, value: value, tail: text[index..<index], hasValue: true)
    }

    private mutating func plainValue() -> TextPiece {
        let start = index
        var depth = 0
        while index < text.endIndex {
            let octet = text[index]
            if octet == 0x28 {
                depth += 1
            } else if octet == 0x29 {
                depth -= 1
            } else if depth <= 0 && Separator.isBetweenFields(octet) {
                break
            }
            index += 1
        }
        return text[start..<index]
    }

    private mutating func parenthesized(_ key: TextPiece) throws(SyntaxError) -> Pair {
        let start = index
        var depth = 1
        while index < text.endIndex {
            if text[index] == 0x28 { depth += 1 }
            if text[index] == 0x29 { depth -= 1 }
            if depth == 0 { break }
            index += 1
        }
        let value = text[start..<index]
        if index < text.endIndex { index += 1 }
        let tailStart = index
        _ = plainValue()
        return Pair(key: key, value: value, tail: text[tailStart..<index], hasValue: true)
    }
}
