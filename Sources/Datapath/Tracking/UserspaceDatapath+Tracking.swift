import ConnectionTracking
import FlowModel

/// The action `ct`.
extension UserspaceDatapath {
    /// Has the tracker look at a packet.
    ///
    /// - Returns: the packet, or a copy of it that is translated.
    func track(
        _ packet: PacketBuffer, _ order: UnsafePointer<TrackingOrder>,
        _ execution: inout Execution
    ) -> PacketBuffer {
        let reader = TrackedPacketReader(packet)
        let previous = execution.connection >= 0 ? connections[Int(execution.connection)] : nil
        let verdict = tracker.track(
            reader.read(), order.pointee, previous, now: state.pointee.now)
        note(verdict.state, &execution)
        guard verdict.isTranslated else { return packet }
        let own = pool.makeUnique(packet)
        TupleRewriter.rewrite(own, reader.layers, verdict)
        return own
    }

    /// Remembers what is known of a packet's connection until the batch is done.
    func note(_ known: ConnectionState?, _ execution: inout Execution) {
        guard let known else { return }
        execution.connection = Int32(truncatingIfNeeded: connections.count)
        connections.append(known)
    }
}
