public import Addresses
import Datapath
import FlowModel
import OpenFlow
import PacketFormats
import Pipeline
public import Tunnels

/// The datapath's ports of tunnels: one for each type and port of UDP, which tunnels share.
struct TunnelDevices {
    struct Device {
        let number: UInt32
        let type: TunnelType
        /// Of UDP or TCP, or 0.
        let port: UInt16
        /// A bridge that has such a tunnel, which tells the datapath.
        let bridge: String
        var count = 1
    }

    /// By name.
    var devices: [String: Device] = [:]
    /// Each device's addresses as operators gave them to ports of memory.
    var givenAddresses: [UnderlayAddress] = []
    /// What the kernel has.
    var systemAddresses: [UnderlayAddress] = []
}

extension VirtualSwitch {
    // MARK: Ports

    func openTunnel(
        _ interface: InterfaceConfiguration, _ type: TunnelType, at place: PortPlace,
        now: Milliseconds
    ) -> ManagedInterface {
        let settings: TunnelSettings
        do throws(TunnelOptionsParser.Refusal) {
            settings = try TunnelOptionsParser.parse(
                interface.options, of: interface.name, type: type
            ).settings
        } catch {
            return failed(interface, error.sentences.joined(separator: "\n"), now)
        }
        let name = settings.deviceName
        let known = tunnels.devices[name]
        if let known, network.tunnels.conflict(with: settings, datapathPort: known.number) != nil {
            return failed(
                interface,
                "could not add network device \(interface.name) to ofproto (File exists)",
                now)
        }
        let number = known?.number ?? allocateDatapathNumber(for: name, of: place.managed)
        let managed = insert(interface, .tunnel(number, settings), nil, at: place, now: now)
        managed.report.shownOptions = settings.shownOptions
        if known == nil {
            tunnels.devices[name] = .init(
                number: number, type: type, port: settings.port, bridge: place.managed.name)
            var device = TunnelDevice(kind: type.kind)
            device.isGeneric = settings.isGeneric
            device.hasGroupPolicy = settings.hasGroupPolicy
            device.bareType = settings.bareType
            link.setTunnel(number, device)
        } else {
            tunnels.devices[name]?.count += 1
        }
        for listener in listeners(settings, number) { network.underlay.listeners.insert(listener) }
        refreshListeners()
        return managed
    }

    /// What tells the outer packets of a tunnel.
    private func listeners(_ settings: TunnelSettings, _ number: UInt32) -> [Listener] {
        let type = settings.type
        // Without a port all packets of UDP would be the tunnel's.
        guard !type.hasPort || settings.port != 0 else { return [] }
        let protocols =
            type == .srv6 ? [IPProtocol.ipv4, IPProtocol.ipv6] : [type.ipProtocol]
        return protocols.map {
            Listener(
                name: settings.deviceName, datapathPort: number, ipProtocol: $0,
                port: type.hasPort ? settings.port : 0)
        }
    }

    /// Forgets what a tunnel's port had besides its place on the bridge.
    func closeTunnel(_ port: BridgePort) {
        guard case .tunnel(let number, let settings) = port.kind else { return }
        for listener in listeners(settings, number) { network.underlay.listeners.remove(listener) }
        let name = settings.deviceName
        guard let device = tunnels.devices[name] else { return }
        if device.count > 1 {
            tunnels.devices[name]?.count -= 1
        } else {
            tunnels.devices[name] = nil
            link.setTunnel(number, nil)
            release(datapathNumber: number)
        }
    }

    /// The datapath port that a list shows of an interface.
    func shownNumber(of interface: ManagedInterface) -> UInt32? {
        if case .tunnel(let number, _)? = interface.port?.kind { return number }
        return interface.datapathNumber
    }

    func creditTunnel(_ port: BridgePort, _ isReceived: Bool, packets: UInt64, octets: UInt64) {
        for managed in bridges.values {
            guard let interface = managed.interfaces[port.name], interface.port === port else {
                continue
            }
            if isReceived {
                interface.patchCounters.receivedPackets &+= packets
                interface.patchCounters.receivedOctets &+= octets
            } else {
                interface.patchCounters.sentPackets &+= packets
                interface.patchCounters.sentOctets &+= octets
            }
        }
    }

    /// The device by which a tunnel's packets leave this host.
    public func egressDevice(ofTunnel name: String, on bridge: String) -> String? {
        guard case .tunnel(_, let settings)? = bridges[bridge]?.interfaces[name]?.port?.kind,
            let remote = settings.remote.value
        else { return nil }
        return network.underlay.routes.lookup(remote, mark: settings.mark)?.device
    }

    // MARK: Packets

    /// Drops the packets of a flow that no tunnel takes, or whose options must not be overlooked.
    ///
    /// A flow that drops them spares the switch the next ones.
    func refuse(
        _ packet: PacketBuffer, _ key: FlowKey, _ datapath: UserspaceDatapath, _ now: Milliseconds
    ) {
        datapath.pool.release(packet)
        guard TunnelMetadata(PackedKey(key)) != nil else { return }
        refusedTunnelPackets &+= 1
    }

