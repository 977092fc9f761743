import Bytes
import FlowModel

extension ActionEncoder {
    /// Appends one of Nicira's actions.
    private func nicira(
        _ type: UInt16, into writer: inout OctetWriter, body: (inout OctetWriter) -> Void
    ) {
        standard(ActionType.experimenter, into: &writer) {
            $0.append(ExperimenterID.nicira)
            $0.append(type)
            body(&$0)
        }
    }

    /// Appends `action` in the form that needs no version.
    mutating func encodeNicira(_ action: Action, into writer: inout OctetWriter) {
        if encodePacketAction(action, into: &writer) { return }
        if encodeFieldAction(action, into: &writer) { return }
        encodeControlAction(action, into: &writer)
    }

    /// Actions on MPLS, TTL, tunnel and queue.
    private func encodePacketAction(_ action: Action, into writer: inout OctetWriter) -> Bool {
        typealias Kind = NiciraActionType
        switch action {
        case .setTunnel(let id, isWide: false):
            nicira(Kind.setTunnel, into: &writer) {
                $0.appendZeros(2)
                $0.append(UInt32(truncatingIfNeeded: id))
            }
        case .setTunnel(let id, isWide: true):
            nicira(Kind.setTunnel64, into: &writer) {
                $0.appendZeros(6)
                $0.append(id)
            }
        case .setQueue(let queue):
            nicira(Kind.setQueue, into: &writer) {
                $0.appendZeros(2)
                $0.append(queue)
            }
        case .popQueue: nicira(Kind.popQueue, into: &writer) { _ in }
        case .decrementTTL(let controllers):
            guard controllers != [0] else {
                nicira(Kind.decrementTTL, into: &writer) { _ in }
                return true
            }
            nicira(Kind.decrementTTLWithControllers, into: &writer) {
                $0.append(UInt16(controllers.count))
                $0.appendZeros(4)
                for controller in controllers { $0.append(controller) }
            }
        case .pushMPLS(let type): nicira(Kind.pushMPLS, into: &writer) { $0.append(type) }
        case .popMPLS(let type): nicira(Kind.popMPLS, into: &writer) { $0.append(type) }
        case .setMPLSTTL(let ttl): nicira(Kind.setMPLSTTL, into: &writer) { $0.append(ttl) }
        case .decrementMPLSTTL: nicira(Kind.decrementMPLSTTL, into: &writer) { _ in }
        case .setMPLSLabel(let label):
            nicira(Kind.setMPLSLabel, into: &writer) {
                $0.appendZeros(2)
                $0.append(label)
            }
        case .setMPLSTC(let tc): nicira(Kind.setMPLSTC, into: &writer) { $0.append(tc) }
        case .ctClear: nicira(Kind.ctClear, into: &writer) { _ in }
        default: return false
        }
        return true
    }

    /// Actions on fields.
    private func encodeFieldAction(_ action: Action, into writer: inout OctetWriter) -> Bool {
        typealias Kind = NiciraActionType
        switch action {
        case .move(let source, let destination):
            nicira(Kind.move, into: &writer) {
                $0.append(UInt16(source.width))
                $0.append(UInt16(source.offset))
                $0.append(UInt16(destination.offset))
                $0.append(headerOf: source.field)
                $0.append(headerOf: destination.field)
            }
        case .load(let value, let destination):
            load(UInt128(value), destination, into: &writer)
        case .push(let subfield): encodeStack(Kind.push, subfield, into: &writer)
        case .pop(let subfield): encodeStack(Kind.pop, subfield, into: &writer)
        case .writeMetadata(let value, let mask):
            nicira(Kind.writeMetadata, into: &writer) {
                $0.appendZeros(6)
                $0.append(value)
                $0.append(mask)
            }
        case .outputField(let source, let maxByteCount):
            encodeOutputField(source, maxByteCount, into: &writer)
        default: return false
        }
        return true
    }

