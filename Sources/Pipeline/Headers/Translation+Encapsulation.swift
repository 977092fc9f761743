import FlowModel

/// A header that is before the packet already for the pipeline, and not yet in the datapath.
enum PendingHeader {
    case ethernet
    /// With metadata of MD type 2.
    case nsh([UInt8])
    case mpls
}

/// `encap`, `decap` and what there is to do with NSH (ovs-actions(7); RFC 8300).
extension Translation {
    /// The TTL and the service index of a new header, as OVS.
    private static var firstTTL: UInt64 { 63 }
    private static var firstServiceIndex: UInt64 { 255 }
    /// Octets of variable-length metadata, as OVS.
    private static var maximumMetadataByteCount: Int { 248 }

    var packetType: UInt32 {
        get { UInt32(truncatingIfNeeded: key.words[KeyWord.packetType] >> 32) }
        set { key[.packetType] = UInt128(newValue) }
    }

    // MARK: Encap

    func encapsulate(_ encapsulation: Encapsulation) {
        // What is still to be done to the packet comes before it is hidden.
        commit()
        switch encapsulation.packetType {
        case PacketType.ethernet: addEthernet()
        case PacketType.nsh: addNSH(encapsulation.properties)
        case PacketType.mpls, PacketType.mplsMulticast: addLabel(encapsulation.packetType)
        default: refusePacketType("encap() unsupported packet type")
        }
    }

    private var packetTypeText: String {
        "(\(packetType >> 16),0x" + String(packetType & 0xffff, radix: 16) + ")"
    }

    private func refusePacketType(_ text: String) {
        error = error ?? .unsupportedPacketType
        trace.add(.action, text)
    }

    private func addEthernet() {
        consult(Field.packetType.location)
        guard packetType >> 16 == 1 else {
            return refusePacketType(
                "Dropping packet as encap(ethernet) is not supported for packet type ethernet.")
        }
        key.etherType = UInt16(truncatingIfNeeded: packetType)
        packetType = PacketType.ethernet
        key.ethernetSource = 0
        key.ethernetDestination = 0
        pendingHeader = .ethernet
    }

    private func addNSH(_ properties: [Encapsulation.Property]) {
        guard let next = NSHHeader.nextProtocol(for: packetType) else {
            return refusePacketType(
                "Dropping packet as encap(nsh) is not supported for packet type \(packetTypeText)")
        }
        consult(Field.packetType.location)
        var kind = NSHHeader.fixedMetadata
        var metadata: [UInt8] = []
        for property in properties {
            switch property {
            case .nshMetadataType(let type): kind = type
            case .nshMetadata(let metadataClass, let type, let value):
                metadata += [
                    UInt8(metadataClass >> 8), UInt8(truncatingIfNeeded: metadataClass), type,
                    UInt8(value.count),
                ]
                metadata += value + [UInt8](repeating: 0, count: -value.count & 3)
            }
        }
        let isKept =
            kind == NSHHeader.variableMetadata
            && metadata.count <= Self.maximumMetadataByteCount
        for index in KeyWord.ethernetDestination..<KeyWord.count { key.words[index] = 0 }
        packetType = PacketType.nsh
        key.etherType = EtherType.nsh
        key.words[KeyWord.nsh] =
            Self.firstTTL << 48 | UInt64(kind) << 40 | UInt64(next) << 32 | Self.firstServiceIndex
        pendingHeader = .nsh(isKept ? metadata : [])
    }

    private func addLabel(_ type: UInt32) {
        consult(Field.packetType.location)
        let hasLabels = packetType == PacketType.mpls || packetType == PacketType.mplsMulticast
        if hasLabels {
            changeLabels(.pushMPLS(UInt16(truncatingIfNeeded: type)))
            guard error == nil else { return }
        } else {
            forgetNetwork()
            key.words[KeyWord.mpls] = 0
            key.words[KeyWord.mplsRest] = 0
            key.pushLabel(
                LabelBits.bottom | LabelBits.defaultTTL, etherType: UInt16(truncatingIfNeeded: type)
            )
        }
        packetType = type
        key.ethernetSource = 0
        key.ethernetDestination = 0
        key.words[KeyWord.vlan] = 0
        pendingHeader = .mpls
    }

    // MARK: Decap

