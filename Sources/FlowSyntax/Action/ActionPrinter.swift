public import FlowModel

/// Prints lists of actions as `ovs-ofctl` does.
public enum ActionPrinter {
    /// The actions with commas between them, or `drop`.
    public static func text(_ actions: [Action], names: FlowNames = FlowNames()) -> String {
        if actions.isEmpty { return "drop" }
        var text = ""
        for action in actions {
            if !text.isEmpty { text += "," }
            text += self.text(action, names: names)
        }
        return text
    }

    public static func text(_ action: Action, names: FlowNames = FlowNames()) -> String {
        switch action {
        case .output(let port, let length): return output(port, length, names)
        case .outputField(let source, _): return "output:" + SubfieldText.text(source)
        case .outputTruncated(let port, let length):
            return "output(port=\(names.text(of: port)),max_len=\(length))"
        case .controller(let controller): return text(controller)
        case .enqueue(let port, let queue): return "enqueue:\(names.text(of: port)):\(queue)"
        case .resubmit(let resubmit): return text(resubmit, names)
        case .gotoTable(let table): return "goto_table:" + names.text(ofTable: table)
        case .writeMetadata(let value, let mask):
            let suffix = mask == .max ? "" : "/" + hexadecimal(mask)
            return "write_metadata:" + hexadecimal(value) + suffix
        case .clearActions: return "clear_actions"
        case .writeActions(let actions):
            return "write_actions(" + text(actions, names: names) + ")"
        case .meter(let meter): return "meter:\(meter)"
        case .group(let group): return "group:\(group)"
        case .note(let octets): return "note:" + FieldText.octets(octets, separator: ".")
        case .exit: return "exit"
        case .learn(let learn): return "learn(" + LearnText.text(learn, names: names) + ")"
        case .conjunction(let id, let clause, let count):
            return "conjunction(\(id),\(Int(clause) + 1)/\(count))"
        case .clone(let actions): return "clone(" + text(actions, names: names) + ")"
        case .ctClear: return "ct_clear"
        case .finTimeout(let idle, let hard):
            var parts: [String] = []
            if idle != 0 { parts.append("idle_timeout=\(idle)") }
            if hard != 0 { parts.append("hard_timeout=\(hard)") }
            return "fin_timeout(" + parts.joined(separator: ",") + ")"
        default:
            return header(action) ?? field(action, names) ?? extended(action, names) ?? ""
        }
    }

    /// The action's name alone, as error messages have it.
    static func name(_ action: Action) -> String {
        switch action {
        case .output: return "output"
        case .controller: return "controller"
        case .load: return "set_field"
        case .outputField: return "output_reg"
        case .outputTruncated: return "output_trunc"
        default:
            let text = text(action)
            return String(text.prefix { $0 != ":" && $0 != "(" })
        }
    }

    /// Connection tracking, the selection of links, and headers that OpenFlow does not know.
    private static func extended(_ action: Action, _ names: FlowNames) -> String? {
        switch action {
        case .ct(let track): return TrackingText.text(track, names: names)
        case .nat(let translation): return TrackingText.text(translation)
        case .bundle(let bundle): return SelectionText.text(bundle, names: names)
        case .multipath(let multipath): return SelectionText.text(multipath)
        case .sample(let sampling): return EncapsulationText.text(sampling, names: names)
        case .checkPacketLarger(let length, let destination):
            return "check_pkt_larger(\(length))->" + SubfieldText.text(destination)
        case .deleteTunnelMetadata(let index): return "delete_field:tun_metadata\(index)"
        case .encap(let encapsulation): return EncapsulationText.text(encapsulation)
        case .decap(let packetType): return EncapsulationText.text(decap: packetType)
        case .decrementNSHTTL: return "dec_nsh_ttl"
        case .copyTTLOut: return "copy_ttl_out"
        case .copyTTLIn: return "copy_ttl_in"
        case .pushPBB(let type): return "push_pbb:" + FieldText.hexadecimal(type, width: 4)
        case .popPBB: return "pop_pbb"
        default: return nil
        }
    }