    private func encodeOutputField(
        _ source: Subfield, _ maxByteCount: UInt16, into writer: inout OctetWriter
    ) {
        guard FieldCoding.of(source.field).nxm?.isExperimenter == true else {
            return nicira(NiciraActionType.outputField, into: &writer) {
                $0.append(source.packed)
                $0.append(headerOf: source.field)
                $0.append(maxByteCount)
                $0.appendZeros(6)
            }
        }
        nicira(NiciraActionType.outputField2, into: &writer) {
            $0.append(source.packed)
            $0.append(maxByteCount)
            $0.append(headerOf: source.field)
        }
    }

    private func encodeStack(
        _ type: UInt16, _ subfield: Subfield, into writer: inout OctetWriter
    ) {
        nicira(type, into: &writer) {
            $0.append(UInt16(subfield.offset))
            $0.append(headerOf: subfield.field)
            $0.append(UInt16(subfield.width))
        }
    }

    /// Writes up to 64 bits of a field.
    func load(_ value: UInt128, _ destination: Subfield, into writer: inout OctetWriter) {
        guard let code = FieldCoding.of(destination.field).nxm else { return }
        guard !code.isExperimenter && destination.field.tunnelOption == nil else {
            return load2(
                destination.field, value << UInt128(destination.offset),
                mask: Self.ones(destination.width) << UInt128(destination.offset), into: &writer)
        }
        nicira(NiciraActionType.load, into: &writer) {
            $0.append(destination.packed)
            $0.append(code.header)
            $0.append(UInt64(truncatingIfNeeded: value))
        }
    }

    private func load2(
        _ field: Field, _ value: UInt128, mask: UInt128, into writer: inout OctetWriter
    ) {
        let coding = FieldCoding.of(field)
        guard let code = coding.nxm else { return }
        let isWhole = mask == coding.location.ones
        nicira(NiciraActionType.load2, into: &writer) {
            coding.append(code, value, mask: isWhole ? nil : mask, into: &$0)
        }
    }

    private static func ones(_ width: Int) -> UInt128 {
        width >= 128 ? .max : 1 << UInt128(width) - 1
    }

    /// Writes `value` under `mask` as one load for each run of bits, at most 64 bits each.
    func loads(
        _ field: Field, value: UInt128, mask: UInt128, into writer: inout OctetWriter
    ) {
        guard field.tunnelOption == nil else {
            return load2(field, value, mask: mask, into: &writer)
        }
        var rest = mask & FieldCoding.of(field).location.ones
        while rest != 0 {
            let offset = rest.trailingZeroBitCount
            let run = min((~(rest >> UInt128(offset))).trailingZeroBitCount, 64)
            let bits = value >> UInt128(offset) & Self.ones(run)
            load(bits, Subfield(field: field, offset: offset, width: run), into: &writer)
            rest &= ~(Self.ones(run) << UInt128(offset))
        }
    }

    /// Actions that steer the pipeline.
    private mutating func encodeControlAction(_ action: Action, into writer: inout OctetWriter) {
        typealias Kind = NiciraActionType
        switch action {
        case .resubmit(let resubmit): encode(resubmit, into: &writer)
        case .gotoTable(let table): encode(Resubmit(table: table), into: &writer)
        case .note(let octets):
            nicira(Kind.note, into: &writer) { $0.append(contentsOf: octets) }
        case .exit: nicira(Kind.exit, into: &writer) { _ in }
        case .learn(let learn):
            let type = learn.needsExtendedForm ? Kind.learn2 : Kind.learn
            nicira(type, into: &writer) { learn.encode(into: &$0) }
        case .finTimeout(let idle, let hard):
            nicira(Kind.finTimeout, into: &writer) {
                $0.append(idle)
                $0.append(hard)
            }
        case .controller(let controller): encode(controller, into: &writer)
        case .conjunction(let id, let clause, let count):
            nicira(Kind.conjunction, into: &writer) {
                $0.append(clause)
                $0.append(count)
                $0.append(id)
            }
        case .outputTruncated(let port, let maxByteCount):
            nicira(Kind.outputTruncated, into: &writer) {
                $0.append(port.value)
                $0.append(maxByteCount)
            }
        case .group(let group):
            nicira(Kind.group, into: &writer) {
                $0.appendZeros(2)
                $0.append(group)
            }
        case .clone(let actions):
            var inner = self
            nicira(Kind.clone, into: &writer) {
                $0.appendZeros(6)
                inner.encodeActions(actions, into: &$0)
            }
        default: encodeLaterAction(action, into: &writer)
        }
    }