    /// Gives a packet's options the fields that the bridge has for them.
    ///
    /// - Returns: whether all that may not be overlooked are known.
    func takeTunnelOptions(
        of key: inout FlowKey, on bridge: Bridge, _ datapath: UserspaceDatapath
    ) -> Bool {
        let number = key.words[KeyWord.metadata]
        key.words[KeyWord.metadata] = 0
        guard number != 0 else { return true }
        guard let options = GeneveOption.parse(datapath.tunnelOptions(number)) else { return false }
        for option in options {
            let index = bridge.geneveOptions.first {
                $0.value.optionClass == option.optionClass && $0.value.type == option.type
                    && $0.value.byteCount == option.value.count
            }?.key
            guard let index else {
                if option.isCritical { return false }
                continue
            }
            key[.option(index)] = 1
            key[.tunnelOption(index)] = option.value.reduce(0) { $0 << 8 | UInt128($1) }
        }
        return true
    }

    /// Has packets with options translated anew, whose fields have changed.
    func forgetOptionFlows(of managed: ManagedBridge) {
        for (id, megaflow) in megaflows
        where megaflow.bridge === managed.bridge
            && TunnelMetadata(PackedKey(megaflow.datapathKey.expanded)) != nil
        {
            removeMegaflow(id)
        }
    }

    /// Asks for addresses on the links below.
    func solicit(_ solicitations: [Solicitation], now: Milliseconds) {
        for solicitation in solicitations {
            let key = NeighbourTable.Key(
                bridge: solicitation.bridge.name, address: solicitation.target)
            guard network.underlay.neighbours.maySolicit(key, now: now),
                let managed = bridges[solicitation.bridge.name]
            else { continue }
            let frame = SolicitationFrame.octets(
                from: solicitation.port.hardwareAddress, solicitation.source,
                for: solicitation.target)
            let message = PacketOut(
                inPort: solicitation.port.number,
                actions: [.output(.table, maxByteCount: 0)], data: frame)
            inject(message, on: managed, now: now)
        }
    }

    // MARK: The networks below

    /// Takes over what the kernel has.
    public func noteSystem(routes: [Route], addresses: [UnderlayAddress]) {
        tunnels.systemAddresses = addresses
        network.underlay.routes.replaceSystemRoutes(routes)
        refreshAddresses()
    }

    /// Gives a port of memory an address.
    public func noteAddress(_ address: IPAddress, prefixLength: Int, of device: String) {
        let given = UnderlayAddress(
            device: device, hardware: .zero, address: address, prefixLength: prefixLength)
        // As in OVS, a device of memory has one address of IPv4.
        tunnels.givenAddresses.removeAll {
            $0.device == device && ($0.address.isIPv4 && address.isIPv4 || $0.address == address)
        }
        tunnels.givenAddresses.append(given)
        refreshAddresses()
    }

    func refreshAddresses() {
        network.underlay.addresses = tunnels.givenAddresses + tunnels.systemAddresses
        refreshListeners()
        network.bumpVersion()
    }

    /// Has the tunnels listen at the addresses of devices that routes lead to.
    func refreshListeners() {
        let underlay = network.underlay
        let devices = underlay.routes.devices
        let addresses = underlay.addresses.compactMap { address -> UnderlayAddress? in
            guard devices.contains(address.device) else { return nil }
            let port = bridges[address.device]?.bridge.ports[.local]
            let hardware = port?.hardwareAddress ?? address.hardware
            guard !hardware.isZero else { return nil }
            return UnderlayAddress(
                device: address.device, hardware: hardware, address: address.address,
                prefixLength: address.prefixLength)
        }
        if underlay.listeners.setAddresses(addresses) { network.bumpVersion() }
    }
}

/// A question for a neighbour's address.
enum SolicitationFrame {
    static func octets(
        from hardware: EthernetAddress, _ source: IPAddress, for target: IPAddress
    ) -> [UInt8] {
        target.isIPv4
            ? arp(hardware, source.ipv4, target.ipv4) : solicitation(hardware, source, target)
    }

    private static func arp(
        _ hardware: EthernetAddress, _ source: IPv4Address, _ target: IPv4Address
    ) -> [UInt8] {
        var key = FlowKey()
        key.ethernetDestination = EthernetAddress.broadcast.value
        key.ethernetSource = hardware.value
        key.etherType = EtherType.arp
        key.ipProtocol = 1
        key.ipv4Source = source.value
        key.ipv4Destination = target.value
        key[.arpSenderMAC] = UInt128(hardware.value)
        return FrameComposer.frame(for: key)
    }

    /// RFC 4861 §4.3, to the solicited-node address (RFC 4291 §2.7.1).
    private static func solicitation(
        _ hardware: EthernetAddress, _ source: IPAddress, _ target: IPAddress
    ) -> [UInt8] {
        let group = UInt128(0xff02) << 112 | 0x1_ff00_0000 | target.value & 0xff_ffff
        var key = FlowKey()
        key.ethernetDestination = 0x3333_0000_0000 | UInt64(truncatingIfNeeded: group & 0xffff_ffff)
        key.ethernetSource = hardware.value
        key.etherType = EtherType.ipv6
        key[.ipv6Source] = source.value
        key[.ipv6Destination] = group
        key.ipProtocol = IPProtocol.icmpv6
        key.ipTTL = 255
        key.transportSource = 135
        key[.ndTarget] = target.value
        key[.ndSourceMAC] = UInt128(hardware.value)
        return FrameComposer.frame(for: key)
    }
}
