import Addresses
import Bytes
import FlowModel
import Tunnels

/// Output to tunnels: the outer headers are put before the packet, which goes on as a packet of
/// this host on the bridge that leads to the remote end.
extension Translation {
    func sendToTunnel(_ port: BridgePort, _ settings: TunnelSettings, _ datapathPort: UInt32) {
        let before = tunnelOfKey
        let fields = fillTunnel(settings)
        guard fields.destination != originalTunnelDestination else {
            trace.add(.warning, "Not tunneling to our own address")
            return
        }
        trace.add(.detail, "output to native tunnel")
        defer { tunnelOfKey = before }
        let tunnel = OutgoingTunnel(
            port: port, settings: settings, datapathPort: datapathPort, fields: fields)
        guard let way = findWay(of: tunnel) else { return }
        if isLastAction || settings.payload == .frames {
            push(tunnel, way)
        } else {
            cloneInDatapath { push(tunnel, way) }
        }
    }

    /// A tunnel that the packet at hand goes into.
    private struct OutgoingTunnel {
        let port: BridgePort
        let settings: TunnelSettings
        let datapathPort: UInt32
        var fields: OuterFields
    }

    /// How outer packets get to the remote end.
    private struct Way {
        let bridge: Bridge
        let port: BridgePort
        let source: IPAddress
        let link: OuterHeader.Link
    }

    // MARK: What the outer headers say

    /// The tunnel's words of the key.
    private var tunnelOfKey: [UInt64] {
        get { (KeyWord.tunnelID...KeyWord.erspan).map { key.words[$0] } }
        set {
            for (index, word) in zip(KeyWord.tunnelID...KeyWord.erspan, newValue) {
                key.words[index] = word
            }
        }
    }

    /// Writes into the key what the port says of the outer headers, and reads them all.
    private func fillTunnel(_ settings: TunnelSettings) -> OuterFields {
        if let remote = settings.remote.value {
            setAddress(remote, .tunnelDestination, .tunnelIPv6Destination)
        }
        if let local = settings.local.value {
            setAddress(local, .tunnelSource, .tunnelIPv6Source)
        }
        if let id = settings.outKey.value { key[.tunnelID] = UInt128(id) }
        fillServiceClass(settings)
        var fields = OuterFields()
        fields.destination = address(.tunnelDestination, .tunnelIPv6Destination)
        fields.source = address(.tunnelSource, .tunnelIPv6Source)
        fields.id = UInt64(truncatingIfNeeded: key[.tunnelID])
        fields.tos = UInt8(truncatingIfNeeded: key[.tunnelTOS])
        fields.ttl = UInt8(truncatingIfNeeded: key[.tunnelTTL])
        fields.isUnfragmented = settings.isUnfragmented
        fields.hasChecksum = settings.hasChecksum
        fields.hasKey = settings.hasOutKey
        fields.isOAM = key[.tunnelFlags] & 1 != 0
        fields.policyID = UInt16(truncatingIfNeeded: key[.tunnelGBPID])
        fields.policyFlags = UInt8(truncatingIfNeeded: key[.tunnelGBPFlags])
        fields.gtpuFlags = UInt8(truncatingIfNeeded: key[.gtpuFlags])
        fields.gtpuMessageType = UInt8(truncatingIfNeeded: key[.gtpuMessageType])
        fillERSPAN(settings, &fields)
        fields.options = settings.type == .geneve ? tunnelOptions : []
        if settings.payload == .packets || packetType != PacketType.ethernet {
            fields.innerType = innerType
        }
        return fields
    }

    private var innerType: UInt16 {
        packetType == PacketType.ethernet ? key.etherType : key.networkType
    }

    private func setAddress(_ address: IPAddress, _ ipv4: Field, _ ipv6: Field) {
        key[ipv4] = UInt128(address.ipv4.value)
        key[ipv6] = address.isIPv4 ? 0 : address.value
    }

    private func address(_ ipv4: Field, _ ipv6: Field) -> IPAddress {
        let value = UInt32(truncatingIfNeeded: key[ipv4])
        return value != 0 ? IPAddress(IPv4Address(value)) : IPAddress(key[ipv6])
    }

    /// Where the packet came to when it came through a tunnel.
    private var originalTunnelDestination: IPAddress {
        let value = UInt32(truncatingIfNeeded: base[.tunnelDestination])
        return value != 0
            ? IPAddress(IPv4Address(value)) : IPAddress(base[.tunnelIPv6Destination])
    }

