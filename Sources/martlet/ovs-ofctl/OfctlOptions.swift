import Daemon
import FlowModel
import FlowSyntax
import Glibc
import OpenFlow

/// What the options of `ovs-ofctl` say.
struct OfctlOptions {
    /// A field to sort by, or the priority.
    struct SortKey {
        let field: Field?
        let isDescending: Bool
    }

    var versions: OpenFlowVersions = .v10
    var hasVersions = false
    var flowFormats: FlowFormats = .all
    var packetInFormat: PacketInFormat?
    var isStrict = false
    var readsOnly = false
    var readds = false
    var usesBundle = false
    var mayCreate = false
    var printsTimestamps = false
    /// `compose-packet` writes a capture file.
    var writesCapture = false
    var verbosity = 0
    /// Whether port names are shown; by default on a terminal.
    var showsNames: Bool?
    var showsStats = true
    var sortKeys: [SortKey] = []
    /// In what colours flows are shown, if in any.
    var colors: FlowColors?

    static let options =
        [
            CommandOption("timeout", "t", .required), CommandOption("strict"),
            CommandOption("read-only"), CommandOption("readd"), CommandOption("bundle"),
            CommandOption("flow-format", "F", .required),
            CommandOption("packet-in-format", "P", .required),
            CommandOption("more", "m"), CommandOption("timestamp"), CommandOption("names"),
            CommandOption("no-names"), CommandOption("stats"), CommandOption("no-stats"),
            CommandOption("sort", nil, .optional), CommandOption("rsort", nil, .optional),
            CommandOption("protocols", "O", .required), CommandOption("color", nil, .optional),
            CommandOption("may-create"),
            CommandOption("pcap"), CommandOption("raw"), CommandOption("help", "h"),
            CommandOption("option"),
            CommandOption("version", "V"),
        ] + CommonOptions.daemon + CommonOptions.logging + CommonOptions.tls

    /// Obeys an option that is `ovs-ofctl`'s own.
    ///
    /// - Returns: whether it is one.
    mutating func handle(_ option: OptionParser.Found) throws -> Bool {
        let value = option.value ?? ""
        switch option.name {
        case "strict": isStrict = true
        case "read-only": readsOnly = true
        case "readd": readds = true
        case "bundle": usesBundle = true
        case "flow-format": flowFormats = try FlowFormats(parsing: value)
        case "packet-in-format": packetInFormat = try Self.packetInFormat(value)
        case "more": verbosity += 1
        case "timestamp": printsTimestamps = true
        case "names": showsNames = true
        case "no-names": showsNames = false
        case "stats": showsStats = true
        case "no-stats": showsStats = false
        case "sort": try addSortKey(option.value, isDescending: false)
        case "rsort": try addSortKey(option.value, isDescending: true)
        case "protocols": try setVersions(value)
        case "may-create": mayCreate = true
        case "pcap": writesCapture = true
        case "raw": break
        case "color": colors = try Self.colors(option.value ?? "auto")
        default: return false
        }
        return true
    }

    private static func colors(_ when: String) throws -> FlowColors? {
        switch when {
        case "never": return nil
        case "auto": guard isatty(STDOUT_FILENO) == 1 else { return nil }
        case "always": break
        default: throw ProgramError("incorrect value `\(when)' for --color")
        }
        return FlowColors(settings: getenv("OVS_COLORS").map { String(cString: $0) } ?? "")
    }

    private static func packetInFormat(_ text: String) throws -> PacketInFormat {
        switch text {
        case "standard", "openflow10": return .standard
        case "nxt_packet_in", "nxm": return .nxm
        case "nxt_packet_in2": return .nxm2
        default: throw ProgramError("unknown packet-in format `\(text)'")
        }
    }

    private mutating func addSortKey(_ text: String?, isDescending: Bool) throws {
        guard let text, text != "priority" else {
            sortKeys.append(SortKey(field: nil, isDescending: isDescending))
            return
        }
        guard let field = FieldTable.field(named: text) else {
            throw ProgramError("\(text): unknown field name")
        }
        sortKeys.append(SortKey(field: field, isDescending: isDescending))
    }

    private mutating func setVersions(_ text: String) throws {
        var versions: OpenFlowVersions = []
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let version = OpenFlowVersion(name: part) else {
                throw ProgramError("Unknown OpenFlow version: \"\(part)\"")
            }
            versions.insert(OpenFlowVersions(version))
        }
        // Nothing asks for nothing in particular.
        self.versions = versions.isEmpty ? .supported : versions
        hasVersions = true
    }

    /// Refuses versions and formats that have nothing in common.
    func checkFormats() throws {
        guard allowedFormats.isEmpty else { return }
        let names = versions.all.map(\.name).joined(separator: ", ")
        throw ProgramError(
            "None of the enabled OpenFlow versions (\(names)) supports any of the enabled flow "
                + "formats (\(flowFormats.text)).  (Use -O to enable additional OpenFlow "
                + "versions or -F to enable additional flow formats.)")
    }

    /// Takes OpenFlow 1.4 where no version that has bundles was asked for.
    mutating func chooseBundleVersion() {
        let able: [OpenFlowVersion] = [.v13, .v14, .v15]
        guard !hasVersions || !able.contains(where: { versions.contains($0) }) else { return }
        versions = OpenFlowVersions(OpenFlowVersion.v14)
    }

    /// The formats that the versions and `--flow-format` leave.
    var allowedFormats: FlowFormats {
        var formats: FlowFormats = []
        if versions.contains(.v10) { formats.formUnion([.anyOpenFlow10, .anyNXM]) }
        if versions.contains(OpenFlowVersion.v11) { formats.insert(.openFlow11) }
        if versions.contains(OpenFlowVersion.v12) { formats.insert(.openFlow12) }
        if versions.contains(OpenFlowVersion.v13) { formats.insert(.openFlow13) }
        if versions.contains(OpenFlowVersion.v14) { formats.insert(.openFlow14) }
        if versions.contains(OpenFlowVersion.v15) { formats.insert(.openFlow15) }
        return formats.intersection(flowFormats)
    }

    /// The formats that a flow can take, given those that can express it.
    func chosen(from usable: FlowFormats) throws -> FlowFormats {
        if usable.isEmpty { throw ProgramError("no flow format was allowed") }
        let allowed = allowedFormats
        let chosen = usable.intersection(allowed)
        if chosen.isEmpty {
            throw ProgramError(
                "none of the usable flow formats (\(usable.text)) is among the allowed flow "
                    + "formats (\(allowed.text))")
        }
        return chosen
    }
}
