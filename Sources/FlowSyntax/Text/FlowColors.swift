/// The colours in which a terminal shows flows (`ovs-ofctl --color`).
///
/// The text of a flow comes in without colours, and goes out with an escape sequence before and
/// after each word that has one. Colours are for people, who look at few flows: so the printers of
/// flows know nothing of them, and a dump without colours pays nothing.
public struct FlowColors: Hashable, Sendable {
    /// The roles of words, by their names in `OVS_COLORS`.
    enum Role: String {
        case actions = "ac"
        case drop = "dr"
        case learn = "le"
        case parameter = "pm"
        case parenthesis = "pr"
        case special = "sp"
        case value = "vl"
    }

    private var codes: [Role: String] = [
        .actions: "1;31", .drop: "34", .learn: "31", .parameter: "36", .parenthesis: "35",
        .special: "33", .value: "32",
    ]

    /// - Parameter settings: what `OVS_COLORS` says, such as `ac=01;31:dr=34`; a role that it does
    ///   not name keeps its usual colour.
    public init(settings: String = "") {
        for setting in settings.split(separator: ":") {
            let parts = setting.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let role = Role(rawValue: String(parts[0])) else { continue }
            codes[role] = String(parts[1])
        }
    }

    /// The word in its colour; `ESC [ K` keeps the rest of the line in its own.
    func paint(_ text: some StringProtocol, _ role: Role) -> String {
        "\u{1b}[\(codes[role] ?? "")m\u{1b}[K\(text)\u{1b}[m\u{1b}[K"
    }

    // MARK: Parts of flows

    /// The word that stands before the actions of a rule.
    public var actionsKeyword: String { paint("actions=", .actions) }

    /// What a dump says of a rule before its match: `cookie=0x0, duration=3s, table=1, `.
    public func header(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard let end = word.firstIndex(of: "=") else { return String(word) }
            let role: Role = word[..<end] == "table" ? .special : .parameter
            return paint(word[...end], role) + word[end...].dropFirst()
        }.joined(separator: " ")
    }

    /// A match, with or without its priority.
    public func match(_ text: String) -> String {
        text[...].topLevelPieces.map(matchField).joined(separator: ",")
    }

    private func matchField(_ text: Substring) -> String {
        guard let end = text.firstIndex(of: "=") else {
            return text.hasPrefix(Self.tunnelOption) ? String(text) : paint(text, .value)
        }
        let name = text[..<end]
        let rest = text[end...].dropFirst()
        switch name {
        case "priority": return paint("priority=", .special) + rest
        // These are printed by hand in Open vSwitch, which leaves out a colour or its end.
        case "conj_id": return paint(name, .parameter) + "=" + rest
        case "packet_type": return String(text)
        case _ where name.hasPrefix(Self.tunnelOption): return String(text)
        default: return paint(text[...end], .parameter) + rest
        }
    }

    private static let tunnelOption = "tun_metadata"
}
