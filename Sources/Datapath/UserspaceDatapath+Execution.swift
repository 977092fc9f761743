import ConnectionTracking
public import FlowModel

/// What is known of a packet on its way through its actions, besides its octets.
struct Execution {
    var inPort: UInt32
    var recirculationID: UInt32 = 0
    var mark: UInt32 = 0
    var priority: UInt32 = 0
    /// What `hash` has computed, or 0.
    var hash: UInt32 = 0
    /// How often the packet was recirculated.
    var depth = 0
    /// At most so many octets of the frame go out next.
    var cut = Int.max
    /// The place of what is known of its connection, or -1.
    var connection: Int32 = -1
    /// The place of what is known of the tunnel that it came through, or -1.
    var tunnel: Int32 = -1

    @inline(__always)
    init(inPort: UInt32) { self.inPort = inPort }

    init(_ key: PackedKey) {
        let port = key[word: KeyWord.inPort]
        inPort = UInt32(truncatingIfNeeded: port >> 32)
        recirculationID = UInt32(truncatingIfNeeded: port)
        let priority = key[word: KeyWord.priority]
        self.priority = UInt32(truncatingIfNeeded: priority >> 32)
        mark = UInt32(truncatingIfNeeded: priority)
        hash = UInt32(truncatingIfNeeded: key[word: KeyWord.datapathHash] >> 32)
    }

    var metadata: PacketParser.Metadata {
        var metadata = PacketParser.Metadata(inPort: inPort)
        metadata.recirculationID = recirculationID
        metadata.mark = mark
        metadata.priority = priority
        metadata.datapathHash = hash
        return metadata
    }
}

extension UserspaceDatapath {
    /// Executes actions on a packet, whose metadata `key` tells; the hold goes over.
    ///
    /// For packets of a controller, and for misses after their translation. Actions that the
    /// datapath does not support drop the packet.
    ///
    /// - Returns: whether all actions are supported.
    @discardableResult
    public func execute(
        _ packet: PacketBuffer, _ key: PackedKey, _ actions: [DatapathAction]
    ) -> Bool {
        guard let program = try? ActionProgram(actions) else {
            pool.release(packet)
            return false
        }
        var execution = Execution(key)
        packet.inPort = execution.inPort
        packet.packetType = UInt32(truncatingIfNeeded: key[word: KeyWord.packetType] >> 32)
        note(ConnectionState(key), &execution)
        note(TunnelMetadata(key), &execution)
        run(program, packet, &execution)
        program.deallocate()
        return true
    }

    /// Executes the actions of the flow in `slot` on a packet; the hold goes over.
    func runFlow(_ slot: Int, _ packet: PacketBuffer, _ execution: inout Execution) {
        guard let program = state.pointee.records[slot].program else {
            return pool.release(packet)
        }
        run(program.pointee, packet, &execution)
    }

    /// Executes a program on a packet; the hold goes over.
    @inline(__always)
    func run(_ program: ActionProgram, _ packet: PacketBuffer, _ execution: inout Execution) {
        guard let operations = program.operations else { return pool.release(packet) }
        if operations.pointee.isLast && operations.pointee.code == .output {
            enqueue(packet, operations.pointee.first)
            return
        }
        run(program, 0..<program.count, packet, &execution)
    }

    func run(
        _ program: ActionProgram, _ range: Range<Int>, _ packet: PacketBuffer,
        _ execution: inout Execution
    ) {
        guard let operations = program.operations else { return pool.release(packet) }
        var packet = packet
        var index = range.lowerBound
        while index < range.upperBound {
            let operation = operations + index
            let isLast = operation.pointee.isLast
            index &+= 1
            switch operation.pointee.code {
            case .output:
                output(packet, operation.pointee.first, isLast, &execution)
            case .userspace:
                guard let actions = program.userspace else { break }
                sendUp(packet, actions[Int(operation.pointee.first)], isLast, &execution)
            case .recirculate:
                if !isLast { packet.retain() }
                recirculate(packet, operation.pointee.first, execution)
            case .truncate:
                // No frame is shorter than its Ethernet header.
                execution.cut = max(Int(operation.pointee.first), 14)
            case .clone, .sample, .checkLength:
                let steps = branch(operation, packet, at: index)
                if !isLast { packet.retain() }
                var inner = execution
                run(program, steps.taken, packet, &inner)
                index = steps.end
            case .track:
                guard let orders = program.tracking else { break }
                let order = orders + Int(operation.pointee.first)
                let rest = index..<range.upperBound
                guard let tracked = track(packet, order, (program, rest, isLast), &execution)
                else { return }
                packet = tracked
            case .forget: execution.connection = -1
            case .setPriority: setPriority(operation, &execution)
            case .hash: hash(packet, operation, &execution)
            case .meter:
                guard let passed = metered(packet, operation.pointee.first) else { return }
                packet = passed
            case .pushTunnel:
                if isUnfinished(packet, for: operation) {
                    return runFinished(program, index &- 1..<range.upperBound, packet, execution)
                }
                guard let outer = pushTunnel(packet, operation, &execution) else { return }
                packet = outer
            case .popTunnel: popTunnel(packet, operation, execution)
            default:
                if operation.pointee.code.needsFinishedPacket,
                    SoftwareOffload.isNeeded(for: packet, by: [])
                {
                    return runFinished(program, index &- 1..<range.upperBound, packet, execution)
                }
                packet = pool.makeUnique(packet)
                guard rewrite(packet, operation) else {
                    state.pointee.statistics.headroomDrops &+= 1
                    pool.release(packet)
                    return
                }
            }
            if isLast {
                if !operation.pointee.code.consumesPacket { pool.release(packet) }
                return
            }
        }
        // Only an empty clone, and the branch that is not taken, have no last step.
        pool.release(packet)
    }

