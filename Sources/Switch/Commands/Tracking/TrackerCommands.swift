import ConnectionTracking
public import Datapath
import OpenFlow
public import Pipeline

/// `dpctl/...`: what the connection tracker knows, and how it is set.
///
/// The commands run on the thread that owns the tracker; ``VirtualSwitch`` says whether there is a
/// datapath of the name that they are given.
public struct TrackerCommands {
    let datapath: UserspaceDatapath
    let now: UInt64
    var tracker: ConnectionTracker { datapath.tracker }

    /// - Parameter now: the switch's milliseconds.
    public init(_ datapath: UserspaceDatapath, now: Milliseconds) {
        self.datapath = datapath
        self.now = UInt64(now)
    }

    // MARK: Connections

    /// `dpctl/dump-conntrack [-m] [-s] [DP] [zone=N]`.
    public static func dump(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        let (options, operands) = try VirtualSwitch.options(
            arguments, allowed: ["-m", "--more", "-s", "--statistics"])
        let zone = try zone(operands, virtualSwitch)
        var text = ConnectionText()
        text.isVerbose = !options.isDisjoint(with: ["-m", "--more"])
        text.showsStatistics = !options.isDisjoint(with: ["-s", "--statistics"])
        return { commands in
            commands.tracker.records(ConnectionSelection(zone: zone), now: commands.now)
                .map { text.line(of: $0) }.joined()
        }
    }

    /// `dpctl/ct-stats-show [-m] [DP] [zone=N]`.
    public static func counts(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        let (options, operands) = try VirtualSwitch.options(
            arguments, allowed: ["-m", "--more", "-s", "--statistics"])
        let zone = try zone(operands, virtualSwitch)
        let showsStates = !options.isDisjoint(with: ["-m", "--more"])
        return { commands in
            ConnectionText.counts(
                of: commands.tracker.records(ConnectionSelection(zone: zone), now: commands.now),
                showsStates: showsStates)
        }
    }

    /// `dpctl/ct-bkts [DP] [gt=N]`.
    public static func buckets(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        var operands = try VirtualSwitch.options(arguments, allowed: []).operands
        var threshold = 0
        if let last = operands.last, last.hasPrefix("gt="), let value = Int(last.dropFirst(3)) {
            threshold = value
            operands.removeLast()
        }
        _ = try virtualSwitch.datapath(named: operands.last)
        return { ConnectionText.buckets($0.tracker.countsOfShards, above: threshold) }
    }

    /// The zone that the last operand names, where the others may name the datapath.
    private static func zone(
        _ operands: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> UInt16? {
        var rest = operands
        var zone: UInt16?
        if let last = rest.last, last.hasPrefix("zone="), let number = Int(last.dropFirst(5)) {
            zone = UInt16(truncatingIfNeeded: number)
            rest.removeLast()
        }
        _ = try virtualSwitch.datapath(named: rest.last)
        return zone
    }

    /// `dpctl/flush-conntrack [DP] [zone=N] [ORIGINAL [REPLY]]`.
    public static func flush(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        var rest = try VirtualSwitch.options(arguments, allowed: []).operands[...]
        var name: String?
        if let first = rest.first, !first.contains("="), !first.isEmpty,
            virtualSwitch.hasDatapath(named: first)
        {
            name = rest.removeFirst()
        }
        var flush = ConnectionFlush()
        if let first = rest.first, first.hasPrefix("zone=") {
            guard let zone = UInt16(first.dropFirst(5)) else {
                throw refusal("failed to parse zone")
            }
            flush.zone = zone
            rest.removeFirst()
        }
        do throws(CommandError) {
            for index in 0..<min(rest.count, 2) {
                var parser = ConnectionTupleParser(ipProtocol: flush.ipProtocol)
                let tuple = try parser.parse(rest[rest.startIndex + index])
                flush.ipProtocol = parser.ipProtocol
                if index == 0 { flush.original = tuple } else { flush.reply = tuple }
            }
        } catch {
            throw refusal(error.sentence)
        }
        guard rest.count <= 2 else { throw refusal("invalid arguments") }
        _ = try virtualSwitch.datapath(named: name)
        return { commands in
            commands.tracker.flush(ConnectionSelection(flush))
            return ""
        }
    }

    static func refusal(_ sentence: String) -> CommandError {
        CommandError("ovs-vswitchd: \(sentence) (Invalid argument)")
    }

    // MARK: Settings

    /// `dpctl/ct-get-maxconns`, `dpctl/ct-get-nconns` and `dpctl/ct-get-tcp-seq-chk`.
    public enum Setting: Sendable {
        case maximum, count, sequenceChecks
    }

    public func text(_ setting: Setting) -> String {
        switch setting {
        case .maximum: return "\(tracker.maximum)\n"
        case .count:
            tracker.expire(now: now)
            return "\(tracker.count)\n"
        case .sequenceChecks:
            let word = tracker.checksSequenceNumbers ? "enabled" : "disabled"
            return "TCP sequence checking: \(word)\n"
        }
    }

    /// `dpctl/ct-set-maxconns [DP] MAXCONNS`.
    public static func setMaximum(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        let operands = try VirtualSwitch.options(arguments, allowed: []).operands
        _ = try virtualSwitch.datapath(named: operands.count > 1 ? operands[0] : nil)
        guard let text = operands.last, let maximum = UInt32(text) else {
            throw refusal("maxconns missing or malformed")
        }
        return { commands in
            commands.tracker.maximum = maximum
            return "setting maxconns successful\n"
        }
    }

    /// `dpctl/ct-enable-tcp-seq-chk` and `dpctl/ct-disable-tcp-seq-chk`.
    public func setSequenceChecks(_ isOn: Bool) -> String {
        tracker.checksSequenceNumbers = isOn
        return (isOn ? "enabling" : "disabling") + " TCP sequence checking successful\n"
    }
}

extension ConnectionSelection {
    /// The connections that a message or a command means; zero stands for anything.
    init(_ flush: ConnectionFlush) {
        self.init(zone: flush.zone)
        forward = ConnectionPattern(flush.original, flush)
        reverse = ConnectionPattern(flush.reply, flush)
        // A whole tuple is of one zone.
        if forward.isWhole { zone = flush.zone ?? 0 }
    }
}

extension ConnectionPattern {
    fileprivate init(_ tuple: ConnectionTuple, _ flush: ConnectionFlush) {
        self.init()
        let isGiven = tuple.source != 0 || tuple.destination != 0
        if isGiven { isIPv6 = !flush.isIPv4 }
        source = Self.address(tuple.source)
        destination = Self.address(tuple.destination)
        ipProtocol = flush.ipProtocol == 0 ? nil : flush.ipProtocol
        sourcePort = tuple.sourcePort == 0 ? nil : tuple.sourcePort
        destinationPort = tuple.destinationPort == 0 ? nil : tuple.destinationPort
        // Without an address nothing is said of ICMP.
        guard isGiven, flush.ipProtocol == 1 || flush.ipProtocol == 58 else { return }
        icmpIdentifier = tuple.icmpID
        icmpType = tuple.icmpType
        icmpCode = tuple.icmpCode
    }

    private static func address(_ address: UInt128) -> UInt128? {
        guard address != 0 else { return nil }
        return ConnectionTuple.ipv4(address).map { UInt128($0) } ?? address
    }
}
