extension Substring {
    /// What commas part, where no parenthesis is open.
    var topLevelPieces: [Substring] {
        guard !isEmpty else { return [] }
        var pieces: [Substring] = []
        var start = startIndex
        var depth = 0
        for index in indices {
            switch self[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                pieces.append(self[start..<index])
                start = self.index(after: index)
            default: break
            }
        }
        return pieces + [self[start...]]
    }

    /// The text without white space around it.
    var trimmingSpaces: Substring {
        var text = drop { $0 == " " || $0 == "\t" || $0 == "\n" }
        while text.last == " " || text.last == "\t" || text.last == "\n" { text.removeLast() }
        return text
    }
}
