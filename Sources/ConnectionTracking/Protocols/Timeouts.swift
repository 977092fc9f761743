/// What a connection's time to live depends on.
public enum TimeoutKind: UInt8, CaseIterable, Sendable {
    case tcpFirst, tcpOpening, tcpEstablished, tcpClosing, tcpFinWait, tcpClosed
    case otherFirst, otherMultiple, otherAnswered
    case icmpFirst, icmpAnswered
}

/// How long connections live without packets, in milliseconds.
public struct TrackingTimeouts: Hashable, Sendable {
    private var values: [UInt64]

    /// The defaults of OVS's userspace tracker.
    public init() {
        values = [30, 30, 86400, 900, 45, 30, 60, 60, 30, 60, 30].map { $0 * 1000 }
    }

    public subscript(kind: TimeoutKind) -> UInt64 {
        get { values[Int(kind.rawValue)] }
        set { values[Int(kind.rawValue)] = newValue }
    }
}
