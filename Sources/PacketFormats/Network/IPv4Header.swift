public import Addresses
import Bytes

/// Numbers of the protocols behind an IP header.
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static var icmp: Self { .init(rawValue: 1) }
    public static var tcp: Self { .init(rawValue: 6) }
    public static var udp: Self { .init(rawValue: 17) }
    public static var icmpv6: Self { .init(rawValue: 58) }
    public static var sctp: Self { .init(rawValue: 132) }
}

/// An IPv4 header without options, as a value.
public struct IPv4Header: Hashable, Sendable {
    public static let byteCount = IPv4Layout.fixedByteCount

    public var trafficClass: UInt8 = 0
    public var identification: UInt16 = 0
    public var isUnfragmentable = false
    public var hasMoreFragments = false
    /// Where the fragment lies in the whole packet, in units of 8 octets.
    ///
    /// - Invariant: fits in 13 bits.
    public var fragmentOffset: UInt16 = 0 {
        didSet { precondition(fragmentOffset < 1 << 13, "a fragment offset has 13 bits") }
    }
    public var timeToLive: UInt8 = 64
    public var protocolNumber: IPProtocol
    public var source: IPv4Address
    public var destination: IPv4Address
    /// - Invariant: fits in a total length together with the header.
    public let payloadByteCount: Int

    public init(
        _ protocolNumber: IPProtocol,
        from source: IPv4Address,
        to destination: IPv4Address,
        payloadByteCount: Int
    ) {
        precondition(
            (0...(0xffff - Self.byteCount)).contains(payloadByteCount),
            "an IPv4 packet has at most 65,535 octets"
        )
        self.protocolNumber = protocolNumber
        self.source = source
        self.destination = destination
        self.payloadByteCount = payloadByteCount
    }

    /// The header without its options.
    public init(_ view: borrowing IPv4HeaderView) {
        self.init(
            IPProtocol(rawValue: view.protocolNumber),
            from: view.source,
            to: view.destination,
            payloadByteCount: Int(view.totalLength) - view.headerByteCount
        )
        trafficClass = view.trafficClass
        identification = view.identification
        isUnfragmentable = view.isUnfragmentable
        hasMoreFragments = view.hasMoreFragments
        fragmentOffset = view.fragmentOffset
        timeToLive = view.timeToLive
    }

    /// Writes the header with its checksum over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(IPv4Layout.version, to: 4)
        output.set(IPv4Layout.headerWords, to: 5)
        output.set(IPv4Layout.trafficClass, to: trafficClass)
        output.set(IPv4Layout.totalLength, to: UInt16(Self.byteCount + payloadByteCount))
        output.set(IPv4Layout.identification, to: identification)
        output.set(IPv4Layout.isReserved, to: 0)
        output.set(IPv4Layout.isUnfragmentable, to: isUnfragmentable ? 1 : 0)
        output.set(IPv4Layout.hasMoreFragments, to: hasMoreFragments ? 1 : 0)
        output.set(IPv4Layout.fragmentOffset, to: fragmentOffset)
        output.set(IPv4Layout.timeToLive, to: timeToLive)
        output.set(IPv4Layout.protocolNumber, to: protocolNumber.rawValue)
        output.set(IPv4Layout.checksum, to: 0)
        output.set(IPv4Layout.source, to: source.value)
        output.set(IPv4Layout.destination, to: destination.value)
        let checksum = InternetChecksum.of(output.bytes.extracting(..<Self.byteCount))
        output.set(IPv4Layout.checksum, to: checksum)
    }
}
