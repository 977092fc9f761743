import Bytes
import FlowModel

/// Writes lists of actions and instructions.
///
/// What a version has no action for becomes one of Nicira's, or a pair of others with the same
/// effect, as `ovs-ofctl` does it; what cannot be said at all is left out.
struct ActionEncoder {
    let version: OpenFlowVersion
    /// The IP protocol of the packets, which tells the port fields of OXM apart.
    var ipProtocol: UInt8 = IPProtocol.tcp
    /// Whether packets have a tag by now, so that none is pushed before one is changed.
    var hasVLAN = false

    init(version: OpenFlowVersion) { self.version = version }

    /// For the actions of a rule with this match.
    init(version: OpenFlowVersion, match: Match) {
        self.version = version
        if match.mask.ipProtocol == .max { ipProtocol = match.key.ipProtocol }
        hasVLAN = match.key.vlanTCI & match.mask.vlanTCI & VLANBits.present != 0
    }

    /// Appends what a rule does: actions in OpenFlow 1.0, instructions later.
    mutating func encodeBehavior(_ actions: [Action], into writer: inout OctetWriter) {
        if version == .v10 {
            encodeActions(actions, into: &writer)
        } else {
            encodeInstructions(actions, into: &writer)
        }
    }

    mutating func encodeActions(_ actions: [Action], into writer: inout OctetWriter) {
        for action in actions { encode(action, into: &writer) }
    }

    private mutating func encode(_ action: Action, into writer: inout OctetWriter) {
        switch version {
        case .v10: encode10(action, into: &writer)
        case .v11: encode11(action, into: &writer)
        default: encodeStandard(action, into: &writer)
        }
    }

    /// Appends an action's header, its body and zeros up to a multiple of 8.
    func standard(
        _ type: UInt16, into writer: inout OctetWriter, body: (inout OctetWriter) -> Void
    ) {
        let start = writer.count
        writer.append(type)
        writer.append(UInt16(0))
        body(&writer)
        writer.pad(to: 8, from: start)
        writer.set16(at: start + 2, to: writer.count - start)
    }
}

// MARK: - OpenFlow 1.0

extension ActionEncoder {
    private mutating func encode10(_ action: Action, into writer: inout OctetWriter) {
        typealias Kind = OpenFlow10ActionType
        switch action {
        case .output(let port, let maxByteCount):
            standard(Kind.output, into: &writer) {
                $0.append(port.value)
                $0.append(maxByteCount)
            }
        case .enqueue(let port, let queue):
            standard(Kind.enqueue, into: &writer) {
                $0.append(port.value)
                $0.appendZeros(6)
                $0.append(queue)
            }
        case .setVLANID(let id): standard(Kind.setVLANID, into: &writer) { $0.append(id) }
        case .setVLANPriority(let priority):
            standard(Kind.setVLANPriority, into: &writer) { $0.append(priority) }
        case .popVLAN: standard(Kind.stripVLAN, into: &writer) { $0.appendZeros(4) }
        case .setEthernetSource(let address):
            encodeAddress(Kind.setEthernetSource, address, into: &writer)
        case .setEthernetDestination(let address):
            encodeAddress(Kind.setEthernetDestination, address, into: &writer)
        case .setIPv4Source(let address):
            standard(Kind.setIPv4Source, into: &writer) { $0.append(address) }
        case .setIPv4Destination(let address):
            standard(Kind.setIPv4Destination, into: &writer) { $0.append(address) }
        case .setIPDSCP(let dscp): standard(Kind.setTOS, into: &writer) { $0.append(dscp << 2) }
        case .setTransportSource(let port):
            standard(Kind.setTransportSource, into: &writer) { $0.append(port) }
        case .setTransportDestination(let port):
            standard(Kind.setTransportDestination, into: &writer) { $0.append(port) }
        case .setIPECN(let ecn): load(UInt128(ecn), Subfield(.ipECN), into: &writer)
        case .setIPTTL(let ttl): load(UInt128(ttl), Subfield(.ipTTL), into: &writer)
        case .setField(let field, let value, let mask):
            encodeSetField10(field, value: value, mask: mask, into: &writer)
        case .pushVLAN, .meter, .clearActions, .writeActions:
            break
        default: encodeNicira(action, into: &writer)
        }
    }

    func encodeAddress(
        _ type: UInt16, _ address: UInt64, into writer: inout OctetWriter
    ) {
        standard(type, into: &writer) {
            $0.append(UInt128(address), byteCount: 6)
            $0.appendZeros(6)
        }
    }

