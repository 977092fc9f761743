public import Datapath
import FlowModel
import FlowSyntax

/// What `dpctl/add-flow` and `dpctl/mod-flow` put into the datapath.
public struct DatapathFlowRequest {
    let key: FlowKey
    let mask: FlowKey
    let actions: [DatapathAction]
    let isNew: Bool

    /// Does it, on the thread that owns the datapath.
    ///
    /// - Returns: why not, in the words of the genuine switch, or nil.
    public func carryOut(on datapath: UserspaceDatapath) -> String? {
        var existing: FlowID?
        datapath.forEachFlow { flow in
            let (flowKey, flowMask) = (flow.key.expanded, flow.mask.expanded)
            if key & flowMask == flowKey { existing = flow.id }
        }
        do {
            if isNew {
                if existing != nil { return Self.failure("File exists") }
                try datapath.insert(key: key, mask: mask, actions: actions)
            } else {
                guard let existing else { return Self.failure("No such file or directory") }
                try datapath.update(existing, actions)
            }
            return nil
        } catch {
            return Self.failure("Invalid argument")
        }
    }

    private static func failure(_ reason: String) -> String {
        "ovs-vswitchd: updating flow table (\(reason))"
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

    /// `dpctl/add-flow [DP] FLOW ACTIONS`, and `dpctl/mod-flow`.
    public func dpctlFlowRequest(
        _ arguments: [String], isNew: Bool
    ) throws(CommandError) -> DatapathFlowRequest {
        _ = try datapath(named: arguments.count > 2 ? arguments[0] : nil)
        let (text, actions) = (arguments[arguments.count - 2], arguments[arguments.count - 1])
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
            key: match.key, mask: match.mask, actions: parsed, isNew: isNew)
    }

    /// Whether each header is named that the one before it promises.
    private static func hasNeededHeaders(_ text: String) -> Bool {
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

    /// `dpctl/del-flow [DP] FLOW`: the flow that was put in with that key, or `ufid:` of any.
    public func dpctlFlow(
        toDelete arguments: [String], _ snapshot: DatapathSnapshot
    ) throws(CommandError) -> FlowID {
        let kind = try datapath(named: arguments.count > 1 ? arguments[0] : nil)
        let text = arguments[arguments.count - 1]
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
        return found.id
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
