extension UserspaceDatapath {
    /// Adds a port under `number`.
    public func addPort(_ number: UInt32, _ port: any PacketPort) throws(DatapathError) {
        guard number < Self.maximumPorts else { throw .portNumberOutOfRange(number) }
        let index = Int(number)
        growPorts(beyond: index)
        guard devices[index] == nil else { throw .portNumberInUse(number) }
        devices[index] = port
        senders[index] = port.sender(forThread: Int(self.number))
        state.pointee.ports[index] = PortState(
            queue: .allocate(capacity: PortState.queueCapacity))
    }

    /// Removes the port; packets that wait for it are dropped.
    public func removePort(_ number: UInt32) {
        let index = Int(number)
        guard index < devices.count, devices[index] != nil else { return }
        devices[index] = nil
        senders[index] = nil
        let port = state.pointee.ports + index
        for position in 0..<port.pointee.queued {
            if let packet = port.pointee.queue?[position] { pool.release(packet) }
        }
        port.pointee.discard()
        port.pointee = PortState()
    }

    /// The port with that number.
    public func port(_ number: UInt32) -> (any PacketPort)? {
        Int(number) < devices.count ? devices[Int(number)] : nil
    }

    /// What the datapath has counted on the port: packets received from it, handed to it, and
    /// dropped for want of a way to send them.
    public func counters(ofPort number: UInt32) -> PortCounters? {
        guard port(number) != nil else { return nil }
        return state.pointee.ports[Int(number)].counters
    }

    /// The numbers of all ports, ascending.
    public var portNumbers: [UInt32] {
        devices.indices.filter { devices[$0] != nil }.map { UInt32($0) }
    }

    private func growPorts(beyond index: Int) {
        let old = state.pointee.portCapacity
        if index >= old {
            var capacity = old
            while capacity <= index { capacity *= 2 }
            let larger = UnsafeMutablePointer<PortState>.allocate(capacity: capacity)
            larger.moveInitialize(from: state.pointee.ports, count: old)
            (larger + old).initialize(repeating: PortState(), count: capacity - old)
            state.pointee.ports.deallocate()
            state.pointee.ports = larger
            state.pointee.portCapacity = capacity
        }
        while devices.count < state.pointee.portCapacity {
            devices.append(nil)
            senders.append(nil)
        }
    }

    // MARK: Output

    /// Puts a packet into a port's queue; the hold goes over to the queue.
    @inline(__always)
    func enqueue(_ packet: PacketBuffer, _ number: UInt32) {
        guard Int(number) < state.pointee.portCapacity else { return dropForWantOfPort(packet) }
        let port = state.pointee.ports + Int(number)
        guard let queue = port.pointee.queue else { return dropForWantOfPort(packet) }
        if port.pointee.queued == 0 {
            state.pointee.busyPorts.append(number)
        } else if port.pointee.queued == PortState.queueCapacity {
            transmit(number)
        }
        queue[port.pointee.queued] = packet
        port.pointee.queued &+= 1
    }

    private func dropForWantOfPort(_ packet: PacketBuffer) {
        state.pointee.statistics.missingPortDrops &+= 1
        pool.release(packet)
    }

    /// Hands what waits in queues to the ports, one call for each.
    public func flush() {
        for index in 0..<state.pointee.busyPorts.count { transmit(state.pointee.busyPorts[index]) }
        state.pointee.busyPorts.removeAll()
        if !connections.isEmpty { connections.removeAll(keepingCapacity: true) }
        if !tunnels.isEmpty { tunnels.removeAll(keepingCapacity: true) }
    }

    /// Hands a port its queue, with offloads finished that it cannot do.
    private func transmit(_ number: UInt32) {
        let port = state.pointee.ports + Int(number)
        let count = port.pointee.queued
        guard count > 0, let queue = port.pointee.queue, let device = senders[Int(number)] else {
            return
        }
        port.pointee.queued = 0
        let offloads = device.offloads
        var octets: UInt64 = 0
        var isWorkNeeded = false
        for index in 0..<count {
            octets &+= UInt64(truncatingIfNeeded: queue[index].byteCount)
            if SoftwareOffload.isNeeded(for: queue[index], by: offloads) { isWorkNeeded = true }
        }
        state.pointee.statistics.sentPackets &+= UInt64(truncatingIfNeeded: count)
        state.pointee.statistics.sentBatches &+= 1
        port.pointee.counters.sentPackets &+= UInt64(truncatingIfNeeded: count)
        port.pointee.counters.sentOctets &+= octets
        guard isWorkNeeded else {
            device.transmit(UnsafeBufferPointer(start: queue, count: count))
            for index in 0..<count { pool.release(queue[index]) }
            return
        }
        finish(UnsafeBufferPointer(start: queue, count: count), port, offloads)
        device.transmit(finished.contents)
        finished.removeAll(releasingTo: pool)
    }

    private func finish(
        _ packets: UnsafeBufferPointer<PacketBuffer>, _ port: UnsafeMutablePointer<PortState>,
        _ offloads: PortOffloads
    ) {
        for packet in packets
        where !SoftwareOffload.finish(packet, for: offloads, pool: pool, into: &finished) {
            state.pointee.statistics.segmentationDrops &+= 1
            port.pointee.counters.sendDrops &+= 1
        }
    }
}