    /// Whether a tunnel's headers cannot be put before the packet as it is: each segment of a
    /// super-packet has its own, and a checksum may cover what is not complete.
    private func isUnfinished(
        _ packet: PacketBuffer, for operation: UnsafePointer<Operation>
    ) -> Bool {
        guard !packet.offload.isComplete, let data = operation.pointee.data else { return false }
        return packet.offload.segmentation != .none
            || TunnelOrder(word: data.pointee).needsFinishedPacket
    }

    /// Does what a packet's sender left undone, and goes on with what comes of it.
    func runFinished(
        _ program: ActionProgram, _ range: Range<Int>, _ packet: PacketBuffer,
        _ execution: Execution
    ) {
        var pieces = PacketList()
        if !SoftwareOffload.finish(packet, for: [], pool: pool, into: &pieces) {
            state.pointee.statistics.segmentationDrops &+= 1
        }
        for index in 0..<pieces.count {
            var inner = execution
            run(program, range, pieces[index], &inner)
        }
        pieces.removeAll()
    }

    /// The steps that are taken of those within an operation, and where the operation ends.
    @inline(__always)
    private func branch(
        _ operation: UnsafePointer<Operation>, _ packet: PacketBuffer, at start: Int
    ) -> (taken: Range<Int>, end: Int) {
        let count = Int(operation.pointee.second)
        switch operation.pointee.code {
        case .checkLength:
            return (
                operation.pointee.branch(of: packet, at: start),
                start &+ operation.pointee.branchCounts.sum
            )
        case .sample where !sampling.takes(operation.pointee.first):
            return (start..<start, start &+ count)
        default: return (start..<(start &+ count), start &+ count)
        }
    }

    @inline(__always)
    private func output(
        _ packet: PacketBuffer, _ port: UInt32, _ isLast: Bool, _ execution: inout Execution
    ) {
        guard packet.byteCount <= execution.cut else {
            enqueue(truncated(packet, isLast, execution.cut), port)
            execution.cut = .max
            return
        }
        execution.cut = .max
        if !isLast { packet.retain() }
        enqueue(packet, port)
    }

    /// A packet with the first `byteCount` octets only.
    ///
    /// What its sender left undone is left so: it cannot be done without the rest.
    private func truncated(_ packet: PacketBuffer, _ isLast: Bool, _ byteCount: Int) -> PacketBuffer
    {
        if !isLast { packet.retain() }
        let own = pool.makeUnique(packet)
        own.byteCount = byteCount
        own.offload = PacketOffload()
        return own
    }

    /// Sends a packet up as it would look on a wire.
    ///
    /// A controller that sends it back knows nothing of what its sender left undone: checksums are
    /// completed and super-packets cut first.
    private func sendUp(
        _ packet: PacketBuffer, _ action: UserspaceAction, _ isLast: Bool,
        _ execution: inout Execution
    ) {
        let key = keys + (Self.keyCount - 2)
        parse(packet, execution, into: key)
        let cut = execution.cut
        execution.cut = .max
        if !isLast { packet.retain() }
        if SoftwareOffload.isNeeded(for: packet, by: []) {
            if !SoftwareOffload.finish(packet, for: [], pool: pool, into: &finished) {
                state.pointee.statistics.segmentationDrops &+= 1
            }
            for index in 0..<finished.count {
                addUpcall(shortened(finished[index], cut), key, action)
            }
            finished.removeAll()
        } else {
            addUpcall(shortened(packet, cut), key, action)
        }
    }

    private func shortened(_ packet: PacketBuffer, _ cut: Int) -> PacketBuffer {
        packet.byteCount > cut ? truncated(packet, true, cut) : packet
    }

    func parse(
        _ packet: PacketBuffer, _ execution: Execution, into key: UnsafeMutablePointer<PackedKey>
    ) {
        let frame = RawSpan(_unsafeStart: packet.start, byteCount: packet.byteCount)
        var metadata = execution.metadata
        metadata.packetType = packet.packetType
        metadata.maximumTags = maximumTags
        PacketParser.parse(frame, metadata, into: &key.pointee)
        if execution.connection >= 0 {
            connections[Int(execution.connection)].write(to: &key.pointee)
        }
        if execution.tunnel >= 0 { tunnels[Int(execution.tunnel)].write(to: &key.pointee) }
    }