    /// TOS with the marks of congestion (RFC 6040 §4.1, normal mode), and TTL.
    private func fillServiceClass(_ settings: TunnelSettings) {
        let isIP = EtherType.isIP(key.networkType)
        key[.tunnelTTL] = UInt128(settings.ttl ?? TunnelSettings.standardTTL)
        if settings.ttl == nil && isIP {
            wildcards[.ipTTL] = .max
            key[.tunnelTTL] = UInt128(key.ipTTL)
        }
        var tos = settings.tos ?? 0
        if settings.tos == nil && isIP {
            wildcards.ipTOS |= 0xfc
            tos = key.ipTOS & 0xfc
        }
        if isIP {
            wildcards.ipTOS |= 3
            // What has met congestion already may meet it again.
            tos |= key.ipTOS & 3 == 3 ? 2 : key.ipTOS & 3
        }
        key[.tunnelTOS] = UInt128(tos)
    }

    private func fillERSPAN(_ settings: TunnelSettings, _ fields: inout OuterFields) {
        fields.erspanVersion =
            settings.erspanVersion.value ?? UInt8(truncatingIfNeeded: key[.erspanVersion])
        fields.erspanIndex =
            settings.erspanIndex.value ?? UInt32(truncatingIfNeeded: key[.erspanIndex])
        fields.erspanDirection =
            settings.erspanDirection.value ?? UInt8(truncatingIfNeeded: key[.erspanDirection])
        fields.erspanHardwareID =
            settings.erspanHardwareID.value ?? UInt8(truncatingIfNeeded: key[.erspanHardwareID])
    }

    /// The options that the key has, in the order of their fields.
    private var tunnelOptions: [GeneveOption] {
        guard !key.rare.isEmpty else { return [] }
        return bridge.geneveOptions.keys.sorted().compactMap { index in
            guard let kind = bridge.geneveOptions[index], key[.option(index)] != 0 else {
                return nil
            }
            let value = key[Field.tunnelOption(index)]
            let octets = (0..<kind.byteCount).map { place -> UInt8 in
                let shift = 8 * (kind.byteCount - 1 - place)
                return shift < 128 ? UInt8(truncatingIfNeeded: value >> UInt128(shift)) : 0
            }
            return GeneveOption(optionClass: kind.optionClass, type: kind.type, value: octets)
        }
    }

    // MARK: The way

    private func findWay(of tunnel: OutgoingTunnel) -> Way? {
        let destination = tunnel.fields.destination
        let underlay = network.underlay
        guard let route = underlay.routes.lookup(destination, mark: tunnel.settings.mark),
            let (bridge, port) = network.port(ofDevice: route.device)
        else {
            trace.add(.warning, "native tunnel routing failed")
            return nil
        }
        trace.add(.detail, "tunneling to \(destination) via \(port.name)")
        let next = route.gateway.isNone ? destination : route.gateway
        let source = tunnel.fields.source.isNone ? route.source : tunnel.fields.source
        let neighbour = NeighbourTable.Key(bridge: bridge.name, address: next)
        guard let hardware = underlay.neighbours.lookup(neighbour) else {
            trace.add(
                .detail,
                "neighbor cache miss for \(next) on bridge \(bridge.name), "
                    + "sending \(next.isIPv4 ? "ARP" : "ND") request")
            solicitations.append(
                Solicitation(bridge: bridge, target: next, source: route.source, port: port))
            return nil
        }
        let own = port.hardwareAddress
        trace.add(.detail, "tunneling from \(own) \(source) to \(hardware) \(destination)")
        return Way(
            bridge: bridge, port: port, source: source,
            link: OuterHeader.Link(source: own, destination: hardware))
    }

    /// Puts the headers before the packet, and walks the bridge that it comes up on.
    private func push(_ tunnel: OutgoingTunnel, _ way: Way) {
        var fields = tunnel.fields
        fields.source = way.source
        commit()
        let isBared = tunnel.settings.payload == .packets && packetType == PacketType.ethernet
        if isBared { actions.append(.popEthernet) }
        guard let header = OuterHeader.build(tunnel.settings, fields, way.link),
            case .datapath(let outputPort) = way.port.kind
        else {
            trace.add(.warning, "native tunnel header build failed")
            return
        }
        effects.append(.tunnel(tunnel.port, isReceived: false))
        let push = TunnelPush(
            tunnelPort: tunnel.datapathPort, outputPort: outputPort,
            kind: tunnel.settings.type.kind, header: header)
        let isLast = isLastAction
        let outer = collect { goOn(push, on: way) }
        // Where nothing becomes of the outer packet, nothing is to be built.
        guard !outer.isEmpty else { return }
        let list = [.tunnelPush(push)] + outer
        actions += isLast ? list : [.clone(list)]
    }

