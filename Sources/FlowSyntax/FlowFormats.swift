/// The ways in which a flow can travel to a switch: which of them can say what the flow says.
public struct FlowFormats: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static var openFlow10: Self { .init(rawValue: 1) }
    /// OpenFlow 1.0 with the extension that names tables.
    public static var openFlow10TableID: Self { .init(rawValue: 2) }
    /// OpenFlow 1.0 with extensible matches.
    public static var nxm: Self { .init(rawValue: 4) }
    public static var nxmTableID: Self { .init(rawValue: 8) }
    public static var openFlow11: Self { .init(rawValue: 16) }
    public static var openFlow12: Self { .init(rawValue: 32) }
    public static var openFlow13: Self { .init(rawValue: 64) }
    public static var openFlow14: Self { .init(rawValue: 128) }
    public static var openFlow15: Self { .init(rawValue: 256) }

    public static var anyOpenFlow10: Self { [.openFlow10, .openFlow10TableID] }
    public static var anyNXM: Self { [.nxm, .nxmTableID] }
    public static var anyOXM: Self { [.openFlow12, .openFlow13, .openFlow14, .openFlow15] }
    public static var extensible: Self { [.anyNXM, .anyOXM] }
    public static var all: Self { [.anyOpenFlow10, .extensible, .openFlow11] }
    /// Those in which a flow can name its table.
    public static var withTable: Self { all.subtracting([.openFlow10, .nxm]) }
    /// OpenFlow 1.1 and later.
    public static var modern: Self { [.openFlow11, .anyOXM] }

    /// The names of single formats, and of sets that have one, the larger before the smaller.
    private static let names: [(Self, String)] = [
        (.anyNXM, "NXM"), (.anyOXM, "OXM"), (.anyOpenFlow10, "OpenFlow10"),
        (.openFlow10, "OpenFlow10-table_id"), (.openFlow10TableID, "OpenFlow10+table_id"),
        (.nxm, "NXM-table_id"), (.nxmTableID, "NXM+table_id"), (.openFlow11, "OpenFlow11"),
        (.openFlow12, "OXM-OpenFlow12"), (.openFlow13, "OXM-OpenFlow13"),
        (.openFlow14, "OXM-OpenFlow14"), (.openFlow15, "OXM-OpenFlow15"),
    ]

    /// The order in which OVS names the members of a set.
    private static let printed: [(Self, String)] =
        [names[2], names[0], names[1]] + names[3...]

    /// As `ovs-ofctl` prints after "usable protocols:".
    public var text: String {
        if self == .all { return "any" }
        if isEmpty { return "none" }
        var rest = self
        var parts: [String] = []
        for (formats, name) in Self.printed where formats.isSubset(of: rest) {
            parts.append(name)
            rest.subtract(formats)
        }
        return parts.joined(separator: ",")
    }

    /// The formats of a comma-separated list as in `--flow-format`.
    public init(parsing text: String) throws(SyntaxError) {
        var formats: Self = []
        for part in text.split(separator: ",") {
            let name = part.lowercased()
            if name == "any" {
                formats = .all
            } else if let match = Self.names.first(where: { $0.1.lowercased() == name }) {
                formats.formUnion(match.0)
            } else {
                throw SyntaxError("\(part): unknown flow protocol")
            }
        }
        self = formats
    }
}