    /// `set_field` as one of the setters of 1.0 if there is one, otherwise as loads.
    private mutating func encodeSetField10(
        _ field: Field, value: UInt128, mask: UInt128, into writer: inout OctetWriter
    ) {
        let isWhole = mask & field.location.ones == field.location.ones
        guard isWhole, let setter = Self.setter10(field, value) else {
            return loads(field, value: value, mask: mask, into: &writer)
        }
        encode10(setter, into: &writer)
    }

    static func setter10(_ field: Field, _ value: UInt128) -> Action? {
        let low16 = UInt16(truncatingIfNeeded: value)
        let low8 = UInt8(truncatingIfNeeded: value)
        return switch field {
        case .vlanID, .vlanVID: .setVLANID(low16 & VLANBits.id)
        case .vlanPriority, .vlanPCP: .setVLANPriority(low8 & 7)
        case .ethernetSource: .setEthernetSource(UInt64(truncatingIfNeeded: value))
        case .ethernetDestination: .setEthernetDestination(UInt64(truncatingIfNeeded: value))
        case .ipv4Source: .setIPv4Source(UInt32(truncatingIfNeeded: value))
        case .ipv4Destination: .setIPv4Destination(UInt32(truncatingIfNeeded: value))
        case .ipTOS: .setIPDSCP(low8 >> 2)
        case .ipDSCP: .setIPDSCP(low8 & 0x3f)
        case .tcpSource, .udpSource: .setTransportSource(low16)
        case .tcpDestination, .udpDestination: .setTransportDestination(low16)
        default: nil
        }
    }
}

// MARK: - OpenFlow 1.2 and later

extension ActionEncoder {
    mutating func encodeStandard(_ action: Action, into writer: inout OctetWriter) {
        typealias Kind = ActionType
        switch action {
        case .output(let port, let maxByteCount):
            standard(Kind.output, into: &writer) {
                $0.append(port.wide)
                $0.append(maxByteCount)
                $0.appendZeros(6)
            }
        case .enqueue(let port, let queue):
            encodeStandard(.setQueue(queue), into: &writer)
            encodeStandard(.output(port, maxByteCount: 0), into: &writer)
            encodeStandard(.popQueue, into: &writer)
        case .popVLAN:
            hasVLAN = false
            standard(Kind.popVLAN, into: &writer) { $0.appendZeros(4) }
        case .pushVLAN(let type):
            hasVLAN = true
            standard(Kind.pushVLAN, into: &writer) { $0.append(type) }
        case .pushMPLS(let type): standard(Kind.pushMPLS, into: &writer) { $0.append(type) }
        case .popMPLS(let type): standard(Kind.popMPLS, into: &writer) { $0.append(type) }
        case .copyTTLOut: standard(Kind.copyTTLOut, into: &writer) { $0.appendZeros(4) }
        case .copyTTLIn: standard(Kind.copyTTLIn, into: &writer) { $0.appendZeros(4) }
        case .pushPBB(let type): standard(Kind.pushPBB, into: &writer) { $0.append(type) }
        case .popPBB: standard(Kind.popPBB, into: &writer) { $0.appendZeros(4) }
        case .setMPLSTTL(let ttl): standard(Kind.setMPLSTTL, into: &writer) { $0.append(ttl) }
        case .decrementMPLSTTL:
            standard(Kind.decrementMPLSTTL, into: &writer) { $0.appendZeros(4) }
        case .setQueue(let queue): standard(Kind.setQueue, into: &writer) { $0.append(queue) }
        case .group(let group): standard(Kind.group, into: &writer) { $0.append(group) }
        case .setIPTTL(let ttl): standard(Kind.setIPTTL, into: &writer) { $0.append(ttl) }
        case .decrementTTL(let controllers) where controllers == [0]:
            standard(Kind.decrementIPTTL, into: &writer) { $0.appendZeros(4) }
        case .meter(let meter) where version >= .v15:
            standard(Kind.meter, into: &writer) { $0.append(meter) }
        case .load(let value, let destination) where version >= .v15:
            let shift = UInt128(destination.offset)
            let ones: UInt128 =
                destination.width == 128 ? .max : 1 << UInt128(destination.width) - 1
            encodeSetField(
                destination.field, value: UInt128(value) << shift, mask: ones << shift,
                into: &writer)
        case .move(let source, let destination) where version >= .v15:
            encodeCopyField(source, destination, into: &writer)
        case .setField(let field, let value, let mask):
            encodeSetField(field, value: value, mask: mask, into: &writer)
        default:
            if let (field, value) = fieldSet(by: action) {
                pushVLANIfNeeded(for: field, into: &writer)
                encodeSetField(field, value: value, mask: .max, into: &writer)
            } else {
                encodeNicira(action, into: &writer)
            }
        }
    }

