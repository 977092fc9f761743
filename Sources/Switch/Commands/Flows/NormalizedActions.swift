import FlowModel
import FlowSyntax

/// The actions of a datapath flow, sorted by the tags and the label that the packet has at each
/// (`dpctl/normalize-actions`): two lists with the same outcome give the same text, however they
/// push and pop on the way.
struct NormalizedActions {
    /// A packet's tags and outermost label as an action meets it.
    private struct Headers: Equatable {
        /// Outermost first, each with its type before it.
        var tags: [UInt32]
        /// Outermost first.
        var labels: [UInt32]
    }

    private var headers: Headers
    private var groups: [(headers: Headers, actions: [DatapathAction])] = []

    /// - Parameter key: what is known of the packet before the first action.
    init(_ key: FlowKey, _ actions: [DatapathAction]) {
        let vlan = key.words[KeyWord.vlan]
        var tags = [UInt32(vlan >> 32), UInt32(truncatingIfNeeded: vlan)]
        tags.removeAll { $0 & UInt32(VLANBits.present) == 0 }
        let label = UInt32(truncatingIfNeeded: key.words[KeyWord.mpls] >> 32)
        headers = Headers(tags: tags, labels: EtherType.isMPLS(key.etherType) ? [label] : [])
        for action in actions { add(action) }
        if groups.isEmpty { groups.append((headers, [])) }
    }

    private mutating func add(_ action: DatapathAction) {
        switch action {
        case .pushVLAN(let type, let tag):
            headers.tags.insert(UInt32(type) << 16 | UInt32(tag), at: 0)
        case .popVLAN: if !headers.tags.isEmpty { headers.tags.removeFirst() }
        case .pushMPLS(let label, _), .addMPLS(let label, _): headers.labels.insert(label, at: 0)
        case .popMPLS: if !headers.labels.isEmpty { headers.labels.removeFirst() }
        default:
            guard let index = groups.firstIndex(where: { $0.headers == headers }) else {
                groups.append((headers, [action]))
                return
            }
            groups[index].actions.append(action)
        }
    }

    /// The groups in the order of their headers, one behind the other as Open vSwitch has them.
    func text(_ names: DatapathPortNames) -> String {
        groups.sorted { left, right in
            let (first, second) = (left.headers, right.headers)
            if first.tags != second.tags {
                return first.tags.lexicographicallyPrecedes(second.tags)
            }
            return first.labels.lexicographicallyPrecedes(second.labels)
        }.map { group in
            let tags = group.headers.tags.map { "vlan(\(Self.text(ofTag: $0))): " }.joined()
            let label = group.headers.labels.first.map { "mpls(\(Self.text(ofLabel: $0))): " }
            return (tags.isEmpty ? "no vlan: " : tags) + (label ?? "no mpls: ")
                + DatapathActionPrinter.text(group.actions, names: names)
        }.joined()
    }

    private static func text(ofTag tag: UInt32) -> String {
        let type = UInt16(tag >> 16)
        let (vid, priority) = (tag & UInt32(VLANBits.id), tag >> 13 & 7)
        let isUsual = type == EtherType.vlan || type == 0
        let prefix = isUsual ? "" : "tpid=0x\(String(type, radix: 16)),"
        return "\(prefix)vid=\(vid),pcp=\(priority)"
    }

    /// Label, traffic class and TTL of a label stack entry (RFC 3032 §2.1).
    private static func text(ofLabel entry: UInt32) -> String {
        "label=\(entry >> 12),tc=\(entry >> 9 & 7),ttl=\(entry & 0xff)"
    }
}

extension VirtualSwitch {
    /// `dpctl/normalize-actions FLOW ACTIONS`.
    public func dpctlNormalizeActions(_ arguments: [String]) throws(CommandError) -> String {
        let (flow, list) = (arguments[0], arguments[1])
        let match: Match
        do throws(SyntaxError) {
            match = try DatapathFlowParser.parse(flow, names: datapathPortNames)
        } catch {
            throw CommandError(
                "ovs-vswitchd: odp_flow_key_from_string (\(error.message)) (Invalid argument)")
        }
        let text = "input flow: " + Self.plainText(of: match, flow) + "\n"
        let actions: [DatapathAction]
        do throws(SyntaxError) {
            actions = try DatapathActionParser.parse(list)
        } catch {
            throw CommandError(
                text + "ovs-vswitchd: odp_actions_from_string (Invalid argument)")
        }
        guard Self.hasNeededHeaders(flow) else {
            throw CommandError(
                text + "ovs-vswitchd: odp_flow_key_to_flow failed (reason unknown) "
                    + "(No such file or directory)")
        }
        return text + NormalizedActions(match.key, actions).text(DatapathPortNames()) + "\n"
    }

    /// The flow as the datapath prints it, without what the text does not name.
    private static func plainText(of match: Match, _ flow: String) -> String {
        var text = DatapathFlowPrinter.text(match.key, mask: match.mask)
        for part in ["recirc_id(0),", "packet_type(ns=0,id=0),", ",eth_type(0/0xffff)"] {
            let name = part.drop { $0 == "," }.prefix { $0 != "(" }
            guard !flow.contains(name), let range = text.firstRange(of: part) else {
                continue
            }
            text.removeSubrange(range)
        }
        return text
    }
}
