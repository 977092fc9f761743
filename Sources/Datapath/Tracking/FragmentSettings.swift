/// How fragments are handled (ovs-dpctl(8), `ipf-...`).
public struct FragmentSettings: Hashable, Sendable {
    public struct Family: Hashable, Sendable {
        public var isEnabled = true
        /// Octets of an IP packet that is a fragment, unless it is the last.
        public var minimumByteCount: Int
    }

    public var ipv4 = Family(minimumByteCount: 1200)
    public var ipv6 = Family(minimumByteCount: 1280)
    /// How many fragments are held at once.
    public var maximumCount = 1000

    /// Smaller limits than these are refused.
    public static let leastByteCount = 400
    /// More fragments than these are not held.
    public static let greatestCount = 5000
}

/// What was counted of one family's fragments.
public struct FragmentStatistics: Hashable, Sendable {
    public var accepted: UInt64 = 0
    public var completed: UInt64 = 0
    public var expired: UInt64 = 0
    public var tooSmall: UInt64 = 0
    public var overlapped: UInt64 = 0
}

/// A packet of which fragments are held.
public struct FragmentList: Hashable, Sendable {
    public let source: UInt128
    public let destination: UInt128
    public let isIPv6: Bool
    public let identification: UInt32
    public let ipProtocol: UInt8
    public let zone: UInt16
    public let recirculationID: UInt32
    public let count: Int
    public let hasFirst: Bool
    public let hasLast: Bool
}
