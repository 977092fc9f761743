public import Addresses

/// What the `bfd` column of the `Interface` table asks for (ovs-vswitchd.conf.db(5)).
public struct BFDSettings: Hashable, Sendable {
    /// Milliseconds.
    public static let standardInterval: Int64 = 100
    public static let standardReceiveInterval: Int64 = 1000

    public var minimumTransmit = standardInterval
    public var minimumReceive = standardReceiveInterval
    /// The receive interval while nothing is received but control packets; 0 for the usual.
    public var decayedReceive: Int64 = 0
    public var forwardsIfReceiving = false
    public var isPathDown = false
    /// Whether packets with a tunnel key are none of the session's.
    public var checksKey = false
    public var multiplier: UInt8 = 3
    public var isOAM = false
    public var sourceAddress = IPv4Address(0xa9fe_0101)
    public var destinationAddress = IPv4Address(0xa9fe_0100)
    /// What packets have in their Ethernet headers; `nil` for the interface's address.
    public var sourceHardware: EthernetAddress?
    public var destinationHardware = EthernetAddress(0x0023_2000_0001)
    /// What packets have to be sent to, if that matters.
    public var expectedHardware: EthernetAddress?

    /// - Returns: `nil` where the session is not enabled.
    public init?(_ column: [String: String]) {
        guard column["enable"] == "true" else { return nil }
        func milliseconds(_ key: String, _ usual: Int64) -> Int64 {
            max(1, column[key].flatMap { Int64($0) } ?? usual)
        }
        minimumTransmit = milliseconds("min_tx", Self.standardInterval)
        minimumReceive = milliseconds("min_rx", Self.standardReceiveInterval)
        decayedReceive = column["decay_min_rx"].flatMap { Int64($0) } ?? 0
        if decayedReceive < minimumReceive { decayedReceive = 0 }
        forwardsIfReceiving = column["forwarding_if_rx"] == "true"
        isPathDown = column["cpath_down"] == "true"
        checksKey = column["check_tnl_key"] == "true"
        isOAM = column["oam"] == "true"
        if let text = column["mult"], let value = UInt8(text), value > 0 { multiplier = value }
        if let address = column["bfd_src_ip"].flatMap({ IPv4Address($0) }) {
            sourceAddress = address
        }
        if let address = column["bfd_dst_ip"].flatMap({ IPv4Address($0) }) {
            destinationAddress = address
        }
        sourceHardware = column["bfd_local_src_mac"].flatMap { EthernetAddress($0) }
        if let address = column["bfd_local_dst_mac"].flatMap({ EthernetAddress($0) }) {
            destinationHardware = address
        }
        expectedHardware = column["bfd_remote_dst_mac"].flatMap { EthernetAddress($0) }
    }
}
