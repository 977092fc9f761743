public import FlowModel

/// Prints datapath actions as `dpctl/dump-flows` and `ofproto/trace` do.
public enum DatapathActionPrinter {
    /// The actions with commas between them, or `drop`.
    public static func text(
        _ actions: [DatapathAction], names: DatapathPortNames = DatapathPortNames()
    ) -> String {
        if actions.isEmpty { return "drop" }
        return actions.map { text($0, names: names) }.joined(separator: ",")
    }

    public static func text(
        _ action: DatapathAction, names: DatapathPortNames = DatapathPortNames()
    ) -> String {
        switch action {
        case .output(let port): return names.text(of: port)
        case .userspace(let action): return "userspace(pid=0,\(text(action)))"
        case .set(let group, let value, let mask):
            let printer = DatapathGroup(
                key: value.expanded, mask: mask.expanded, isVerbose: false)
            return "set(\(group.rawValue)(\(printer.text(group))))"
        case .pushVLAN(let tpid, let tci):
            let type =
                tpid == EtherType.vlan
                ? "" : "tpid=" + FieldText.hexadecimal(tpid, width: 4) + ","
            return "push_vlan(\(type)" + DatapathFlowPrinter.tag(tci, mask: 0xffff) + ")"
        case .popVLAN: return "pop_vlan"
        case .pushMPLS(let label, let type):
            return "push_mpls(label=\(label >> 12),tc=\(label >> 9 & 7),ttl=\(label & 0xff),"
                + "bos=\(label >> 8 & 1),eth_type=" + FieldText.hexadecimal(UInt128(type)) + ")"
        case .popMPLS(let type):
            return "pop_mpls(eth_type=" + FieldText.hexadecimal(UInt128(type)) + ")"
        case .recirculate(let id): return "recirc(" + FieldText.hexadecimal(UInt128(id)) + ")"
        case .truncate(let length): return "trunc(\(length))"
        case .clone(let actions) where actions.count == 2 && actions[0].isMeter:
            // Packets for a controller that a meter limits, as OVS writes it.
            return "sample(sample=100.0%,actions(" + text(actions, names: names) + "))"
        case .clone(let actions): return "clone(" + text(actions, names: names) + ")"
        case .ctClear: return "ct_clear"
        case .hash(let hash): return "hash(\(hash.kind.rawValue)(\(hash.basis)))"
        case .meter(let meter): return "meter(\(meter))"
        }
    }

    private static func text(_ action: UserspaceAction) -> String {
        switch action {
        case .slowPath(let reason): return "slow_path(\(reason.rawValue))"
        case .controller(let upcall):
            let cookie = FieldText.hexadecimal(UInt128(upcall.ruleCookie))
            return "controller(reason=\(upcall.reasonNumber),"
                + "dont_send=\(upcall.isSuppressed ? 1 : 0),"
                + "continuation=\(upcall.isContinuation ? 1 : 0),"
                + "recirc_id=\(upcall.recirculationID),rule_cookie=\(cookie),"
                + "controller_id=\(upcall.controllerID),max_len=\(upcall.maxByteCount))"
        }
    }
}

extension DatapathAction {
    fileprivate var isMeter: Bool { if case .meter = self { true } else { false } }
}
