import Bytes
import FlowModel

// MARK: - OpenFlow 1.1

extension ActionEncoder {
    /// Appends an action of OpenFlow 1.1, which has setters as 1.0 has them and no `set_field`.
    mutating func encode11(_ action: Action, into writer: inout OctetWriter) {
        if encodeSetter11(action, into: &writer) { return }
        switch action {
        case .setField(let field, let value, let mask):
            let ones = field.location.ones
            guard mask & ones == ones, let setter = Self.setter11(field, value),
                encodeSetter11(setter, into: &writer)
            else { return loads(field, value: value, mask: mask, into: &writer) }
        case .setTunnel: encodeNicira(action, into: &writer)
        case .enqueue(let port, let queue):
            encode11(.setQueue(queue), into: &writer)
            encode11(.output(port, maxByteCount: 0), into: &writer)
            encode11(.popQueue, into: &writer)
        default: encodeStandard(action, into: &writer)
        }
    }

    private static func setter11(_ field: Field, _ value: UInt128) -> Action? {
        switch field {
        case .ipECN: .setIPECN(UInt8(truncatingIfNeeded: value & 3))
        case .ipTTL: .setIPTTL(UInt8(truncatingIfNeeded: value))
        case .mplsLabel: .setMPLSLabel(UInt32(truncatingIfNeeded: value))
        case .mplsTC: .setMPLSTC(UInt8(truncatingIfNeeded: value))
        case .mplsTTL: .setMPLSTTL(UInt8(truncatingIfNeeded: value))
        default: setter10(field, value)
        }
    }

    /// Appends a setter; the answer is whether it was one.
    private mutating func encodeSetter11(_ action: Action, into writer: inout OctetWriter) -> Bool {
        typealias Kind = ActionType
        switch action {
        case .setVLANID(let id):
            pushVLANIfNeeded(into: &writer)
            standard(Kind.setVLANID, into: &writer) { $0.append(id & VLANBits.id) }
        case .setVLANPriority(let priority):
            pushVLANIfNeeded(into: &writer)
            standard(Kind.setVLANPriority, into: &writer) { $0.append(priority) }
        case .setEthernetSource(let address):
            encodeAddress(Kind.setEthernetSource, address, into: &writer)
        case .setEthernetDestination(let address):
            encodeAddress(Kind.setEthernetDestination, address, into: &writer)
        case .setIPv4Source(let address):
            standard(Kind.setIPv4Source, into: &writer) { $0.append(address) }
        case .setIPv4Destination(let address):
            standard(Kind.setIPv4Destination, into: &writer) { $0.append(address) }
        case .setIPDSCP(let dscp): standard(Kind.setTOS, into: &writer) { $0.append(dscp << 2) }
        case .setIPECN(let ecn): standard(Kind.setECN, into: &writer) { $0.append(ecn) }
        case .setTransportSource(let port):
            standard(Kind.setTransportSource, into: &writer) { $0.append(port) }
        case .setTransportDestination(let port):
            standard(Kind.setTransportDestination, into: &writer) { $0.append(port) }
        case .setMPLSLabel(let label):
            standard(Kind.setMPLSLabel, into: &writer) { $0.append(label) }
        case .setMPLSTC(let tc): standard(Kind.setMPLSTC, into: &writer) { $0.append(tc) }
        default: return false
        }
        return true
    }

    private mutating func pushVLANIfNeeded(into writer: inout OctetWriter) {
        guard !hasVLAN else { return }
        encodeStandard(.pushVLAN(EtherType.vlan), into: &writer)
    }
}

// MARK: - OpenFlow 1.5

extension ActionEncoder {
    /// Appends OFPAT_COPY_FIELD (OpenFlow 1.5.1 §7.2.6.8).
    func encodeCopyField(
        _ source: Subfield, _ destination: Subfield, into writer: inout OctetWriter
    ) {
        standard(ActionType.copyField, into: &writer) {
            $0.append(UInt16(source.width))
            $0.append(UInt16(source.offset))
            $0.append(UInt16(destination.offset))
            $0.append(UInt16(0))
            for field in [source.field, destination.field] {
                guard let code = FieldCoding.of(field).oxm(version) else { continue }
                $0.append(code.header)
                if code.isExperimenter { $0.append(code.experimenter) }
            }
        }
    }
}
