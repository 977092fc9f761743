import ConnectionTracking
import FlowModel

/// A tracker and packets for it.
struct Traffic {
    let tracker = ConnectionTracker(seed: 1)
    var now: UInt64 = 1_000_000

    static let client: UInt128 = 0x0a00_0001
    static let server: UInt128 = 0x0a00_0002

    static func key(
        _ proto: UInt8 = 17, from source: UInt128 = client, _ sourcePort: UInt16 = 1000,
        to destination: UInt128 = server, _ destinationPort: UInt16 = 53
    ) -> ConnectionKey {
        ConnectionKey(
            isIPv6: false, ipProtocol: proto, source: source, destination: destination,
            ports: (sourcePort, destinationPort))
    }

    static func tcp(_ flags: UInt8, _ sequence: UInt32 = 0, _ acknowledgement: UInt32 = 0)
        -> TCPSegment
    {
        var segment = TCPSegment()
        segment.flags = flags
        segment.sequenceNumber = sequence
        segment.acknowledgement = acknowledgement
        segment.window = 1000
        return segment
    }

    static var commit: DatapathTracking {
        var order = DatapathTracking()
        order.isCommitted = true
        return order
    }

    func send(
        _ key: ConnectionKey, _ segment: TCPSegment = TCPSegment(),
        _ order: DatapathTracking = DatapathTracking(), after state: ConnectionState? = nil
    ) -> TrackingVerdict {
        tracker.track(TrackedPacket(key, segment), TrackingOrder(order), state, now: now)
    }

    /// The flags that the tracker gives a packet.
    func flags(
        _ key: ConnectionKey, _ segment: TCPSegment = TCPSegment(),
        _ order: DatapathTracking = DatapathTracking()
    ) -> ConnectionFlags {
        send(key, segment, order).state.flags
    }

    var records: [ConnectionRecord] { tracker.records(ConnectionSelection(), now: now) }
}
