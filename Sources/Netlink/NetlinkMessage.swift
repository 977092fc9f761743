import Bytes

/// What is wrong with octets that should be netlink messages.
public enum NetlinkError: Error, Hashable, Sendable {
    /// The octets end before the message, or before what every message of its type has.
    case truncated
    /// A length is smaller than the header that it counts.
    case badLength
}

/// A netlink message (RFC 3549 §2.3.2): a header and a body.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------------------------------+-------------------------------+
///     |                            length                             |
///     +-------------------------------+-------------------------------+
///     |             type              |             flags             |
///     +-------------------------------+-------------------------------+
///     |                        sequence number                        |
///     +---------------------------------------------------------------+
///     |                            port ID                            |
///     +---------------------------------------------------------------+
public struct NetlinkMessage: Hashable, Sendable {
    /// A message's type; those of routing netlink have names here.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The answer to a request: an error number, or zero.
        public static var error: Self { .init(rawValue: 2) }
        /// The end of a dump.
        public static var done: Self { .init(rawValue: 3) }
        public static var newLink: Self { .init(rawValue: 16) }
        public static var deleteLink: Self { .init(rawValue: 17) }
        public static var getLink: Self { .init(rawValue: 18) }
        public static var setLink: Self { .init(rawValue: 19) }
        public static var newAddress: Self { .init(rawValue: 20) }
        public static var deleteAddress: Self { .init(rawValue: 21) }
        public static var getAddress: Self { .init(rawValue: 22) }
        public static var newRoute: Self { .init(rawValue: 24) }
        public static var deleteRoute: Self { .init(rawValue: 25) }
        public static var getRoute: Self { .init(rawValue: 26) }
        public static var newNeighbour: Self { .init(rawValue: 28) }
        public static var deleteNeighbour: Self { .init(rawValue: 29) }
        public static var getNeighbour: Self { .init(rawValue: 30) }
    }

    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        public static var request: Self { .init(rawValue: 0x1) }
        /// The message is one of several that ``Kind/done`` ends.
        public static var multipart: Self { .init(rawValue: 0x2) }
        public static var acknowledge: Self { .init(rawValue: 0x4) }
        /// A dump changed while it was made, and should be asked for again.
        public static var dumpInterrupted: Self { .init(rawValue: 0x10) }
        /// Ask for all entries.
        public static var dump: Self { .init(rawValue: 0x300) }
        public static var replace: Self { .init(rawValue: 0x100) }
        public static var exclusive: Self { .init(rawValue: 0x200) }
        public static var create: Self { .init(rawValue: 0x400) }
    }

    public static let headerByteCount = 16

    public var kind: Kind
    public var flags: Flags
    public var sequenceNumber: UInt32
    public var port: UInt32
    public var body: [UInt8]

    public init(
        _ kind: Kind,
        flags: Flags = [],
        sequenceNumber: UInt32 = 0,
        port: UInt32 = 0,
        body: [UInt8] = []
    ) {
        self.kind = kind
        self.flags = flags
        self.sequenceNumber = sequenceNumber
        self.port = port
        self.body = body
    }

    /// The messages of one datagram.
    public static func parse(_ octets: [UInt8]) throws(NetlinkError) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var start = 0
        let bytes = octets.span.octets
        while start < octets.count {
            guard octets.count - start >= headerByteCount else { throw .truncated }
            let length = Int(bytes.native(UInt32.self, at: start))
            guard length >= headerByteCount else { throw .badLength }
            guard length <= octets.count - start else { throw .truncated }
            messages.append(
                NetlinkMessage(
                    Kind(rawValue: bytes.native(UInt16.self, at: start + 4)),
                    flags: Flags(rawValue: bytes.native(UInt16.self, at: start + 6)),
                    sequenceNumber: bytes.native(UInt32.self, at: start + 8),
                    port: bytes.native(UInt32.self, at: start + 12),
                    body: Array(octets[(start + headerByteCount)..<(start + length)])
                )
            )
            start += (length + 3) & ~3
        }
        return messages
    }

    public var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.append(native: UInt32(Self.headerByteCount + body.count))
        octets.append(native: kind.rawValue)
        octets.append(native: flags.rawValue)
        octets.append(native: sequenceNumber)
        octets.append(native: port)
        octets += body
        octets.pad()
        return octets
    }

    /// The error number of an answer, 0 being a success; `nil` for other messages.
    public var errorCode: Int32? {
        guard kind == .error, body.count >= 4 else { return nil }
        return -body.span.octets.native(Int32.self, at: 0)
    }
}
