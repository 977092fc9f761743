import ConnectionTracking
import FlowModel

/// The action `ct`.
extension UserspaceDatapath {
    /// Has the tracker look at a packet.
    ///
    /// - Parameter rest: what is still to be done, which the fragments of a packet do when it is
    ///   complete.
    /// - Returns: the packet, or a copy of it that is translated; `nil` for a fragment.
    func track(
        _ packet: PacketBuffer, _ order: UnsafePointer<TrackingOrder>,
        _ rest: (program: ActionProgram, range: Range<Int>, isLast: Bool),
        _ execution: inout Execution
    ) -> PacketBuffer? {
        let reader = TrackedPacketReader(packet)
        if reader.isWhole == false {
            switch collect(packet, reader, order, &execution) {
            case .passes: break
            case .held: return nil
            case .complete(let pieces):
                for piece in pieces {
                    var inner = execution
                    inner.inPort = piece.inPort
                    if rest.isLast {
                        pool.release(piece)
                    } else {
                        run(rest.program, rest.range, piece, &inner)
                    }
                }
                return nil
            }
        }
        let previous = execution.connection >= 0 ? connections[Int(execution.connection)] : nil
        let verdict = tracker.track(
            reader.read(), order.pointee, previous, now: state.pointee.now)
        note(verdict.state, &execution)
        guard verdict.isTranslated else { return packet }
        let own = pool.makeUnique(packet)
        TupleRewriter.rewrite(own, reader.layers, verdict)
        if verdict.changesStream {
            ControlStreamRewriter.rewrite(own, verdict, tracker.takeEdit(of: verdict))
        }
        return own
    }

    /// Remembers what is known of a packet's connection until the batch is done.
    func note(_ known: ConnectionState?, _ execution: inout Execution) {
        guard let known else { return }
        execution.connection = Int32(truncatingIfNeeded: connections.count)
        connections.append(known)
    }
}