    private func recirculate(_ packet: PacketBuffer, _ id: UInt32, _ execution: Execution) {
        guard execution.depth < Self.maximumRecirculations else {
            state.pointee.statistics.recirculationDrops &+= 1
            pool.release(packet)
            return
        }
        state.pointee.statistics.recirculations &+= 1
        var inner = execution
        inner.depth &+= 1
        inner.recirculationID = id
        inner.cut = .max
        let key = keys + (PacketBatch.capacity &+ inner.depth &- 1)
        parse(packet, inner, into: key)
        let slot = find(key)
        guard slot >= 0 else {
            addMiss(packet, key)
            return
        }
        count(packet, key, slot)
        runFlow(slot, packet, &inner)
    }

    private func hash(
        _ packet: PacketBuffer, _ operation: UnsafePointer<Operation>,
        _ execution: inout Execution
    ) {
        let key = keys + (Self.keyCount - 2)
        parse(packet, execution, into: key)
        execution.hash = PacketHash.hash(
            key, isSymmetric: operation.pointee.second == 1, basis: operation.pointee.first)
    }

    /// Has a meter look at a packet, which it drops, or gives back, perhaps changed.
    private func metered(_ packet: PacketBuffer, _ number: UInt32) -> PacketBuffer? {
        switch verdict(ofMeter: number, on: packet, now: state.pointee.now) {
        case .pass: return packet
        case .drop:
            pool.release(packet)
            return nil
        case .remark(let levels):
            let own = pool.makeUnique(packet)
            HeaderRewriter.raiseDropPrecedence(of: own, by: levels)
            return own
        }
    }

    private func setPriority(
        _ operation: UnsafePointer<Operation>, _ execution: inout Execution
    ) {
        guard let data = operation.pointee.data else { return }
        execution.priority = HeaderRewriter.merge(execution.priority, data, 0, shift: 32)
        execution.mark = HeaderRewriter.merge(execution.mark, data, 0, shift: 0)
    }

    /// Changes a packet's headers.
    ///
    /// - Returns: false if there is no room for one more.
    private func rewrite(
        _ packet: PacketBuffer, _ operation: UnsafePointer<Operation>
    ) -> Bool {
        let first = operation.pointee.first
        let type = UInt16(truncatingIfNeeded: first)
        switch operation.pointee.code {
        case .pushVLAN:
            let tpid = UInt16(truncatingIfNeeded: first &>> 16)
            return TagRewriter.pushVLAN(packet, tpid: tpid, tci: type)
        case .pushMPLS:
            return TagRewriter.pushMPLS(packet, entry: operation.pointee.second, type: type)
        case .popVLAN: TagRewriter.popVLAN(packet)
        case .popMPLS: TagRewriter.popMPLS(packet, type: type)
        case .addMPLS, .pushEthernet, .popEthernet, .pushNSH, .popNSH, .pushPBB, .popPBB,
            .copyTTL:
            return EncapsulationRewriter.rewrite(packet, operation)
        default:
            guard let data = operation.pointee.data else { return true }
            setHeader(packet, operation.pointee.code, UInt8(truncatingIfNeeded: first), data)
        }
        return true
    }

    private func setHeader(
        _ packet: PacketBuffer, _ code: Operation.Code, _ ipProtocol: UInt8,
        _ data: HeaderRewriter.Data
    ) {
        switch code {
        case .setEthernet: HeaderRewriter.setEthernet(packet, data)
        case .setMPLS: HeaderRewriter.setMPLS(packet, data)
        case .setARP: HeaderRewriter.setARP(packet, data)
        case .setIPv4: HeaderRewriter.setIPv4(packet, data)
        case .setIPv6: HeaderRewriter.setIPv6(packet, data)
        case .setPorts: HeaderRewriter.setPorts(packet, ipProtocol, data)
        case .setICMP: HeaderRewriter.setICMP(packet, ipProtocol, data)
        case .setND: HeaderRewriter.setND(packet, data)
        case .setNSH: HeaderRewriter.setNSH(packet, data)
        case .setPBB: HeaderRewriter.setPBB(packet, data)
        default: return
        }
    }
}

extension Operation.Code {
    /// Whether the step hides headers that are needed to finish what a packet's sender left undone.
    @inline(__always)
    var needsFinishedPacket: Bool {
        switch self {
        case .pushMPLS, .addMPLS, .popEthernet, .pushNSH, .pushPBB: true
        default: false
        }
    }

    /// Whether the step takes the hold on the packet if it is the last.
    @inline(__always)
    var consumesPacket: Bool {
        switch self {
        case .output, .userspace, .recirculate, .clone, .sample, .checkLength, .popTunnel: true
        default: false
        }
    }
}
