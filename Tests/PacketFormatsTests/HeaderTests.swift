import Addresses
import Bytes
import PacketFormats
import TestSupport
import Testing

/// Writes into octets that are not zero, so that whatever an encoder leaves out is seen.
func encode(_ byteCount: Int, _ body: (inout MutableRawSpan) -> Void) -> [UInt8] {
    var octets = [UInt8](repeating: 0xa5, count: byteCount)
    var span = octets.mutableSpan
    var output = span.mutableOctets
    body(&output)
    return octets
}

/// Headers of a ping and of a connection's first segment; another program summed their checksums.
struct GoldenHeaderTests {
    static let ping = octets(
        """
        02 00 00 00 00 02 02 00 00 00 00 01 08 00
        45 00 00 20 1c 46 40 00 40 01 0a 95 0a 00 00 01 0a 00 00 02
        08 00 20 01 13 37 00 01 61 62 63 64
        """
    )
    static let syn = octets(
        """
        45 10 00 2c 00 01 00 00 40 06 66 b9 0a 00 00 01 0a 00 00 02
        c0 00 00 50 01 02 03 04 00 00 00 00 60 02 72 10 4d bd 00 00 02 04 05 b4
        """
    )

    @Test func `a ping's headers are read`() throws {
        let ethernet = try EthernetHeaderView(Self.ping.span.octets)
        #expect(ethernet.destination == EthernetAddress(0x0200_0000_0002))
        #expect(ethernet.source == EthernetAddress(0x0200_0000_0001))
        #expect(ethernet.type == 0x0800)
        let network = try IPv4HeaderView(ethernet.payload)
        #expect(network.headerByteCount == 20)
        #expect(network.totalLength == 32)
        #expect(network.identification == 0x1c46)
        #expect(network.isUnfragmentable == true)
        #expect(network.hasMoreFragments == false)
        #expect(network.fragmentOffset == 0)
        #expect(network.timeToLive == 64)
        #expect(network.protocolNumber == 1)
        #expect(network.source.description == "10.0.0.1")
        #expect(network.destination.description == "10.0.0.2")
        #expect(network.isIntact == true)
        #expect(network.options.byteCount == 0)
        let icmp = try ICMPHeader(network.payload)
        #expect(icmp.type == ICMPHeader.Kind.echoRequest)
        #expect(icmp.identifier == 0x1337)
        #expect(icmp.sequenceNumber == 1)
        #expect(InternetChecksum.of(network.payload) == 0)
    }

    @Test func `a ping's headers are written`() throws {
        let written = encode(14) {
            EthernetHeader(
                destination: EthernetAddress(0x0200_0000_0002),
                source: EthernetAddress(0x0200_0000_0001),
                type: .ipv4
            ).encode(into: &$0)
        }
        #expect(written == Array(Self.ping[..<14]))
        var header = IPv4Header(
            .icmp,
            from: IPv4Address(0x0a00_0001),
            to: IPv4Address(0x0a00_0002),
            payloadByteCount: 12
        )
        header.identification = 0x1c46
        header.isUnfragmentable = true
        #expect(encode(20) { header.encode(into: &$0) } == Array(Self.ping[14..<34]))
    }

    @Test func `a connection's first segment is read and verifies`() throws {
        let network = try IPv4HeaderView(Self.syn.span.octets)
        #expect(network.trafficClass == 0x10)
        #expect(network.isIntact == true)
        let segment = try TCPHeaderView(network.payload)
        #expect(segment.sourcePort == 49152)
        #expect(segment.destinationPort == 80)
        #expect(segment.sequenceNumber == 0x0102_0304)
        #expect(segment.flags == .syn)
        #expect(segment.window == 29200)
        #expect(segment.headerByteCount == 24)
        #expect(segment.options.byteCount == 4)
        #expect(segment.payload.byteCount == 0)
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            from: network.source,
            to: network.destination,
            protocol: network.protocolNumber,
            byteCount: network.payload.byteCount
        )
        checksum.add(network.payload)
        #expect(checksum.value == 0)
    }

    @Test func `golden octets of an ARP request`() throws {
        let request = octets(
            "0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"
        )
        let packet = ARPPacket(
            .request,
            senderHardware: EthernetAddress(0x0200_0000_0001),
            senderProtocol: IPv4Address(0x0a00_0001),
            targetHardware: .zero,
            targetProtocol: IPv4Address(0x0a00_0002)
        )
        #expect(try ARPPacket(request.span.octets) == packet)
        #expect(encode(28) { packet.encode(into: &$0) } == request)
    }

    @Test func `golden octets of a VLAN tag`() throws {
        let tag = VLANTag(priority: 5, isDropEligible: true, identifier: 0x123, type: .ipv6)
        #expect(encode(4) { tag.encode(into: &$0) } == octets("b123 86dd"))
        #expect(try VLANTag(octets("b123 86dd").span.octets) == tag)
    }

    @Test func `golden octets of a neighbour advertisement`() throws {
        let message = octets(
            """
            88 00 00 00 60 00 00 00 fe80 0000 0000 0000 0000 0000 0000 0001
            02 01 02 00 00 00 00 01
            """
        )
        var advertisement = NeighbourDiscovery(
            isAdvertisement: true,
            target: IPv6Address(0xfe80 << 112 | 1),
            linkAddress: EthernetAddress(0x0200_0000_0001)
        )
        advertisement.isSolicited = true
        advertisement.overrides = true
        #expect(try NeighbourDiscovery(message.span.octets) == advertisement)
        #expect(encode(32) { advertisement.encode(into: &$0) } == message)
    }

    @Test func `golden octets of an IPv6 header and a UDP checksum over it`() throws {
        let packet = octets(
            """
            6b01 2345 0009 11 40 fd00 0000 0000 0000 0000 0000 0000 0001
            fd00 0000 0000 0000 0000 0000 0000 0002 0035 0035 0009 a46d 61
            """
        )
        let network = try IPv6HeaderView(packet.span.octets)
        #expect(network.trafficClass == 0xb0)
        #expect(network.flowLabel == 0x12345)
        #expect(network.hopLimit == 64)
        #expect(network.payload.byteCount == 9)
        let udp = try UDPHeader(network.payload)
        #expect(udp == UDPHeader(from: 53, to: 53, length: 9, checksum: udp.checksum))
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            from: network.source,
            to: network.destination,
            protocol: network.nextHeader,
            byteCount: 9
        )
        checksum.add(network.payload)
        #expect(checksum.value == 0)
        #expect(encode(40) { IPv6Header(network).encode(into: &$0) } == Array(packet[..<40]))
    }
}
