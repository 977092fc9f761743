import Bytes
import FlowModel

/// The actions `tnl_push` and `tnl_pop`.
extension UserspaceDatapath {
    // MARK: Ports

    /// Says what a datapath port of tunnels takes, or that there is no such port any more.
    public func setTunnel(_ number: UInt32, _ device: TunnelDevice?) {
        tunnelDevices[number] = device
    }

    /// The octets of a set of options that keys name.
    public func tunnelOptions(_ number: UInt64) -> [UInt8] {
        let index = Int(clamping: number) - 1
        return optionSets.sets.indices.contains(index) ? optionSets.sets[index] : []
    }

    /// All sets of options that packets have come with.
    public var tunnelOptionSets: [[UInt8]] { optionSets.sets }

    // MARK: Push

    /// Puts the headers of a tunnel before a packet, or before a copy that may be written.
    ///
    /// - Returns: `nil` if there is no room for them; the packet is dropped then.
    func pushTunnel(
        _ packet: PacketBuffer, _ operation: UnsafePointer<Operation>,
        _ execution: inout Execution
    ) -> PacketBuffer? {
        let own = pool.makeUnique(packet)
        guard pushHeaders(own, operation, &execution) else {
            state.pointee.statistics.tunnelPushDrops &+= 1
            pool.release(own)
            return nil
        }
        return own
    }

    private func pushHeaders(
        _ packet: PacketBuffer, _ operation: UnsafePointer<Operation>,
        _ execution: inout Execution
    ) -> Bool {
        guard let data = operation.pointee.data else { return false }
        let order = TunnelOrder(word: data.pointee)
        let byteCount = Int(operation.pointee.first)
        guard packet.headroom >= byteCount,
            packet.byteCount &+ byteCount &- 14 <= Int(UInt16.max)
        else { return false }
        let sourcePort = order.hasUDP ? self.sourcePort(of: packet, execution) : 0
        packet.push(byteCount)
        packet.start.copyMemory(from: data + 1, byteCount: byteCount)
        packet.packetType = 0
        packet.header.pointee.offload.shift(by: byteCount)
        setNetwork(of: packet, order)
        if order.hasUDP {
            setUDP(of: packet, order, sourcePort)
        } else {
            setGRE(of: packet, order, operation.pointee.second)
        }
        execution.tunnel = -1
        execution.connection = -1
        execution.hash = 0
        return true
    }

    /// A source port that is the same for all packets of a connection (RFC 7348 §5).
    private func sourcePort(of packet: PacketBuffer, _ execution: Execution) -> UInt16 {
        let key = keys + (Self.keyCount - 2)
        parse(packet, execution, into: key)
        let hash = UInt64(PacketHash.hash(key, isSymmetric: false, basis: 0))
        let count = UInt64(sourcePorts.upperBound &- sourcePorts.lowerBound) &+ 1
        return sourcePorts.lowerBound &+ UInt16(truncatingIfNeeded: (hash &* count) &>> 32)
    }

    private func setNetwork(of packet: PacketBuffer, _ order: TunnelOrder) {
        let length = packet.byteCount &- 14
        guard !order.isIPv6 else {
            packet.store(UInt16(truncatingIfNeeded: length &- 40), at: 18)
            return
        }
        packet.store(UInt16(truncatingIfNeeded: length), at: 16)
        if packet.octet(at: 20) & 0x40 == 0 {
            // What may be fragmented has a number of its own (RFC 6864 §4.3).
            outerIdentification &+= 1
            packet.store(outerIdentification, at: 18)
        }
        var checksum = InternetChecksum()
        checksum.add(packet, 14..<34)
        packet.store(checksum.value, at: 24)
    }

    private func setUDP(of packet: PacketBuffer, _ order: TunnelOrder, _ sourcePort: UInt16) {
        let place = order.transport
        let length = UInt16(truncatingIfNeeded: packet.byteCount &- place)
        packet.store(sourcePort, at: place)
        packet.store(length, at: place &+ 4)
        guard order.hasUDPChecksum else { return }
        var pseudo = InternetChecksum()
        pseudo.add(packet, order.isIPv6 ? 22..<54 : 26..<34)
        pseudo.add(17 as UInt16)
        pseudo.add(length)
        packet.store(pseudo.folded, at: place &+ 6)
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = UInt16(truncatingIfNeeded: place)
        offload.checksumOffset = 6
        packet.offload = offload
    }

