/// A message of the vhost-user protocol, of either side.
///
/// ```
///      0         4         8          12
///     +---------+---------+----------+------------
///     | request |  flags  |  length  | payload ...      in the machine's byte order
///     +---------+---------+----------+------------
/// ```
struct VhostMessage {
    static let headerByteCount = 12
    /// A table of eight regions is the longest that is understood.
    static let maximumPayload = 8 + VhostMemory.maximumRegions * 32

    /// Numbers of the "Vhost-user Protocol" specification.
    struct Request: RawRepresentable, Hashable {
        let rawValue: UInt32
        init(rawValue: UInt32) { self.rawValue = rawValue }

        static let getFeatures = Self(rawValue: 1)
        static let setFeatures = Self(rawValue: 2)
        static let setOwner = Self(rawValue: 3)
        static let resetOwner = Self(rawValue: 4)
        static let setMemoryTable = Self(rawValue: 5)
        static let setRingSize = Self(rawValue: 8)
        static let setRingAddresses = Self(rawValue: 9)
        static let setRingBase = Self(rawValue: 10)
        static let getRingBase = Self(rawValue: 11)
        static let setRingKick = Self(rawValue: 12)
        static let setRingCall = Self(rawValue: 13)
        static let setRingError = Self(rawValue: 14)
        static let getProtocolFeatures = Self(rawValue: 15)
        static let setProtocolFeatures = Self(rawValue: 16)
        static let getQueueCount = Self(rawValue: 17)
        static let setRingEnabled = Self(rawValue: 18)
        static let sendRARP = Self(rawValue: 19)
        static let setMTU = Self(rawValue: 20)
    }

    private static let version: UInt32 = 1
    private static let versionMask: UInt32 = 3
    private static let replyFlag: UInt32 = 4
    private static let needsReplyFlag: UInt32 = 8

    var request: Request
    var isReply = false
    var needsReply = false
    var payload: [UInt8] = []

    init(_ request: Request, _ payload: [UInt8] = []) {
        self.request = request
        self.payload = payload
    }

    init(_ request: Request, _ number: UInt64) {
        self.init(request, withUnsafeBytes(of: number) { [UInt8]($0) })
    }

    /// The header, and how many octets of payload follow it; `nil` if it is none.
    init?(header: [UInt8], payloadByteCount: inout Int) {
        guard header.count == Self.headerByteCount else { return nil }
        let words = header.withUnsafeBytes { octets in
            (0..<3).map { octets.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        }
        guard words[1] & Self.versionMask == Self.version, words[2] <= Self.maximumPayload else {
            return nil
        }
        request = Request(rawValue: words[0])
        isReply = words[1] & Self.replyFlag != 0
        needsReply = words[1] & Self.needsReplyFlag != 0
        payloadByteCount = Int(words[2])
    }

    var octets: [UInt8] {
        var flags = Self.version
        if isReply { flags |= Self.replyFlag }
        if needsReply { flags |= Self.needsReplyFlag }
        var octets: [UInt8] = []
        for word in [request.rawValue, flags, UInt32(payload.count)] {
            withUnsafeBytes(of: word) { octets += $0 }
        }
        return octets + payload
    }

    /// A number of the payload; 0 where that is shorter.
    func number<Number: FixedWidthInteger>(at offset: Int, as: Number.Type) -> Number {
        guard offset + MemoryLayout<Number>.size <= payload.count else { return 0 }
        return payload.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: offset, as: Number.self)
        }
    }
}
