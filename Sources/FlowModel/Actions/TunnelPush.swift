/// What `tnl_push(...)` puts before a packet: the outer headers, whole but for what each packet
/// decides (lengths, checksums, the UDP source port, the sequence number).
public struct TunnelPush: Hashable, Sendable {
    /// How the header between IP and the packet is built, by OVS's numbers.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static var gre: Self { .init(rawValue: 3) }
        public static var vxlan: Self { .init(rawValue: 4) }
        public static var geneve: Self { .init(rawValue: 5) }
        public static var lisp: Self { .init(rawValue: 105) }
        public static var stt: Self { .init(rawValue: 106) }
        public static var erspan: Self { .init(rawValue: 107) }
        public static var ip6erspan: Self { .init(rawValue: 108) }
        public static var ip6gre: Self { .init(rawValue: 109) }
        public static var gtpu: Self { .init(rawValue: 110) }
        public static var bareudp: Self { .init(rawValue: 111) }
        public static var srv6: Self { .init(rawValue: 112) }
    }

    /// As long as a header may be: Geneve's options can have 252 octets.
    public static var maximumByteCount: Int { 14 + 40 + 8 + 8 + 252 }

    /// The datapath port of the tunnel.
    public let tunnelPort: UInt32
    /// The datapath port where the outer packet comes up.
    public let outputPort: UInt32
    public let kind: Kind
    /// Ethernet, IP and what follows.
    public let header: [UInt8]

    public init(tunnelPort: UInt32, outputPort: UInt32, kind: Kind, header: [UInt8]) {
        self.tunnelPort = tunnelPort
        self.outputPort = outputPort
        self.kind = kind
        self.header = header
    }

    public var isIPv6: Bool { header.count > 13 && header[12] == 0x86 && header[13] == 0xdd }
    /// Where what follows the IP header begins; `nil` if the header ends before.
    public var transport: Int? {
        let place = isIPv6 ? 54 : 34
        return header.count >= place ? place : nil
    }

    /// A number in network byte order.
    ///
    /// - Precondition: it lies within the header.
    public func number(at place: Int, byteCount: Int) -> UInt128 {
        header[place..<place + byteCount].reduce(0) { $0 << 8 | UInt128($1) }
    }
}