    /// Walks the bridge below with the outer packet, and forgets what that depended on.
    private func goOn(_ push: TunnelPush, on way: Way) {
        let before = (key, base, wildcards)
        let actionBefore = isLastAction
        isLastAction = true
        key = outerKey(push, inPort: way.port.number)
        base = key
        cross(to: way.port, of: way.bridge, with: key)
        isLastAction = actionBefore
        (key, base, wildcards) = before
    }

    private func outerKey(_ push: TunnelPush, inPort: PortNumber) -> FlowKey {
        var packed = PackedKey()
        // The header alone has no payload, which its lengths say.
        var octets = push.header
        let rest = UInt16(octets.count - 14)
        if push.isIPv6 {
            octets[18] = UInt8((rest - 40) >> 8)
            octets[19] = UInt8(truncatingIfNeeded: rest - 40)
        } else {
            octets[16] = UInt8(rest >> 8)
            octets[17] = UInt8(truncatingIfNeeded: rest)
        }
        PacketParser.parse(
            octets.span.octets, PacketParser.Metadata(inPort: UInt32(inPort.value)), into: &packed)
        return packed.expanded
    }
}

/// What comes in from tunnels.
extension Translation {
    /// Takes over the mark of congestion that an outer header has (RFC 6040 §4.2).
    ///
    /// - Returns: whether the packet may go on.
    func takeOuterCongestion() -> Bool {
        guard hasTunnel, EtherType.isIP(key.networkType) else { return true }
        let outer = UInt8(truncatingIfNeeded: base[.tunnelTOS]) & 3
        if outer & 1 != 0 { wildcards.ipTOS |= 3 }
        let inner = key.ipTOS & 3
        switch (outer, inner) {
        case (3, 0): return false
        case (3, _): key.ipTOS |= 3
        case (1, 2): key.ipTOS = key.ipTOS & 0xfc | 1
        default: break
        }
        return true
    }

    /// What an output to the host itself means: the way out of a tunnel, if some tunnel listens.
    func terminate() -> DatapathAction? {
        let underlay = network.underlay
        guard !underlay.listeners.listeners.isEmpty else { return nil }
        if let port = underlay.listeners.lookup(key, wildcards: &wildcards) {
            return .tunnelPop(port)
        }
        snoop()
        return nil
    }

    /// Whether an ARP packet is an answer, or a sender's that tells of itself unasked.
    private var isTelling: Bool {
        wildcards.words[KeyWord.ipv4] = .max
        if key.ipv4Source == key.ipv4Destination { return true }
        wildcards.ipProtocol = .max
        return key.ipProtocol == 2
    }

    /// Learns the address that a neighbour tells of itself.
    private func snoop() {
        var found: (address: IPAddress, hardware: EthernetAddress)?
        switch key.etherType {
        case EtherType.arp:
            guard isTelling else { return }
            wildcards[.arpSenderMAC] = .max
            found = (
                IPAddress(IPv4Address(key.ipv4Source)),
                EthernetAddress(UInt64(truncatingIfNeeded: key[.arpSenderMAC]))
            )
        case EtherType.ipv6:
            wildcards.ipProtocol = .max
            guard key.ipProtocol == IPProtocol.icmpv6 else { return }
            wildcards.words[KeyWord.transport] |= 0xffff_ffff_0000_0000
            guard key.transportSource == 136 else { return }
            wildcards[.ndTarget] = .max
            wildcards[.ndTargetMAC] = .max
            let link = EthernetAddress(UInt64(truncatingIfNeeded: key[.ndTargetMAC]))
            found = (
                IPAddress(key[.ndTarget]),
                link.isZero ? EthernetAddress(key.ethernetSource) : link
            )
        default: break
        }
        guard let found, !found.hardware.isZero, !found.hardware.isMulticast else { return }
        let entry = NeighbourTable.Key(bridge: bridge.name, address: found.address)
        effects.append(.neighbour(entry, found.hardware))
        guard options.mayLearn else { return }
        if network.underlay.neighbours.learn(entry, found.hardware, now: options.now) {
            hasChangedState = true
        }
    }
}
