import Bytes

/// The start of every message (OpenFlow 1.0 §5.1).
///
/// ```
///  0        8        16               32
/// +--------+--------+----------------+----------------+
/// | version| type   | length         | xid            |
/// +--------+--------+----------------+----------------+
/// ```
public struct MessageHeader: Hashable, Sendable {
    public static var byteCount: Int { 8 }

    private static var versionField: WireField<UInt8> { .init(at: 0) }
    private static var typeField: WireField<UInt8> { .init(at: 1) }
    private static var lengthField: WireField<UInt16> { .init(at: 2) }
    private static var xidField: WireField<UInt32> { .init(at: 4) }

    public var version: OpenFlowVersion
    public var type: UInt8
    public var length: Int
    public var xid: UInt32

    /// Reads the header, if the octets are as many as it takes.
    public init?(_ octets: [UInt8]) { self.init(octets.span.octets) }

    /// Reads the header, if the octets are as many as it takes.
    public init?(_ octets: ArraySlice<UInt8>) { self.init(octets.span.octets) }

    // Not generic: another module would ask for the types of each message at run time.
    private init?(_ span: RawSpan) {
        guard span.byteCount >= Self.byteCount else { return nil }
        version = OpenFlowVersion(rawValue: span[Self.versionField])
        type = span[Self.typeField]
        length = Int(span[Self.lengthField])
        xid = span[Self.xidField]
    }

    /// Whether the message is a hello, whose version may be any.
    public var isHello: Bool { type == 0 }
    public var isError: Bool { type == 1 }
}

/// Cuts a stream of octets into messages.
///
/// Octets may come in pieces of any size. A header whose length is less than its own ends the
/// stream, for there is no telling where the next message starts.
public struct OpenFlowFramer: Sendable {
    /// More than one message, so that a fast peer costs no copy per message.
    private static var compactionThreshold: Int { 1 << 16 }

    private var buffer: [UInt8] = []
    private var start = 0

    public init() {}

    /// Octets that have come and belong to no message yet.
    public var pendingByteCount: Int { buffer.count - start }

    /// Those octets.
    public var pendingOctets: [UInt8] { Array(buffer[start...]) }

    public mutating func append(_ octets: some Sequence<UInt8>) {
        if start > 0, start == buffer.count || start >= Self.compactionThreshold {
            buffer.removeSubrange(..<start)
            start = 0
        }
        buffer.append(contentsOf: octets)
    }

    /// The next whole message, header and all; `nil` until more octets come.
    public mutating func next() throws(OpenFlowError) -> [UInt8]? {
        guard buffer.count - start >= 4 else { return nil }
        let length = Int(buffer[start + 2]) << 8 | Int(buffer[start + 3])
        guard length >= MessageHeader.byteCount else { throw .requestBadLength }
        guard buffer.count - start >= length else { return nil }
        defer { start += length }
        return Array(buffer[start..<(start + length)])
    }
}
