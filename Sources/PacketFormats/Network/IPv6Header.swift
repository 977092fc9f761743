public import Addresses
import Bytes

/// An IPv6 header as a value.
public struct IPv6Header: Hashable, Sendable {
    public static let byteCount = IPv6Layout.byteCount

    public var trafficClass: UInt8 = 0
    /// - Invariant: fits in 20 bits.
    public var flowLabel: UInt32 = 0 {
        didSet { precondition(flowLabel < 1 << 20, "a flow label has 20 bits") }
    }
    public var payloadLength: UInt16
    public var nextHeader: IPProtocol
    public var hopLimit: UInt8 = 64
    public var source: IPv6Address
    public var destination: IPv6Address

    public init(
        _ nextHeader: IPProtocol,
        from source: IPv6Address,
        to destination: IPv6Address,
        payloadLength: UInt16
    ) {
        self.nextHeader = nextHeader
        self.source = source
        self.destination = destination
        self.payloadLength = payloadLength
    }

    public init(_ view: borrowing IPv6HeaderView) {
        self.init(
            IPProtocol(rawValue: view.nextHeader),
            from: view.source,
            to: view.destination,
            payloadLength: view.payloadLength
        )
        trafficClass = view.trafficClass
        flowLabel = view.flowLabel
        hopLimit = view.hopLimit
    }

    /// Writes the header over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(IPv6Layout.version, to: 6)
        output.set(IPv6Layout.trafficClass, to: UInt32(trafficClass))
        output.set(IPv6Layout.flowLabel, to: flowLabel)
        output.set(IPv6Layout.payloadLength, to: payloadLength)
        output.set(IPv6Layout.nextHeader, to: nextHeader.rawValue)
        output.set(IPv6Layout.hopLimit, to: hopLimit)
        output.set(IPv6Layout.source, to: source.value)
        output.set(IPv6Layout.destination, to: destination.value)
    }
}
