public import Addresses
import Bytes

/// A control packet as a frame (RFC 5881).
public enum BFDFrame {
    /// The port of UDP that packets go to.
    public static let port: UInt16 = 3784
    /// Where source ports begin (RFC 5881 §4).
    public static let firstSourcePort: UInt16 = 49_152

    public static func octets(
        _ packet: BFDPacket, _ settings: BFDSettings, from hardware: EthernetAddress,
        sourcePort: UInt16
    ) -> [UInt8] {
        let payload = packet.octets
        var writer = OctetWriter()
        writer.append(UInt128(settings.destinationHardware.value), byteCount: 6)
        writer.append(UInt128((settings.sourceHardware ?? hardware).value), byteCount: 6)
        writer.append(UInt16(0x0800))
        // Internetwork control, and a TTL by which the other end knows that no router was between.
        writer.append(UInt16(0x45c0))
        writer.append(UInt16(28 + payload.count))
        writer.append(UInt32(0))
        writer.append(UInt16(0xff11))
        let sum = checksum(settings, byteCount: UInt16(28 + payload.count))
        writer.append(sum)
        writer.append(settings.sourceAddress.value)
        writer.append(settings.destinationAddress.value)
        writer.append(sourcePort)
        writer.append(port)
        writer.append(UInt16(8 + payload.count))
        writer.append(UInt16(0))
        writer.append(contentsOf: payload)
        return writer.octets
    }

    private static func checksum(_ settings: BFDSettings, byteCount: UInt16) -> UInt16 {
        var sum = InternetChecksum()
        for word in [0x45c0, byteCount, 0, 0, 0xff11] as [UInt16] { sum.add(word) }
        sum.add(settings.sourceAddress.value)
        sum.add(settings.destinationAddress.value)
        return sum.value
    }
}
