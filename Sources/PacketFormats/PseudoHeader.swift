public import Addresses
public import Bytes

extension InternetChecksum {
    /// Adds what TCP and UDP over IPv4 sum in front of their own octets (RFC 9293 §3.1).
    @inlinable
    public mutating func addPseudoHeader(
        from source: IPv4Address,
        to destination: IPv4Address,
        protocol number: UInt8,
        byteCount: Int
    ) {
        add(source.value)
        add(destination.value)
        add(UInt16(number))
        add(UInt16(truncatingIfNeeded: byteCount))
    }

    /// Adds what TCP, UDP and ICMPv6 over IPv6 sum in front of their own octets (RFC 8200 §8.1).
    @inlinable
    public mutating func addPseudoHeader(
        from source: IPv6Address,
        to destination: IPv6Address,
        protocol number: UInt8,
        byteCount: Int
    ) {
        for address in [source.value, destination.value] {
            for shift in stride(from: 96 as UInt128, through: 0, by: -32) {
                add(UInt32(truncatingIfNeeded: address >> shift))
            }
        }
        add(UInt32(truncatingIfNeeded: byteCount))
        add(UInt16(number))
    }
}
