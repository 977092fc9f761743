import Addresses
import ConnectionTracking
import Datapath

/// `dpctl/ipf-...`: how fragments are handled.
extension TrackerCommands {
    /// `dpctl/ipf-set-enabled [DP] v4|v6` and `dpctl/ipf-set-disabled`.
    public static func setFragments(
        _ isEnabled: Bool, _ arguments: [String]
    ) throws(CommandError) -> (TrackerCommands) -> String {
        // Open vSwitch does not look at the name of the datapath here.
        guard let isIPv6 = family(arguments.last) else {
            throw refusal("parameter missing: 'v4' for IPv4 or 'v6' for IPv6")
        }
        return { commands in
            commands.change(isIPv6) { $0.isEnabled = isEnabled }
            return (isEnabled ? "enabling" : "disabling")
                + " fragmentation reassembly successful\n"
        }
    }

    private static func family(_ text: String?) -> Bool? {
        switch text {
        case "v4": false
        case "v6": true
        default: nil
        }
    }

    private func change(_ isIPv6: Bool, _ body: (inout FragmentSettings.Family) -> Void) {
        if isIPv6 {
            body(&datapath.fragmentSettings.ipv6)
        } else {
            body(&datapath.fragmentSettings.ipv4)
        }
    }

    /// `dpctl/ipf-set-min-frag [DP] v4|v6 MINFRAG`.
    public static func setMinimumFragment(
        _ arguments: [String]
    ) throws(CommandError) -> (TrackerCommands) -> String {
        guard let isIPv6 = family(arguments[arguments.count - 2]) else {
            throw refusal("parameter missing: v4 for IPv4 or v6 for IPv6")
        }
        guard let byteCount = Int(arguments[arguments.count - 1]) else {
            throw refusal("parameter missing for minimum fragment size")
        }
        guard byteCount >= FragmentSettings.leastByteCount else {
            throw CommandError(
                "ovs-vswitchd: requested minimum fragment size too small; see documentation "
                    + "(Operation not permitted)")
        }
        return { commands in
            commands.change(isIPv6) { $0.minimumByteCount = byteCount }
            return "setting minimum fragment size successful\n"
        }
    }

    /// `dpctl/ipf-set-max-nfrags [DP] MAXFRAGS`.
    public static func setMaximumFragments(
        _ arguments: [String]
    ) throws(CommandError) -> (TrackerCommands) -> String {
        guard let count = Int(arguments.last ?? "") else {
            throw refusal("parameter missing for maximum fragments")
        }
        guard (0...FragmentSettings.greatestCount).contains(count) else {
            throw CommandError(
                "ovs-vswitchd: setting maximum fragments failed (Operation not permitted)")
        }
        return { commands in
            commands.datapath.fragmentSettings.maximumCount = count
            return "setting maximum fragments successful\n"
        }
    }

    /// `dpctl/ipf-get-status [-m] [DP]`.
    public static func fragmentStatus(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        let (options, operands) = try VirtualSwitch.options(arguments, allowed: ["-m", "--more"])
        _ = try virtualSwitch.datapath(named: operands.first)
        return { $0.fragmentStatus(showsLists: !options.isEmpty) }
    }

    private func fragmentStatus(showsLists: Bool) -> String {
        datapath.expireFragments(now: now)
        let settings = datapath.fragmentSettings
        let counts = datapath.fragmentStatistics
        var lines = [
            "Fragmentation Module Status", "---------------------------",
            "v4 enabled: \(settings.ipv4.isEnabled ? 1 : 0)",
            "v6 enabled: \(settings.ipv6.isEnabled ? 1 : 0)",
            "max num frags (v4/v6): \(settings.maximumCount)",
            "num frag: \(datapath.heldFragmentCount)",
        ]
        lines += Self.lines("v4", settings.ipv4, counts.ipv4)
        lines += Self.lines("v6", settings.ipv6, counts.ipv6)
        var text = lines.map { "        \($0)\n" }.joined()
        guard showsLists else { return text }
        text += "\n        Fragment Lists:\n\n"
        return text + datapath.fragmentLists.map { Self.line(of: $0) }.joined()
    }

    private static func lines(
        _ name: String, _ family: FragmentSettings.Family, _ counts: FragmentStatistics
    ) -> [String] {
        [
            "min \(name) frag size: \(family.minimumByteCount)",
            "\(name) frags accepted: \(counts.accepted)",
            "\(name) frags completed: \(counts.completed)",
            "\(name) frags expired: \(counts.expired)",
            "\(name) frags too small: \(counts.tooSmall)",
            "\(name) frags overlapped: \(counts.overlapped)",
            // None is: what is not complete in time has expired.
            "\(name) frags purged: 0",
        ]
    }

    private static func line(of list: FragmentList) -> String {
        let state =
            list.hasFirst
            ? list.hasLast ? "first/last frag" : "first frag"
            : list.hasLast ? "last frag" : "other frag"
        let addresses = [list.source, list.destination].map { address in
            list.isIPv6
                ? "\(IPv6Address(address))"
                : "\(IPv4Address(UInt32(truncatingIfNeeded: address)))"
        }
        return "(src=\(addresses[0]),dst=\(addresses[1]),recirc_id=\(list.recirculationID),"
            + "ip_id=\(list.identification),dl_type=\(list.isIPv6 ? "0x86dd" : "0x800"),"
            + "zone=\(list.zone),nw_proto=\(list.ipProtocol),num_fragments=\(list.count),"
            + "state=\(state))\n"
    }
}
