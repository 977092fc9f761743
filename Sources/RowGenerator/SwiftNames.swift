/// The Swift names of what a schema names, by the API Design Guidelines.
enum SwiftNames {
    /// Words that are written in one case, all of them.
    private static let acronyms: Set = [
        "acl", "arp", "bfd", "ca", "cfm", "ct", "dhcp", "dhcpv4", "dhcpv6", "dns", "dpdk", "dscp",
        "ecmp", "id", "ids", "igmp", "ip", "ips", "ipv4", "ipv6", "l2", "l3", "lacp", "lb", "lldp",
        "mac", "macs", "mtu", "mpid", "mpids", "nat", "nb", "nd", "qos", "rstp", "sb", "ssl",
        "stp", "tcp", "tls", "udp", "uuid", "vip", "vips", "vlan", "vlans", "vni",
    ]

    private static let keywords: Set = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
        "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
        "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
        "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
        "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws",
        "true", "try", "typealias", "var", "where", "while",
    ]

    /// What every row has already.
    private static let membersOfRows: Set = ["uuid", "row", "table", "reference", "hash"]

    /// What `X.Name` cannot stand for.
    private static let reservedTypes: Set = ["Type", "Protocol", "Self"]

    /// The type of a table's rows: `Flow_Table` is `FlowTableRow`, `sFlow` is `SFlowRow`.
    static func rowType(_ table: String) -> String { upperCamel(table) + "Row" }

    /// The property of a column: `datapath_id` is `datapathID`.
    static func property(_ column: String) -> String {
        let name = lowerCamel(column)
        return membersOfRows.contains(name) ? name + "Column" : name
    }

    /// The type of a column's choices: `fail_mode` is `FailMode`.
    static func choiceType(_ column: String) -> String {
        let name = upperCamel(column)
        return reservedTypes.contains(name) ? name + "Value" : name
    }

    /// The name of a choice: `balance-tcp` is `balanceTCP`.
    static func choice(_ text: String) -> String {
        let name = lowerCamel(text)
        guard let first = name.first else { return "empty" }
        return first.isNumber ? "_" + name : name
    }

    /// A name as declarations write it, which must not be taken for a word of the language.
    static func escaped(_ name: String) -> String {
        keywords.contains(name) ? "`\(name)`" : name
    }

    private static func words(_ text: String) -> [Substring] {
        text.split { !$0.isLetter && !$0.isNumber }
    }

    private static func upperCamel(_ text: String) -> String {
        words(text).map(capitalized).joined()
    }

    private static func lowerCamel(_ text: String) -> String {
        let words = words(text)
        guard let first = words.first else { return "" }
        let start =
            first.contains { $0.isLowercase }
            ? first.prefix(1).lowercased() + first.dropFirst() : first.lowercased()
        return start + words.dropFirst().map(capitalized).joined()
    }

    private static func capitalized(_ word: Substring) -> String {
        let lower = word.lowercased()
        // What the schema itself writes in two cases, such as `QoS`, stays.
        let isOneCase = word == lower || word == word.uppercased()
        guard isOneCase, acronyms.contains(lower) else {
            return word.prefix(1).uppercased() + word.dropFirst()
        }
        let isPlural = lower.hasSuffix("s") && acronyms.contains(String(lower.dropLast()))
        return isPlural ? lower.dropLast().uppercased() + "s" : lower.uppercased()
    }
}