    /// Takes the outer header off; behind all but Ethernet the datapath has to look at the packet
    /// again.
    ///
    /// - Parameter type: what is behind labels.
    func decapsulate(to type: UInt32) {
        commit()
        switch packetType {
        case PacketType.ethernet:
            guard key.vlanTCI & VLANBits.present == 0 else {
                return refusePacketType(
                    "Dropping packet, cannot decap Ethernet if VLAN is present.")
            }
            packetType = 1 << 16 | UInt32(key.etherType)
            key.ethernetSource = 0
            key.ethernetDestination = 0
        case PacketType.nsh:
            let next = UInt8(truncatingIfNeeded: key[.nshNextProtocol])
            guard let inner = NSHHeader.packetType(behind: next) else {
                return refusePacketType(
                    "Dropping packet as NSH next protocol \(next) is not supported")
            }
            consult(Field.nshNextProtocol.location)
            packetType = inner
            isHeaderToBeTakenOff = true
            lookAgain()
        case PacketType.mpls, PacketType.mplsMulticast:
            decapsulateLabel(to: type)
        default:
            refusePacketType(
                "Dropping packet as the decap() does not support packet type \(packetTypeText)")
        }
    }

    private func decapsulateLabel(to type: UInt32) {
        // A label does not say what is behind it.
        guard type != PacketType.useNextProtocol else {
            return refusePacketType(
                "Dropping packet as the decap() does not say what is behind the label")
        }
        let count = consultLabelCount()
        guard !hasUnknownLabels(of: count) else { return refuseDeepPop() }
        guard count > 0 else {
            // OVS has no labels to take off a packet of which it only heard, and goes on.
            packetType = type
            return
        }
        let isFrame = type == PacketType.ethernet
        let inner = isFrame ? EtherType.bridging : UInt16(truncatingIfNeeded: type)
        actions.append(.popMPLS(etherType: inner))
        consultLabels(1..<count)
        key.popLabel(of: count, etherType: inner)
        packetType = type
        copyHeadersToBase()
        base.words[KeyWord.packetType] = key.words[KeyWord.packetType]
        if count == 1 { lookAgain() }
    }

    func decrementNSHTTL() {
        if key.etherType == EtherType.nsh || packetType == PacketType.nsh {
            consult(Field.nshTTL.location)
            let ttl = key[.nshTTL]
            if ttl > 1 {
                key[.nshTTL] = ttl - 1
                return
            }
            sendToController(ControllerAction(reason: .invalidTTL))
        }
        trace.add(.warning, "NSH decrement TTL exception")
        isLeaving = true
    }

    // MARK: Commit

    /// Puts the pending header before the datapath's packet, or takes the outer one off it.
    func commitEncapsulation() {
        defer {
            pendingHeader = nil
            isHeaderToBeTakenOff = false
        }
        guard let pendingHeader else { return commitDecapsulation() }
        switch pendingHeader {
        case .ethernet:
            actions.append(
                .pushEthernet(source: key.ethernetSource, destination: key.ethernetDestination))
            base.ethernetSource = key.ethernetSource
            base.ethernetDestination = key.ethernetDestination
        case .nsh(let metadata):
            actions.append(.pushNSH(NSHHeader(key, metadata: metadata)))
            copyHeadersToBase()
        case .mpls:
            actions.append(.addMPLS(label: key.labelEntry(0), etherType: key.etherType))
            copyHeadersToBase()
        }
        base.words[KeyWord.packetType] = key.words[KeyWord.packetType]
    }

    private func copyHeadersToBase() {
        for index in KeyWord.ethernetDestination..<KeyWord.count {
            base.words[index] = key.words[index]
        }
    }

    private func commitDecapsulation() {
        let before = UInt32(truncatingIfNeeded: base.words[KeyWord.packetType] >> 32)
        guard isHeaderToBeTakenOff || packetType != before else { return }
        switch before {
        case PacketType.ethernet:
            actions.append(.popEthernet)
            base.words[KeyWord.packetType] = key.words[KeyWord.packetType]
            base.ethernetSource = 0
            base.ethernetDestination = 0
        case PacketType.nsh: actions.append(.popNSH)
        // A label has been taken off already.
        default: break
        }
    }

    /// As in OVS, one changed field has all be written that the megaflow knows.
    func commitNSH() {
        guard key.etherType == EtherType.nsh else { return }
        let fields: [Field] = [
            .nshFlags, .nshTTL, .nshSPI, .nshSI, .nshContext1, .nshContext2, .nshContext3,
            .nshContext4,
        ]
        guard fields.contains(where: { key[$0] != base[$0] }) else { return }
        var value = FlowKey()
        var mask = FlowKey()
        for field in fields {
            let bits = wildcards[field] | (key[field] ^ base[field])
            wildcards[field] |= bits
            mask[field] = bits
            value[field] = key[field] & bits
            base[field] = key[field]
        }
        let sparse = SparseKey(mask)
        actions.append(.set(.nsh, value: SparseKey(value, map: sparse.map), mask: sparse))
    }
}
