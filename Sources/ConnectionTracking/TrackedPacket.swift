/// What the tracker needs to know of a packet.
public struct TrackedPacket {
    /// Its tuple, without a zone.
    ///
    /// Of an ICMP error, that of the packet that would answer the one within.
    public var key = ConnectionKey()
    /// Whether it is an ICMP error, which belongs to the connection of the packet within.
    public var isRelated = false
    public var segment = TCPSegment()
    /// What a helper may read, of packets that say something.
    public var payload = UnsafeRawBufferPointer(start: nil, count: 0)

    @inlinable @inline(__always)
    public init() {}

    public init(_ key: ConnectionKey, _ segment: TCPSegment = TCPSegment()) {
        self.key = key
        self.segment = segment
    }
}

/// What the tracker looks at in a TCP header (RFC 9293 §3.1).
public struct TCPSegment: Sendable {
    public var sequenceNumber: UInt32 = 0
    public var acknowledgement: UInt32 = 0
    /// As it stands in the header.
    public var window: UInt16 = 0
    public var flags: UInt8 = 0
    /// The shift count of a window scale option (RFC 7323 §2.2), at most 14, or `nil`.
    public var windowShift: UInt8?
    /// Octets behind the header.
    public var payloadByteCount: UInt32 = 0

    @inlinable @inline(__always)
    public init() {}

    static var fin: UInt8 { 0x01 }
    static var syn: UInt8 { 0x02 }
    static var rst: UInt8 { 0x04 }
    static var psh: UInt8 { 0x08 }
    static var ack: UInt8 { 0x10 }
    static var urg: UInt8 { 0x20 }

    @inline(__always)
    func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    /// Whether the flags are such as no sender means.
    var hasImpossibleFlags: Bool {
        if has(Self.syn) {
            if has(Self.rst | Self.fin) { return true }
        } else if !has(Self.ack | Self.rst) {
            return true
        }
        return !has(Self.ack) && has(Self.fin | Self.psh | Self.urg)
    }

    /// Whether the segment may begin a connection: a SYN, or one from the middle of a connection,
    /// but not the second of its three.
    var mayBegin: Bool {
        !hasImpossibleFlags && !(has(Self.syn) && has(Self.ack))
    }
}
