/// A Swift file as lines, and the same lines without comments and without what strings hold.
struct SourceFile {
    let path: String
    let lines: [String]
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var stripper = Stripper()
        code = lines.map { stripper.strip($0) }
    }

    /// The folder under `Sources` or `Tests` that the file belongs to.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    /// A function or an initialiser.
    struct Function {
        let name: String
        let line: Int
        let lineCount: Int
        let parameterCount: Int
        let nesting: Int

        /// Whether the body only stores the parameters, as a memberwise initialiser does.
        let isMemberwise: Bool
    }

    /// Every function with a body, nested ones included.
    var functions: [Function] {
        code.indices.compactMap { index in
            guard let name = Self.functionName(code[index]) else { return nil }
            return function(name, at: index)
        }
    }

    private static let modifiers: Set<String> = [
        "public", "package", "private", "fileprivate", "internal", "static", "class", "final",
        "mutating", "nonmutating", "consuming", "borrowing", "override", "required", "convenience",
        "nonisolated", "@inlinable", "@inline(__always)", "@discardableResult", "@usableFromInline",
        "@Sendable", "@unsafe", "@safe",
    ]

    /// The name of the function whose declaration begins in `line`.
    private static func functionName(_ line: String) -> String? {
        var words = line.split(separator: " ")[...]
        while let first = words.first, modifiers.contains(String(first)) {
            words.removeFirst()
        }
        guard let first = words.first else { return nil }
        if first == "func", let second = words.dropFirst().first {
            return String(second.prefix { $0 != "(" && $0 != "<" })
        }
        for keyword in ["init(", "init?(", "init<", "subscript(", "deinit"]
        where first.hasPrefix(keyword) {
            return String(first.prefix { $0 != "(" && $0 != "<" })
        }
        return nil
    }

    /// Follows the brackets from the declaration to the end of the body; nil without a body.
    private func function(_ name: String, at start: Int) -> Function? {
        var parentheses = 0
        var angles = 0
        var braces = 0
        var deepest = 0
        var parameters = 0
        var sawList = false
        for index in start..<min(code.count, start + 2000) {
            if index > start, braces == 0, parentheses == 0, Self.endsSignature(code[index]) {
                return nil
            }
            var previous = Unicode.Scalar(" ")
            for octet in code[index].utf8 {
                let character = Unicode.Scalar(octet)
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]":
                    parentheses -= 1
                    sawList = sawList || (parentheses == 0 && braces == 0)
                case "<" where previous != " ": angles += 1
                case ">" where previous != "-" && previous != " " && angles > 0: angles -= 1
                case ":" where parentheses == 1 && braces == 0 && !sawList && angles == 0:
                    parameters += 1
                case "{" where parentheses == 0 || braces > 0:
                    braces += 1
                    deepest = max(deepest, braces)
                case "}" where braces > 0:
                    braces -= 1
                    guard braces == 0 else { break }
                    return Function(
                        name: name, line: start + 1, lineCount: index - start + 1,
                        parameterCount: parameters, nesting: deepest - 1,
                        isMemberwise: isMemberwise(start...index)
                    )
                default: break
                }
                previous = character
            }
        }
        return nil
    }

    /// Whether every line between the signature and the closing brace is `self.x = x`.
    private func isMemberwise(_ range: ClosedRange<Int>) -> Bool {
        guard let opening = code[range].firstIndex(where: { $0.hasSuffix("{") }) else {
            return false
        }
        return code[opening + 1..<range.upperBound].allSatisfy { line in
            let words = line.split(separator: " ")
            return words.count == 3 && words[1] == "=" && words[0] == "self." + words[2]
        }
    }

    /// Whether a line cannot belong to a signature that began above it.
    private static func endsSignature(_ line: String) -> Bool {
        let text = line.drop { $0 == " " }
        return text.isEmpty || text.hasPrefix("}") || text.hasPrefix("var ")
            || functionName(line) != nil
    }
}

/// Blanks comments and the contents of string literals, line after line.
struct Stripper {
    private var isInLongString = false
    private var commentDepth = 0

    mutating func strip(_ line: String) -> String {
        let isPlain = commentDepth == 0 && !isInLongString
        if isPlain,
            !line.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\"") })
        {
            return line
        }
        var result = ""
        var rest = line[...]
        while let character = rest.first {
            if commentDepth > 0 {
                skipComment(&rest)
            } else if isInLongString {
                guard let end = rest.firstRange(of: "\"\"\"") else { return result }
                isInLongString = false
                rest = rest[end.upperBound...]
            } else if rest.hasPrefix("//") {
                return result
            } else if rest.hasPrefix("/*") {
                commentDepth = 1
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("\"\"\"") {
                isInLongString = true
                rest = rest.dropFirst(3)
            } else if character == "\"" || rest.hasPrefix("#\"") {
                result += "\"\""
                skipString(&rest)
            } else {
                result.append(character)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    private mutating func skipComment(_ rest: inout Substring) {
        if rest.hasPrefix("*/") {
            commentDepth -= 1
            rest = rest.dropFirst(2)
        } else {
            rest = rest.dropFirst()
        }
    }

    /// Skips a literal that ends in this line; interpolations count as contents.
    private func skipString(_ rest: inout Substring) {
        let isRaw = rest.first == "#"
        rest = rest.dropFirst(isRaw ? 2 : 1)
        var depth = 0
        while let character = rest.first {
            rest = rest.dropFirst()
            if character == "\\", !isRaw {
                if rest.first == "(" {
                    depth += 1
                }
                rest = rest.dropFirst()
            } else if depth > 0, character == "(" {
                depth += 1
            } else if depth > 0, character == ")" {
                depth -= 1
            } else if character == "\"", depth == 0 {
                if isRaw {
                    guard rest.first == "#" else { continue }
                    rest = rest.dropFirst()
                }
                return
            }
        }
    }
}
