public import Datapath
import FlowModel
import FlowSyntax
public import Pipeline

/// What `dpctl/add-flow`, `dpctl/mod-flow` and `dpctl/del-flow` do to a flow of the datapath.
public struct DatapathFlowChange: Sendable {
    public enum Kind: String, Sendable {
        case add, modify, delete
        /// With `--may-create`.
        case modifyOrAdd
    }

    public let kind: Kind
    /// `-s`: tells what the flow had counted.
    public var showsStatistics = false
    /// `--clear`, which the userspace datapath of Open vSwitch refuses.
    public var clears = false

    public init(_ kind: Kind) { self.kind = kind }

    /// Takes the options from the front of a command's arguments.
    public init(_ kind: Kind, _ arguments: inout [String]) throws(CommandError) {
        var mayCreate = false
        self.init(kind)
        while let option = arguments.first, option.hasPrefix("-"), option != "-" {
            switch option {
            case "-s", "--statistics": showsStatistics = true
            case "--clear": clears = true
            case "--may-create": mayCreate = true
            case "--no-names", "--names", "-m", "--more": break
            default: throw CommandError("Unrecognized option \(option)")
            }
            arguments.removeFirst()
        }
        guard kind == .modify, mayCreate else { return }
        let (shows, clears) = (showsStatistics, clears)
        self.init(.modifyOrAdd)
        showsStatistics = shows
        self.clears = clears
    }
}

/// A flow to put into the datapath, or other actions for one that is there.
public struct DatapathFlowRequest {
    let key: FlowKey
    let mask: FlowKey
    let actions: [DatapathAction]
    let change: DatapathFlowChange

    /// Does it, on the thread that owns the datapath.
    ///
    /// - Returns: what to print.
    /// - Complexity: O(n) in the number of flows: which of them has the key is asked of each.
    public func carryOut(
        on datapath: UserspaceDatapath, now: Milliseconds
    ) -> Result<String, CommandError> {
        if change.clears { return Self.failure("Operation not supported") }
        var existing: DatapathFlow?
        datapath.forEachFlow { flow in
            let (flowKey, flowMask) = (flow.key.expanded, flow.mask.expanded)
            if key & flowMask == flowKey { existing = flow }
        }
        do {
            switch (change.kind, existing) {
            case (.add, _?): return Self.failure("File exists")
            case (.modify, nil), (.delete, nil): return Self.failure("No such file or directory")
            case (_, nil): try datapath.insert(key: key, mask: mask, actions: actions)
            case (_, let flow?): try datapath.update(flow.id, actions)
            }
        } catch {
            return Self.failure("Invalid argument")
        }
        guard change.showsStatistics else { return .success("") }
        var format = DatapathFlowFormat()
        format.now = now
        return .success(format.statistics(of: existing?.statistics ?? FlowStatistics()) + "\n")
    }

    private static func failure(_ reason: String) -> Result<String, CommandError> {
        .failure(CommandError("ovs-vswitchd: updating flow table (\(reason))"))
    }
}

extension VirtualSwitch {
    /// `dpctl/parse-actions ACTIONS...`.
    public func dpctlParseActions(_ arguments: [String]) throws(CommandError) -> String {
        var text = ""
        for argument in arguments {
            do throws(SyntaxError) {
                text += DatapathActionPrinter.text(try DatapathActionParser.parse(argument)) + "\n"
            } catch {
                throw CommandError("ovs-vswitchd: odp_actions_from_string (Invalid argument)")
            }
        }
        return text
    }

    /// What `dpctl/add-flow` and `dpctl/mod-flow` are to do with a flow.
    public func dpctlFlowRequest(
        _ text: String, _ actions: String, _ change: DatapathFlowChange
    ) throws(CommandError) -> DatapathFlowRequest {
        var match: Match
        do throws(SyntaxError) {
            match = try DatapathFlowParser.parse(text, names: datapathPortNames)
        } catch {
            throw CommandError(
                "ovs-vswitchd: parsing flow key (\(error.message)) (Invalid argument)")
        }
        let parsed: [DatapathAction]
        do throws(SyntaxError) {
            parsed = try DatapathActionParser.parse(actions)
        } catch {
            throw CommandError("ovs-vswitchd: parsing actions (Invalid argument)")
        }
        guard Self.hasNeededHeaders(text) else {
            throw CommandError("ovs-vswitchd: updating flow table (Invalid argument)")
        }
        // The datapath assumes that each flow looks at these.
        for field in [Field.recirculationID, .inPortOXM, .etherType] {
            match.set(field, to: match.value(field))
        }
        return DatapathFlowRequest(
            key: match.key, mask: match.mask, actions: parsed, change: change)
    }

    /// Whether each header is named that the one before it promises.
    static func hasNeededHeaders(_ text: String) -> Bool {
        guard text.contains("in_port("), text.contains("eth("), text.contains("eth_type(") else {
            return false
        }
        let headers = [
            ("eth_type(0x800)", "ipv4("), ("eth_type(0x0800)", "ipv4("),
            ("eth_type(0x86dd)", "ipv6("), ("eth_type(0x806)", "arp("),
            ("eth_type(0x0806)", "arp("), ("proto=6", "tcp("), ("proto=17", "udp("),
            ("proto=132", "sctp("),
        ]
        return headers.allSatisfy { promise, header in
            !text.contains(promise) || text.contains(header)
        }
    }

    /// `dpctl/del-flow`: the flow that was put in with that key, or `ufid:` of any.
    public func dpctlFlow(
        toDelete text: String, of kind: DatapathKind, _ snapshot: DatapathSnapshot
    ) throws(CommandError) -> DatapathFlow {
        let found: DatapathFlow?
        if text.hasPrefix("ufid:") {
            found = snapshot.flows.first {
                owns($0, kind) && DatapathFlowFormat.name(of: $0) == text
            }
        } else {
            do throws(SyntaxError) {
                let key = try DatapathFlowParser.parse(text, names: datapathPortNames).key
                found = snapshot.flows.first { key & $0.mask.expanded == $0.key.expanded }
            } catch {
                throw CommandError("ovs-vswitchd: \(error.message) (Invalid argument)")
            }
        }
        guard let found else {
            throw CommandError(
                "ovs-vswitchd: deleting flow (No such file or directory)\n"
                    + "Perhaps you need to specify a UFID?")
        }
        return found
    }

    /// The flows of a datapath.
    public func flows(
        of name: String?, in snapshot: DatapathSnapshot
    ) throws(CommandError) -> [FlowID] {
        let kind = try datapath(named: name)
        return snapshot.flows.filter { owns($0, kind) }.map(\.id)
    }

    /// Forgets a flow whose datapath is to lose it.
    public func forgetMegaflow(_ id: FlowID) { removeMegaflow(id) }
}

extension DatapathFlow {
    /// `packets:0, bytes:0, used:never`.
    public func statisticsText(now: Milliseconds) -> String {
        var format = DatapathFlowFormat()
        format.now = now
        return format.statistics(of: statistics)
    }
}
