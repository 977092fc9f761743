import FlowModel

/// Actions that write fields.
extension Translation {
    func rewrite(_ action: Action) {
        switch action {
        case .setVLANID(let id): setVLAN(id: id)
        case .setVLANPriority(let priority): setVLAN(priority: priority)
        case .popVLAN: popVLAN()
        case .pushVLAN(let tpid): pushVLAN(tpid)
        case .setEthernetSource(let address): write(.ethernetSource, UInt128(address))
        case .setEthernetDestination(let address): write(.ethernetDestination, UInt128(address))
        case .setIPv4Source(let address): writeIfIPv4(.ipv4Source, UInt128(address))
        case .setIPv4Destination(let address): writeIfIPv4(.ipv4Destination, UInt128(address))
        case .setIPDSCP(let dscp):
            if isIP { write(.ipDSCP, UInt128(dscp)) }
        case .setIPECN(let ecn):
            if isIP { write(.ipECN, UInt128(ecn)) }
        case .setIPTTL(let ttl):
            if isIP { write(.ipTTL, UInt128(ttl)) }
        case .setTransportSource(let port):
            if hasPorts { write(.tcpSource, UInt128(port)) }
        case .setTransportDestination(let port):
            if hasPorts { write(.tcpDestination, UInt128(port)) }
        case .decrementTTL(let controllers): decrementTTL(controllers)
        case .setField(let field, let value, let mask): setField(field, value, mask)
        case .load(let value, let subfield):
            if subfield.field == .mplsBOS {
                setBottomOfStack(value & 1 != 0)
            } else if isPresent(subfield.field) {
                consultProtocol(subfield.field.location)
                write(UInt128(value), to: subfield.location)
                finishWrite(of: subfield.field)
            }
        case .move(let source, let destination): move(source, destination)
        case .writeMetadata(let value, let mask):
            key.words[KeyWord.metadata] =
                key.words[KeyWord.metadata] & ~mask | value & mask
        default: preconditionFailure("\(action) writes no field")
        }
    }

    var isIP: Bool { EtherType.isIP(key.networkType) }

    private var hasPorts: Bool {
        isIP && key.ipFragment & FragmentBits.later == 0
            && [IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp].contains(key.ipProtocol)
    }

    private func writeIfIPv4(_ field: Field, _ value: UInt128) {
        if key.etherType == EtherType.ipv4 { write(field, value) }
    }

    private func write(_ field: Field, _ value: UInt128) {
        consultProtocol(field.location)
        write(value, to: field.location)
    }

    /// Writes all bits of `location`.
    func write(_ value: UInt128, to location: FieldLocation) {
        wildcards[location] = location.ones
        key[location] = value & location.ones
    }

    /// Whether the packet has the field; what says so is consulted.
    func isPresent(_ field: Field) -> Bool {
        let prerequisite = field.descriptor.prerequisite
        switch prerequisite {
        case .none, .ethernet: return true
        case .vlan:
            wildcards.vlanTCI |= VLANBits.present
        case .tcp, .udp, .sctp, .icmpv4, .icmpv6, .nd, .ndSolicit, .ndAdvert:
            wildcards.ipProtocol = .max
        case .mpls, .pbb, .nsh, .arp, .ip, .ipv4, .ipv6, .ct: break
        }
        return prerequisite.isMet(by: key)
    }

    /// Says that the walk depends on the IP protocol, as in OVS where a field of IP is written; but
    /// for `set_field` of DSCP.
    private func consultProtocol(_ location: FieldLocation) {
        switch location.word {
        case KeyWord.ipv4, KeyWord.ip, KeyWord.ipv6Source..<(KeyWord.ipv6Source + 4):
            if isIP { wildcards.ipProtocol = .max }
        default: break
        }
    }

    private func setField(_ field: Field, _ value: UInt128, _ mask: UInt128) {
        guard field != .mplsBOS else { return setBottomOfStack(value & mask & 1 != 0) }
        guard isPresent(field) else { return }
        let location = field.location
        if field != .ipDSCP { consultProtocol(location) }
        let bits = mask & location.ones
        wildcards[location] |= bits
        key[location] = key[location] & ~bits | value & bits
        finishWrite(of: field)
    }

    private func move(_ source: Subfield, _ destination: Subfield) {
        guard isPresent(source.field), isPresent(destination.field) else { return }
        consult(source.location)
        guard destination.field != .mplsBOS else {
            return setBottomOfStack(key[source.location] & 1 != 0)
        }
        write(key[source.location], to: destination.location)
        finishWrite(of: destination.field)
        trace.add(.detail, TraceText.nowIs(destination, key[destination.location]))
    }

    // MARK: VLAN

    private func setVLAN(id: UInt16) {
        wildcards.vlanTCI |= VLANBits.id | VLANBits.present
        key.vlanTCI =
            key.vlanTCI & VLANBits.priority | id & VLANBits.id | VLANBits.present
        finishWrite(of: .vlanTCI)
    }

    private func setVLAN(priority: UInt8) {
        wildcards.vlanTCI |= VLANBits.priority | VLANBits.present
        key.vlanTCI =
            key.vlanTCI & VLANBits.id | UInt16(priority & 7) << 13 | VLANBits.present
        finishWrite(of: .vlanTCI)
    }

    /// Gives a tag that a write has made its type, and takes that of one that it has unmade.
    ///
    /// An option of a tunnel that is written is there from then on.
    func finishWrite(of field: Field) {
        switch field {
        case .vlanTCI, .vlanID, .vlanVID, .vlanPriority, .vlanPCP: break
        default:
            if let option = field.tunnelOption { key[.option(option)] = 1 }
            return
        }
        if key.vlanTCI & VLANBits.present == 0 {
            if key.vlanTCI == 0 { key.vlanTPID = 0 }
        } else if key.vlanTPID == 0 {
            key.vlanTPID = EtherType.vlan
        }
    }

    // Whether there is a tag matters to all megaflows, and its bits when the packet leaves.
    func popVLAN() {
        guard key.vlanTCI & VLANBits.present != 0 else { return }
        wildcards.words[KeyWord.vlan] |= 0xffff_ffff
        key.words[KeyWord.vlan] = key.words[KeyWord.vlan] << 32
    }

    private func pushVLAN(_ tpid: UInt16) {
        if key.vlanTCI & VLANBits.present != 0 { wildcards.vlanTCI = .max }
        guard key.innerVLANTCI & VLANBits.present == 0 else {
            trace.add(.error, "push_vlan: more than two tags")
            error = error ?? .recursionTooDeep
            return
        }
        key.words[KeyWord.vlan] >>= 32
        key.vlanTPID = tpid
        key.vlanTCI = VLANBits.present
    }

    // MARK: TTL

    private func decrementTTL(_ controllers: [UInt16]) {
        wildcards.ipTTL = .max
        wildcards.ipProtocol = .max
        guard isIP else { return }
        if key.ipTTL > 1 {
            key.ipTTL -= 1
            return
        }
        for id in controllers {
            sendToController(
                ControllerAction(reason: .invalidTTL, controllerID: id))
        }
        let name = key.etherType == EtherType.ipv4 ? "IPv4" : "IPv6"
        trace.add(.warning, "\(name) decrement TTL exception")
        isLeaving = true
    }
}
