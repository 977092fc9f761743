/// The colours of actions.
extension FlowColors {
    /// Actions as they stand behind `actions=`.
    public func actions(_ text: String) -> String { actions(text[...]) }

    private func actions(_ text: Substring) -> String {
        text.topLevelPieces.map(action).joined(separator: ",")
    }

    /// Actions whose arguments follow a colon and that matter most to a reader.
    private static let special: Set<Substring> = [
        "output", "group", "resubmit", "load", "set_field", "move",
    ]

    private func action(_ text: Substring) -> String {
        guard let end = text.firstIndex(where: { $0 == ":" || $0 == "(" }) else {
            return word(text)
        }
        let name = text[..<end]
        let rest = text[end...].dropFirst()
        if text[end] == ":" {
            if name == "CONTROLLER" { return String(text) }
            return Self.special.contains(name)
                ? paint("\(name):", .special) + arrow(rest) : paint("\(name):", .parameter) + rest
        }
        switch name {
        case "output": return paint(name, .special) + text[end...]
        case "check_pkt_larger": return paint("\(name)(", .parameter) + rest
        case "dec_ttl": return paint(name, .parenthesis) + parentheses(rest) { String($0) }
        case "learn":
            return paint("learn(", .learn) + learned(rest.dropLast()) + paint(")", .learn)
        default: return arguments(of: name, rest)
        }
    }

    private func word(_ text: Substring) -> String {
        switch text {
        case "drop": paint(text, .drop)
        case "exit", "dec_nsh_ttl": paint(text, .special)
        case "dec_ttl", "nat": paint(text, .parenthesis)
        // Reserved ports are in capitals.
        case _ where text.first?.isLowercase == true: paint(text, .value)
        default: String(text)
        }
    }

    /// `VALUE->FIELD`.
    private func arrow(_ text: Substring) -> String {
        let parts = text.split(separator: "->", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.joined(separator: paint("->", .special))
    }

    /// An action whose arguments stand in parentheses that belong to its name.
    private func arguments(of name: Substring, _ rest: Substring) -> String {
        let inner = rest.dropLast()
        let text: String
        switch name {
        case "clone", "write_actions": text = actions(inner)
        case "ct": text = tracking(inner)
        case "bundle", "bundle_load":
            text = inner.topLevelPieces.map { member in
                guard let colon = member.firstIndex(of: ":") else { return String(member) }
                return paint(member[...colon], .parameter) + member[colon...].dropFirst()
            }.joined(separator: ",")
        case "controller", "sample", "fin_timeout":
            text = inner.topLevelPieces.map { parameter($0, alone: name) }.joined(separator: ",")
        case "encap":
            guard let end = inner.firstIndex(of: "(") else { fallthrough }
            text = inner[..<end] + parentheses(inner[end...].dropFirst()) { String($0) }
        default: text = String(inner)
        }
        return paint("\(name)(", .parenthesis) + text + paint(")", .parenthesis)
    }

    /// What stands behind an open parenthesis, with the one that closes it.
    private func parentheses(_ text: Substring, _ inner: (Substring) -> String) -> String {
        paint("(", .parenthesis) + inner(text.dropLast()) + paint(")", .parenthesis)
    }

    /// `NAME=VALUE`, or a word alone, whose colour depends on the action.
    private func parameter(_ text: Substring, alone action: Substring) -> String {
        guard let end = text.firstIndex(of: "=") else {
            return paint(text, action == "sample" ? .parameter : .value)
        }
        return paint(text[...end], .parameter) + text[end...].dropFirst()
    }

    // MARK: ct

    private func tracking(_ text: Substring) -> String {
        let pieces = text.topLevelPieces
        var colored = ""
        for (index, piece) in pieces.enumerated() {
            if piece.hasPrefix("exec(") {
                // Open vSwitch paints the comma too, and so keeps it where nothing follows.
                let inner = piece.dropFirst("exec(".count).dropLast()
                colored += paint("exec(", .parenthesis) + actions(inner)
                colored += paint("),", .parenthesis)
                continue
            }
            colored += trackingArgument(piece)
            if index < pieces.count - 1 { colored += "," }
        }
        return colored
    }

    private func trackingArgument(_ text: Substring) -> String {
        if text == "nat" { return paint(text, .parenthesis) }
        if text.hasPrefix("nat(") {
            let inner = text.dropFirst("nat(".count)
            return paint("nat", .parenthesis)
                + parentheses(inner) { addresses in
                    addresses.topLevelPieces.map(translation).joined(separator: ",")
                }
        }
        guard let end = text.firstIndex(of: "=") else { return paint(text, .value) }
        let role: Role = text[..<end] == "table" ? .special : .parameter
        return paint(text[...end], role) + text[end...].dropFirst()
    }

    private func translation(_ text: Substring) -> String {
        if text == "src" || text == "dst" { return paint(text, .parameter) }
        guard let end = text.firstIndex(of: "=") else { return paint(text, .value) }
        return paint(text[..<end], .parameter) + paint("=", .parameter) + text[end...].dropFirst()
    }

    // MARK: learn

    private func learned(_ text: Substring) -> String {
        var colored = ""
        for (index, piece) in text.topLevelPieces.enumerated() {
            // Open vSwitch gives the commas before these two their colour.
            if piece.hasPrefix("priority=") || piece.hasPrefix("fin_hard_timeout=") {
                let role: Role = piece.first == "p" ? .special : .parameter
                let end = piece.firstIndex(of: "=") ?? piece.startIndex
                colored += paint("," + piece[...end], role) + piece[end...].dropFirst()
                continue
            }
            if index > 0 { colored += "," }
            colored += learnedField(piece)
        }
        return colored
    }

    private func learnedField(_ text: Substring) -> String {
        if text.hasPrefix("load:") || text.hasPrefix("output:") { return action(text) }
        guard let end = text.firstIndex(of: "=") else {
            return paint(text, text.hasSuffix("]") ? .parameter : .value)
        }
        let (name, rest) = (text[..<end], text[end...].dropFirst())
        if name == "table" { return paint("table=", .special) + rest }
        // One field equals another; a constant is part of the match.
        if name.hasSuffix("]") && rest.hasSuffix("]") {
            return paint(name, .parameter) + paint("=", .parameter) + rest
        }
        return paint(text[...end], .parameter) + rest
    }
}