    private func setGRE(
        of packet: PacketBuffer, _ order: TunnelOrder, _ tunnelPort: UInt32
    ) {
        if order.sequence > 0 {
            let number = outerSequences[tunnelPort, default: 0]
            packet.store(number, at: order.sequence)
            outerSequences[tunnelPort] = number &+ 1
        }
        if order.time > 0 {
            // Units of 100 microseconds.
            packet.store(
                UInt32(truncatingIfNeeded: state.pointee.now &* 10), at: order.time)
        }
        guard order.checksum > 0 else { return }
        var checksum = InternetChecksum()
        checksum.add(packet, order.transport..<packet.byteCount)
        packet.store(checksum.value, at: order.checksum)
    }

    // MARK: Pop

    /// Takes the headers of a tunnel away, and has the packet come in by the tunnel's port.
    ///
    /// The hold goes over if the operation is the last.
    func popTunnel(
        _ packet: PacketBuffer, _ operation: UnsafePointer<Operation>, _ execution: Execution
    ) {
        if !operation.pointee.isLast { packet.retain() }
        let number = operation.pointee.first
        guard execution.depth < Self.maximumRecirculations else {
            state.pointee.statistics.recirculationDrops &+= 1
            return pool.release(packet)
        }
        // Datagrams that were sent together are told apart first.
        if packet.offload.segmentation == .udp {
            var pieces = PacketList()
            if !SoftwareOffload.finish(
                packet, for: [.checksum], pool: pool, into: &pieces)
            {
                state.pointee.statistics.segmentationDrops &+= 1
            }
            for index in 0..<pieces.count { popOne(pieces[index], number, execution) }
            pieces.removeAll()
            return
        }
        popOne(packet, number, execution)
    }

    private func popOne(_ packet: PacketBuffer, _ number: UInt32, _ execution: Execution) {
        guard let device = tunnelDevices[number],
            let result = TunnelDecoder.decode(packet, as: device),
            result.innerType != 0 || packet.byteCount &- result.start >= 14
        else {
            state.pointee.statistics.tunnelPopDrops &+= 1
            return pool.release(packet)
        }
        var metadata = result.metadata
        if !result.options.isEmpty {
            let octets = UnsafeRawBufferPointer(
                start: packet.start + result.options.lowerBound, count: result.options.count)
            guard let set = optionSets.number(of: octets) else {
                state.pointee.statistics.tunnelPopDrops &+= 1
                return pool.release(packet)
            }
            metadata.options = set
        }
        let own = pool.makeUnique(packet)
        strip(own, result)
        var inner = Execution(inPort: port(of: result.kind, number))
        inner.depth = execution.depth &+ 1
        inner.mark = execution.mark
        inner.tunnel = Int32(truncatingIfNeeded: tunnels.count)
        tunnels.append(metadata)
        comeIn(own, &inner)
    }

    /// Forgets the outer headers, and what was left to be done about them.
    private func strip(_ packet: PacketBuffer, _ result: TunnelDecoder.Result) {
        let end = packet.offload.segmentation == .none ? FrameLayers(packet).end : packet.byteCount
        if end < packet.byteCount { packet.byteCount = end }
        var offload = packet.offload
        if offload.flags.contains(.needsChecksum), Int(offload.checksumStart) < result.start {
            offload = PacketOffload()
            offload.flags = .checksumIsValid
        } else {
            offload.shift(by: -result.start)
        }
        packet.pull(result.start)
        packet.offload = offload
        packet.packetType = result.innerType == 0 ? 0 : 1 &<< 16 | UInt32(result.innerType)
    }

    /// The datapath port of tunnels with such headers; several kinds share a protocol of IP.
    private func port(of kind: TunnelPush.Kind, _ number: UInt32) -> UInt32 {
        guard tunnelDevices[number]?.kind != kind else { return number }
        return tunnelDevices.first { $0.value.kind == kind }?.key ?? number
    }

    /// Looks a packet up as one that has just come in; the hold goes over.
    private func comeIn(_ packet: PacketBuffer, _ execution: inout Execution) {
        packet.inPort = execution.inPort
        let key = keys + (PacketBatch.capacity &+ execution.depth &- 1)
        parse(packet, execution, into: key)
        let slot = find(key)
        guard slot >= 0 else {
            addMiss(packet, key)
            return
        }
        count(packet, key, slot)
        runFlow(slot, packet, &execution)
    }

    /// Remembers what is known of a packet's tunnel until the batch is done.
    func note(_ metadata: TunnelMetadata?, _ execution: inout Execution) {
        guard let metadata else { return }
        execution.tunnel = Int32(truncatingIfNeeded: tunnels.count)
        tunnels.append(metadata)
    }
}