    private mutating func pushVLANIfNeeded(for field: Field, into writer: inout OctetWriter) {
        guard field == .vlanVID || field == .vlanPCP, !hasVLAN else { return }
        encodeStandard(.pushVLAN(EtherType.vlan), into: &writer)
    }

    /// The field that one of the setters of 1.0 writes.
    private func fieldSet(by action: Action) -> (Field, UInt128)? {
        let isUDP = ipProtocol == IPProtocol.udp
        let isSCTP = ipProtocol == IPProtocol.sctp
        return switch action {
        case .setVLANID(let id): (.vlanVID, UInt128(id & VLANBits.id | VLANBits.present))
        case .setVLANPriority(let priority): (.vlanPCP, UInt128(priority))
        case .setEthernetSource(let address): (.ethernetSource, UInt128(address))
        case .setEthernetDestination(let address): (.ethernetDestination, UInt128(address))
        case .setIPv4Source(let address): (.ipv4Source, UInt128(address))
        case .setIPv4Destination(let address): (.ipv4Destination, UInt128(address))
        case .setIPDSCP(let dscp): (.ipDSCP, UInt128(dscp))
        case .setIPECN(let ecn): (.ipECN, UInt128(ecn))
        case .setTransportSource(let port):
            (isUDP ? .udpSource : isSCTP ? .sctpSource : .tcpSource, UInt128(port))
        case .setTransportDestination(let port):
            (
                isUDP ? .udpDestination : isSCTP ? .sctpDestination : .tcpDestination,
                UInt128(port)
            )
        case .setMPLSLabel(let label): (.mplsLabel, UInt128(label))
        case .setMPLSTC(let tc): (.mplsTC, UInt128(tc))
        case .setTunnel(let id, _): (.tunnelID, UInt128(id))
        default: nil
        }
    }

    private mutating func encodeSetField(
        _ field: Field, value: UInt128, mask: UInt128, into writer: inout OctetWriter
    ) {
        let coding = FieldCoding.of(field)
        let ones = coding.location.ones
        guard let code = coding.oxm(version) else {
            // `set_field:...->dl_vlan` and the like have names of 1.0 only.
            if let setter = Self.setter10(field, value) { encodeStandard(setter, into: &writer) }
            return
        }
        guard mask & ones == ones || version >= .v15 else {
            return loads(field, value: value, mask: mask, into: &writer)
        }
        let isWhole = mask & ones == ones
        standard(ActionType.setField, into: &writer) {
            coding.append(code, value, mask: isWhole ? nil : mask & ones, into: &$0)
        }
    }
}

// MARK: - Instructions

extension ActionEncoder {
    private mutating func encodeInstructions(
        _ actions: [Action], into writer: inout OctetWriter
    ) {
        var openApply: Int?
        func closeApply(_ writer: inout OctetWriter) {
            if let start = openApply {
                writer.set16(at: start + 2, to: writer.count - start)
                openApply = nil
            }
        }
        for action in actions {
            if isInstruction(action) {
                closeApply(&writer)
                encodeInstruction(action, into: &writer)
                continue
            }
            if openApply == nil {
                openApply = writer.count
                writer.append(InstructionType.applyActions)
                writer.appendZeros(6)
            }
            encode(action, into: &writer)
        }
        closeApply(&writer)
    }

    private func isInstruction(_ action: Action) -> Bool {
        switch action {
        case .gotoTable, .writeMetadata, .clearActions, .writeActions: true
        case .meter: version < .v15
        default: false
        }
    }

    private func encodeInstruction(_ action: Action, into writer: inout OctetWriter) {
        typealias Kind = InstructionType
        switch action {
        case .gotoTable(let table):
            standard(Kind.gotoTable, into: &writer) { $0.append(table) }
        case .writeMetadata(let value, let mask):
            standard(Kind.writeMetadata, into: &writer) {
                $0.appendZeros(4)
                $0.append(value)
                $0.append(mask)
            }
        case .clearActions:
            standard(Kind.clearActions, into: &writer) { $0.appendZeros(4) }
        case .writeActions(let actions) where actions.isEmpty: break
        case .writeActions(let actions):
            var inner = self
            standard(Kind.writeActions, into: &writer) {
                $0.appendZeros(4)
                inner.encodeActions(actions, into: &$0)
            }
        case .meter(let meter):
            standard(Kind.meter, into: &writer) { $0.append(meter) }
        default: break
        }
    }
}
