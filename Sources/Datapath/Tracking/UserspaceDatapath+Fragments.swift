import Bytes
import ConnectionTracking
import FlowModel

/// Fragments before the action `ct`.
extension UserspaceDatapath {
    /// How fragments are handled.
    public var fragmentSettings: FragmentSettings {
        get { fragments.settings }
        set { fragments.settings = newValue }
    }

    /// How many fragments are held, what was counted, and the packets that wait for more.
    public var heldFragmentCount: Int { fragments.count }
    public var fragmentStatistics: (ipv4: FragmentStatistics, ipv6: FragmentStatistics) {
        fragments.statistics
    }
    public var fragmentLists: [FragmentList] { fragments.lists }

    /// Drops fragments whose others have not come in time.
    public func expireFragments(now: UInt64) {
        fragments.expire(now, releasingTo: pool)
    }

    /// What becomes of a packet that may be a fragment.
    enum FragmentOutcome {
        /// It is whole, or cannot be held; it is tracked as it is.
        case passes
        case held
        /// All fragments of a packet, tracked.
        case complete([PacketBuffer])
    }

    /// Holds a fragment, or has the tracker look at the packet that it completes.
    func collect(
        _ packet: PacketBuffer, _ reader: TrackedPacketReader,
        _ order: UnsafePointer<TrackingOrder>, _ execution: inout Execution
    ) -> FragmentOutcome {
        guard reader.isWhole == false, reader.hasRightHeaderChecksum,
            var fragment = Fragment(packet, reader.layers)
        else { return .passes }
        fragment.key.zone = order.pointee.zone
        fragment.key.recirculationID = execution.recirculationID
        // What is held is held by nobody else: its octets change if it is translated.
        let now = state.pointee.now
        fragments.expire(now, releasingTo: pool)
        switch fragments.add(packet, fragment, now: now) {
        case .invalid: return .passes
        case .held: return .held
        case .complete(let pieces):
            return .complete(track(pieces, order, &execution))
        }
    }

    private func track(
        _ pieces: [FragmentStore.Piece], _ order: UnsafePointer<TrackingOrder>,
        _ execution: inout Execution
    ) -> [PacketBuffer] {
        let previous = execution.connection >= 0 ? connections[Int(execution.connection)] : nil
        guard let whole = reassemble(pieces) else {
            let verdict = tracker.track(nil, order.pointee, previous, now: state.pointee.now)
            note(verdict.state, &execution)
            return pieces.map(\.packet)
        }
        defer { pool.release(whole.packet) }
        let reader = TrackedPacketReader(whole.packet)
        let verdict = tracker.track(reader.read(), order.pointee, previous, now: state.pointee.now)
        note(verdict.state, &execution)
        guard verdict.isTranslated else { return pieces.map(\.packet) }
        TupleRewriter.rewrite(whole.packet, reader.layers, verdict)
        return pieces.map { piece in
            let own = pool.makeUnique(piece.packet)
            let target = own.start + piece.fragment.payload
            let source = whole.packet.start + whole.payload + piece.fragment.range.lowerBound
            target.copyMemory(from: source, byteCount: piece.fragment.range.count)
            TupleRewriter.copyAddresses(
                from: whole.packet, at: reader.layers.network, to: own, FrameLayers(own).network)
            return own
        }
    }

    /// The packet that was cut into `pieces`, which stay as they are, and where its payload lies.
    private func reassemble(
        _ pieces: [FragmentStore.Piece]
    ) -> (packet: PacketBuffer, payload: Int)? {
        guard let first = pieces.first, let last = pieces.last else { return nil }
        let layers = FrameLayers(first.packet)
        let fragment = first.fragment
        let payload = fragment.key.isIPv6 ? fragment.header : fragment.payload
        let byteCount = payload + last.fragment.range.upperBound
        guard byteCount - layers.network <= 65535 else { return nil }
        let whole = pool.allocate()
        guard byteCount <= whole.tailroom else {
            pool.release(whole)
            return nil
        }
        whole.byteCount = byteCount
        whole.packetType = first.packet.packetType
        whole.start.copyMemory(from: first.packet.start, byteCount: payload)
        for piece in pieces {
            (whole.start + payload + piece.fragment.range.lowerBound).copyMemory(
                from: piece.packet.start + piece.fragment.payload,
                byteCount: piece.fragment.range.count)
        }
        let total = UInt16(truncatingIfNeeded: byteCount - layers.network)
        if fragment.key.isIPv6 {
            whole.store(fragment.key.ipProtocol, at: fragment.nextHeader)
            whole.store(total - 40, at: layers.network + 4)
        } else {
            whole.store(total, at: layers.network + 2)
            whole.store(0 as UInt16, at: layers.network + 6)
            whole.store(0 as UInt16, at: layers.network + 10)
            var sum = InternetChecksum()
            sum.add(whole, layers.network..<payload)
            whole.store(sum.value, at: layers.network + 10)
        }
        return (whole, payload)
    }
}