    /// Connection tracking, the selection of links, and headers that OpenFlow does not know.
    private mutating func encodeLaterAction(_ action: Action, into writer: inout OctetWriter) {
        typealias Kind = NiciraActionType
        switch action {
        case .ct(let track):
            var inner = self
            nicira(Kind.ct, into: &writer) {
                track.encodeHeader(into: &$0)
                inner.encodeActions(track.actions, into: &$0)
            }
        case .nat(let translation):
            nicira(Kind.nat, into: &writer) { translation.encode(into: &$0) }
        case .bundle(let bundle):
            let type = bundle.destination == nil ? Kind.bundle : Kind.bundleLoad
            nicira(type, into: &writer) { bundle.encode(into: &$0) }
        case .multipath(let multipath):
            nicira(Kind.multipath, into: &writer) { multipath.encode(into: &$0) }
        case .sample(let sampling):
            nicira(sampling.niciraType, into: &writer) { sampling.encode(into: &$0) }
        case .checkPacketLarger(let byteCount, let destination):
            nicira(Kind.checkPacketLarger, into: &writer) {
                $0.append(byteCount)
                $0.append(UInt16(destination.offset))
                $0.append(headerOf: destination.field)
            }
        case .deleteTunnelMetadata(let index):
            // The header counts as one of 16 octets, whatever is behind it.
            nicira(Kind.deleteField, into: &writer) {
                $0.append(TunnelMetadataHeader.header(index))
                $0.appendZeros(10)
            }
        case .encap(let encapsulation):
            nicira(Kind.encap, into: &writer) { encapsulation.encode(into: &$0) }
        case .decap(let packetType):
            nicira(Kind.decap, into: &writer) {
                $0.appendZeros(2)
                $0.append(packetType)
            }
        case .decrementNSHTTL: nicira(Kind.decrementNSHTTL, into: &writer) { _ in }
        default: break
        }
    }

    private func encode(_ resubmit: Resubmit, into writer: inout OctetWriter) {
        typealias Kind = NiciraActionType
        let type = resubmit.usesOriginalTuple ? Kind.resubmitTableCT : Kind.resubmitTable
        nicira(type, into: &writer) {
            $0.append((resubmit.port ?? .inPort).value)
            $0.append(resubmit.table ?? 0xff)
        }
    }

    private func encode(_ controller: ControllerAction, into writer: inout OctetWriter) {
        let needsProperties =
            !controller.userdata.isEmpty || controller.isPaused || controller.meter != nil
        guard needsProperties else {
            return nicira(NiciraActionType.controller, into: &writer) {
                $0.append(controller.maxByteCount)
                $0.append(controller.controllerID)
                $0.append(controller.reason.rawValue)
            }
        }
        nicira(NiciraActionType.controller2, into: &writer) {
            $0.appendZeros(6)
            if controller.maxByteCount != .max {
                property(ControllerProperty.maxByteCount, into: &$0) {
                    $0.append(controller.maxByteCount)
                    $0.appendZeros(2)
                }
            }
            if controller.controllerID != 0 {
                property(ControllerProperty.controllerID, into: &$0) {
                    $0.append(controller.controllerID)
                    $0.appendZeros(2)
                }
            }
            if controller.reason != .action {
                property(ControllerProperty.reason, into: &$0) {
                    $0.append(controller.reason.rawValue)
                }
            }
            if !controller.userdata.isEmpty {
                property(ControllerProperty.userdata, into: &$0) {
                    $0.append(contentsOf: controller.userdata)
                }
            }
            if controller.isPaused { property(ControllerProperty.pause, into: &$0) { _ in } }
            if let meter = controller.meter {
                property(ControllerProperty.meter, into: &$0) { $0.append(meter) }
            }
        }
    }

    /// Appends a property, whose length leaves out the zeros that fill it up.
    private func property(
        _ type: UInt16, into writer: inout OctetWriter, body: (inout OctetWriter) -> Void
    ) {
        let start = writer.count
        writer.append(type)
        writer.append(UInt16(0))
        body(&writer)
        writer.set16(at: start + 2, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }
}
