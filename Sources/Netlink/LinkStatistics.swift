import Bytes

/// What the kernel counted of a device (`struct rtnl_link_stats64`).
public struct LinkStatistics: Hashable, Sendable {
    /// How many counters every kernel since 2.6.35 has.
    static let minimumCount = 23

    public var receivedPackets: UInt64 = 0
    public var sentPackets: UInt64 = 0
    public var receivedOctets: UInt64 = 0
    public var sentOctets: UInt64 = 0
    public var receiveErrors: UInt64 = 0
    public var sendErrors: UInt64 = 0
    public var receiveDrops: UInt64 = 0
    public var sendDrops: UInt64 = 0
    public var multicast: UInt64 = 0
    public var collisions: UInt64 = 0
    public var receiveLengthErrors: UInt64 = 0
    public var receiveOverErrors: UInt64 = 0
    public var receiveChecksumErrors: UInt64 = 0
    public var receiveFrameErrors: UInt64 = 0
    public var receiveQueueErrors: UInt64 = 0
    public var receiveMissedErrors: UInt64 = 0
    public var sendAbortedErrors: UInt64 = 0
    public var sendCarrierErrors: UInt64 = 0
    public var sendQueueErrors: UInt64 = 0
    public var sendHeartbeatErrors: UInt64 = 0
    public var sendWindowErrors: UInt64 = 0

    public init() {}

    /// The counters in the kernel's order.
    private static var order: [WritableKeyPath<LinkStatistics, UInt64>] {
        [
            \.receivedPackets, \.sentPackets, \.receivedOctets, \.sentOctets,
            \.receiveErrors, \.sendErrors, \.receiveDrops, \.sendDrops,
            \.multicast, \.collisions,
            \.receiveLengthErrors, \.receiveOverErrors, \.receiveChecksumErrors,
            \.receiveFrameErrors, \.receiveQueueErrors, \.receiveMissedErrors,
            \.sendAbortedErrors, \.sendCarrierErrors, \.sendQueueErrors,
            \.sendHeartbeatErrors, \.sendWindowErrors,
        ]
    }

    init?(_ octets: [UInt8]) {
        guard octets.count >= Self.minimumCount * 8 else { return nil }
        let bytes = octets.span.octets
        for (index, counter) in Self.order.enumerated() {
            self[keyPath: counter] = bytes.native(UInt64.self, at: index * 8)
        }
    }

    var octets: [UInt8] {
        var octets: [UInt8] = []
        for counter in Self.order { octets.append(native: self[keyPath: counter]) }
        return octets + [UInt8](repeating: 0, count: Self.minimumCount * 8 - octets.count)
    }
}
