/// What the datapath's `ct(...)` asks of the connection tracker.
public struct DatapathTracking: Hashable, Sendable {
    /// Whether the connection is remembered beyond this packet.
    public var isCommitted = false
    /// Whether the packet's direction becomes the connection's; implies ``isCommitted``.
    public var isForced = false
    public var zone: UInt16 = 0
    /// The connection's mark, and which bits of it are set.
    public var mark: UInt32 = 0
    public var markMask: UInt32 = 0
    /// The connection's label, and which bits of it are set.
    public var label: UInt128 = 0
    public var labelMask: UInt128 = 0
    /// The protocol whose further connections are expected.
    public var helper: String?
    public var translation: AddressTranslation?

    public init() {}
}