    /// The setters of OpenFlow 1.0 and 1.1, tags and TTLs.
    private static func header(_ action: Action) -> String? {
        switch action {
        case .setVLANID(let id): return "mod_vlan_vid:\(id)"
        case .setVLANPriority(let priority): return "mod_vlan_pcp:\(priority)"
        case .setEthernetSource(let address):
            return "mod_dl_src:" + FieldText.ethernet(UInt128(address))
        case .setEthernetDestination(let address):
            return "mod_dl_dst:" + FieldText.ethernet(UInt128(address))
        case .setIPv4Source(let address): return "mod_nw_src:" + FieldText.ipv4(UInt128(address))
        case .setIPv4Destination(let address):
            return "mod_nw_dst:" + FieldText.ipv4(UInt128(address))
        case .setIPDSCP(let dscp): return "mod_nw_tos:\(dscp << 2)"
        case .setIPECN(let ecn): return "mod_nw_ecn:\(ecn)"
        case .setIPTTL(let ttl): return "mod_nw_ttl:\(ttl)"
        case .setTransportSource(let port): return "mod_tp_src:\(port)"
        case .setTransportDestination(let port): return "mod_tp_dst:\(port)"
        case .popVLAN(let isStrip): return isStrip ? "strip_vlan" : "pop_vlan"
        case .pushVLAN(let type): return "push_vlan:" + FieldText.hexadecimal(type, width: 4)
        case .pushMPLS(let type): return "push_mpls:" + FieldText.hexadecimal(type, width: 4)
        case .popMPLS(let type): return "pop_mpls:" + FieldText.hexadecimal(type, width: 4)
        case .setMPLSLabel(let label): return "set_mpls_label(\(label))"
        case .setMPLSTC(let tc): return "set_mpls_tc(\(tc))"
        case .setMPLSTTL(let ttl): return "set_mpls_ttl(\(ttl))"
        case .decrementMPLSTTL: return "dec_mpls_ttl"
        case .decrementTTL(let controllers):
            if controllers.isEmpty || controllers == [0] { return "dec_ttl" }
            return "dec_ttl(" + controllers.map { String($0) }.joined(separator: ",") + ")"
        default: return nil
        }
    }

    /// Actions on fields of any kind, queues and tunnels.
    private static func field(_ action: Action, _ names: FlowNames) -> String? {
        switch action {
        case .setField(let field, let value, let mask):
            let row = field.descriptor
            let text = FieldText.text(row, value, mask: mask, names: names)
            return "set_field:" + text + "->" + row.name
        case .load(let value, let destination):
            return "load:" + hexadecimal(value) + "->" + SubfieldText.text(destination)
        case .move(let source, let destination):
            return "move:" + SubfieldText.text(source) + "->" + SubfieldText.text(destination)
        case .push(let source): return "push:" + SubfieldText.text(source)
        case .pop(let destination): return "pop:" + SubfieldText.text(destination)
        case .setTunnel(let id, let isWide):
            return (isWide ? "set_tunnel64:" : "set_tunnel:") + hexadecimal(id)
        case .setQueue(let queue): return "set_queue:\(queue)"
        case .popQueue: return "pop_queue"
        default: return nil
        }
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        FieldText.hexadecimal(UInt128(value))
    }

    private static func output(
        _ port: PortNumber, _ length: UInt16, _ names: FlowNames
    ) -> String {
        if port == .controller { return "CONTROLLER:\(length)" }
        let text = names.text(of: port)
        return port.isReserved ? text : "output:" + text
    }

    private static func text(_ resubmit: Resubmit, _ names: FlowNames) -> String {
        guard let table = resubmit.table else {
            return "resubmit:" + names.text(of: resubmit.port ?? .inPort)
        }
        let port = resubmit.port.map { $0 == .inPort ? "" : names.text(of: $0) } ?? ""
        let tracking = resubmit.usesOriginalTuple ? ",ct" : ""
        return "resubmit(\(port),\(names.text(ofTable: table))\(tracking))"
    }

    private static func text(_ controller: ControllerAction) -> String {
        if controller == ControllerAction(maxByteCount: controller.maxByteCount) {
            return "CONTROLLER:\(controller.maxByteCount)"
        }
        var parts: [String] = []
        if controller.reason != .action { parts.append("reason=" + controller.reason.name) }
        if controller.maxByteCount != .max { parts.append("max_len=\(controller.maxByteCount)") }
        if controller.controllerID != 0 { parts.append("id=\(controller.controllerID)") }
        if !controller.userdata.isEmpty {
            parts.append("userdata=" + FieldText.octets(controller.userdata, separator: "."))
        }
        if controller.isPaused { parts.append("pause") }
        if let meter = controller.meter { parts.append("meter_id=\(meter)") }
        return "controller(" + parts.joined(separator: ",") + ")"
    }
}
