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
        case .userspace(let action): return "userspace(pid=0,\(text(action, names)))"
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
        case .pushMPLS, .popMPLS, .addMPLS, .pushEthernet, .popEthernet, .pushNSH, .popNSH,
            .pushPBB, .popPBB, .copyTTL:
            return encapsulation(action)
        case .recirculate(let id): return "recirc(" + FieldText.hexadecimal(UInt128(id)) + ")"
        case .truncate(let length): return "trunc(\(length))"
        case .sample(let probability, let actions):
            return "sample(sample=\(share(probability))%,actions("
                + text(actions, names: names) + "))"
        case .checkPacketLength(let size, let larger, let others):
            return "check_pkt_len(size=\(size),gt(" + text(larger, names: names) + "),le("
                + text(others, names: names) + "))"
        case .track(let tracking): return text(tracking)
        case .clone(let actions): return "clone(" + text(actions, names: names) + ")"
        case .ctClear: return "ct_clear"
        case .hash(let hash): return "hash(\(hash.kind.rawValue)(\(hash.basis)))"
        case .meter(let meter): return "meter(\(meter))"
        case .tunnelPush(let push): return TunnelPushText.text(push, names)
        case .tunnelPop(let port): return "tnl_pop(\(names.text(of: port)))"
        }
    }

    private static func encapsulation(_ action: DatapathAction) -> String {
        switch action {
        case .pushMPLS(let label, let type): return "push_mpls(" + text(label, type) + ")"
        case .addMPLS(let label, let type): return "add_mpls(" + text(label, type) + ")"
        case .popMPLS(let type):
            return "pop_mpls(eth_type=" + FieldText.hexadecimal(UInt128(type)) + ")"
        case .pushEthernet(let source, let destination):
            return "push_eth(src=" + FieldText.ethernet(UInt128(source))
                + ",dst=" + FieldText.ethernet(UInt128(destination)) + ")"
        case .popEthernet: return "pop_eth"
        case .pushNSH(let header): return "push_nsh(" + text(header) + ")"
        case .popNSH: return "pop_nsh()"
        case .pushPBB(let tag):
            return "push_pbb(isid=\(tag & 0xff_ffff),uca=\(tag >> 27 & 1),pcp=\(tag >> 29))"
        case .popPBB: return "pop_pbb"
        case .copyTTL(let isOutwards): return isOutwards ? "copy_ttl_out" : "copy_ttl_in"
        default: preconditionFailure("the action puts no header before the packet")
        }
    }

    private static func text(_ entry: UInt32, _ type: UInt16) -> String {
        "label=\(entry >> 12),tc=\(entry >> 9 & 7),ttl=\(entry & 0xff),"
            + "bos=\(entry >> 8 & 1),eth_type=" + FieldText.hexadecimal(UInt128(type))
    }

    private static func text(_ header: NSHHeader) -> String {
        let octets = header.octets
        let first = octets.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let path = octets[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let kind = UInt8(truncatingIfNeeded: first >> 8 & 0xf)
        var text = "flags=\(first >> 28 & 3),ttl=\(first >> 22 & 0x3f),mdtype=\(kind),"
        text += "np=\(first & 0xff),spi=0x" + String(path >> 8, radix: 16) + ",si=\(path & 0xff)"
        let rest = Array(octets[NSHHeader.baseByteCount...])
        guard kind == NSHHeader.fixedMetadata else {
            return rest.isEmpty ? text : text + ",md2=0x" + FieldText.octets(rest, separator: "")
        }
        for (index, start) in stride(from: 0, to: rest.count, by: 4).enumerated() {
            let word = rest[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            text += ",c\(index + 1)=0x" + String(word, radix: 16)
        }
        return text
    }

    /// Per cent with one digit behind the point.
    private static func share(_ probability: UInt32) -> String {
        let tenths = (Double(probability) * 1000 / Double(UInt32.max)).rounded()
        return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
    }

    private static func text(_ tracking: DatapathTracking) -> String {
        var parts: [String] = []
        if tracking.isForced {
            parts.append("force_commit")
        } else if tracking.isCommitted {
            parts.append("commit")
        }
        if tracking.zone != 0 { parts.append("zone=\(tracking.zone)") }
        if tracking.markMask != 0 {
            let mark = FieldText.hexadecimal(UInt128(tracking.mark))
            parts.append("mark=\(mark)/" + FieldText.hexadecimal(UInt128(tracking.markMask)))
        }
        if tracking.labelMask != 0 {
            let isWhole = tracking.labelMask == .max
            let suffix = isWhole ? "" : "/" + FieldText.hexadecimal(tracking.labelMask)
            parts.append("label=" + FieldText.hexadecimal(tracking.label) + suffix)
        }
        if let helper = tracking.helper { parts.append("helper=" + helper) }
        if let translation = tracking.translation {
            parts.append(TrackingText.text(translation))
        }
        return parts.isEmpty ? "ct" : "ct(" + parts.joined(separator: ",") + ")"
    }

    private static func text(_ action: UserspaceAction, _ names: DatapathPortNames) -> String {
        switch action {
        case .flowSample(let sampling, let port):
            let direction =
                switch sampling.direction {
                case .unspecified: ""
                case .ingress: ",ingress"
                case .egress: ",egress"
                }
            return "flow_sample(probability=\(sampling.probability),"
                + "collector_set_id=\(sampling.collectorSet),"
                + "obs_domain_id=\(sampling.observationDomain),"
                + "obs_point_id=\(sampling.observationPoint),"
                + "output_port=" + (port.map { names.text(of: $0) } ?? "4294967295")
                + direction + ")"
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
