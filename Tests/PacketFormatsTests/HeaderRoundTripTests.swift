import Addresses
import Bytes
import PacketFormats
import TestSupport
import Testing

/// Each bit of each field on its own, so that no wrong shift or mask can hide.
struct HeaderRoundTripTests {
    @Test(arguments: 0..<48)
    func `each bit of Ethernet addresses`(bit: Int) throws {
        for header in [
            EthernetHeader(destination: .init(1 << bit), source: .zero, type: .arp),
            EthernetHeader(destination: .zero, source: .init(1 << bit), type: .ipv6),
            EthernetHeader(
                destination: .zero, source: .zero, type: .init(rawValue: 1 << (bit & 15))),
        ] {
            let octets = encode(14) { header.encode(into: &$0) }
            #expect(try EthernetHeader(EthernetHeaderView(octets.span.octets)) == header)
        }
        for packet in [
            arp(sender: 1 << bit, target: 0), arp(sender: 0, target: 1 << bit),
        ] {
            let octets = encode(28) { packet.encode(into: &$0) }
            #expect(try ARPPacket(octets.span.octets) == packet)
        }
    }

    private func arp(sender: UInt64, target: UInt64) -> ARPPacket {
        ARPPacket(
            .init(rawValue: UInt16(truncatingIfNeeded: sender)),
            senderHardware: .init(sender),
            senderProtocol: .init(UInt32(truncatingIfNeeded: target)),
            targetHardware: .init(target),
            targetProtocol: .init(UInt32(truncatingIfNeeded: sender))
        )
    }

    @Test(arguments: 0..<16)
    func `each bit of a VLAN tag`(bit: Int) throws {
        let control = 1 << bit as UInt16
        let tag = VLANTag(
            priority: UInt8(control >> 13),
            isDropEligible: control >> 12 & 1 == 1,
            identifier: control & 0xfff,
            type: .init(rawValue: control)
        )
        let octets = encode(4) { tag.encode(into: &$0) }
        #expect(try VLANTag(octets.span.octets) == tag)
        #expect(octets[0] == UInt8(control >> 8))
    }

    @Test(arguments: 0..<32)
    func `each bit of an IPv4 header`(bit: Int) throws {
        var header = IPv4Header(
            .udp, from: .init(1 << bit), to: .init(~(1 << bit)), payloadByteCount: 8)
        header.trafficClass = 1 << (bit & 7)
        header.identification = 1 << (bit & 15)
        header.fragmentOffset = 1 << UInt16(bit % 13)
        header.isUnfragmentable = bit & 1 == 1
        header.hasMoreFragments = bit & 2 == 2
        header.timeToLive = ~(1 << (bit & 7))
        let octets = encode(20) { header.encode(into: &$0) } + [UInt8](repeating: 0, count: 8)
        let view = try IPv4HeaderView(octets.span.octets)
        #expect(IPv4Header(view) == header)
        #expect(view.isIntact == true)
    }

    @Test(arguments: 0..<128)
    func `each bit of an IPv6 header`(bit: Int) throws {
        var header = IPv6Header(
            .tcp, from: .init(1 << bit), to: .init(~(1 << bit)), payloadLength: 0)
        header.trafficClass = 1 << (bit & 7)
        header.flowLabel = 1 << UInt32(bit % 20)
        header.hopLimit = ~(1 << (bit & 7))
        let octets = encode(40) { header.encode(into: &$0) }
        #expect(try IPv6Header(IPv6HeaderView(octets.span.octets)) == header)
    }

    @Test(arguments: 0..<32)
    func `each bit of TCP, UDP and ICMP headers`(bit: Int) throws {
        let short = 1 << (bit & 15) as UInt16
        var tcp = TCPHeader(from: short, to: ~short)
        tcp.sequenceNumber = 1 << bit
        tcp.acknowledgementNumber = ~(1 << bit)
        tcp.flags = .init(rawValue: 1 << UInt16(bit % 12))
        tcp.window = short
        tcp.checksum = ~short
        tcp.urgentPointer = short
        let tcpOctets = encode(20) { tcp.encode(into: &$0) }
        #expect(try TCPHeader(TCPHeaderView(tcpOctets.span.octets)) == tcp)

        let udp = UDPHeader(from: short, to: ~short, length: short, checksum: ~short)
        let udpOctets = encode(8) { udp.encode(into: &$0) }
        #expect(try UDPHeader(udpOctets.span.octets) == udp)

        let icmp = ICMPHeader(
            type: 1 << (bit & 7),
            code: ~(1 << (bit & 7)),
            checksum: short,
            identifier: ~short,
            sequenceNumber: short
        )
        let icmpOctets = encode(8) { icmp.encode(into: &$0) }
        #expect(try ICMPHeader(icmpOctets.span.octets) == icmp)
    }

    @Test(arguments: 0..<128)
    func `each bit of a neighbour message`(bit: Int) throws {
        var message = NeighbourDiscovery(
            isAdvertisement: bit & 1 == 1,
            target: .init(1 << bit),
            linkAddress: bit % 5 == 0 ? nil : .init(1 << UInt64(bit % 48))
        )
        message.isRouter = bit & 2 == 2
        message.isSolicited = bit & 4 == 4
        message.overrides = bit & 8 == 8
        let octets = encode(message.byteCount) { message.encode(into: &$0) }
        #expect(try NeighbourDiscovery(octets.span.octets) == message)
    }
}

/// What is too short or contradicts itself is refused, and never traps.
struct HeaderRefusalTests {
    private func view(_ octets: [UInt8], _ byteCount: Int, _ body: (RawSpan) throws -> Void) throws
    {
        try body(octets.span.octets.extracting(..<byteCount))
    }

    @Test(arguments: 0..<14)
    func `every shorter prefix of Ethernet is refused`(byteCount: Int) {
        #expect(throws: PacketError.truncated(needed: 14, available: byteCount)) {
            try view(GoldenHeaderTests.ping, byteCount) { _ = try EthernetHeaderView($0) }
        }
    }

    @Test(arguments: 0..<44)
    func `every shorter prefix of IPv4 and TCP is refused`(byteCount: Int) {
        #expect(throws: PacketError.self) {
            try view(GoldenHeaderTests.syn, byteCount) { _ = try IPv4HeaderView($0) }
        }
        guard byteCount >= 20 else { return }
        let segment = Array(GoldenHeaderTests.syn[20...])
        #expect(throws: PacketError.self) {
            try view(segment, byteCount - 20) { _ = try TCPHeaderView($0) }
        }
    }

    @Test func `every shorter prefix of the fixed formats is refused`() {
        let zeros = [UInt8](repeating: 0, count: 64)
        let arp = octets("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002")
        var six = zeros
        six[0] = 0x60
        var solicitation = zeros
        solicitation[0] = 135
        for count in 0..<40 {
            let error = PacketError.truncated(needed: 40, available: count)
            #expect(throws: error) { try view(six, count) { _ = try IPv6HeaderView($0) } }
        }
        for count in 0..<28 {
            #expect(throws: PacketError.self) { try view(arp, count) { _ = try ARPPacket($0) } }
        }
        for count in 0..<24 {
            #expect(throws: PacketError.self) {
                try view(solicitation, count) { _ = try NeighbourDiscovery($0) }
            }
        }
        for count in 0..<8 {
            #expect(throws: PacketError.self) { try view(zeros, count) { _ = try UDPHeader($0) } }
            #expect(throws: PacketError.self) { try view(zeros, count) { _ = try ICMPHeader($0) } }
        }
        for count in 0..<4 {
            #expect(throws: PacketError.self) { try view(zeros, count) { _ = try VLANTag($0) } }
        }
    }

    @Test func `headers that contradict themselves are refused`() {
        var packet = GoldenHeaderTests.syn
        packet[0] = 0x44
        #expect(throws: PacketError.badHeaderLength(16)) {
            try view(packet, 44) { _ = try IPv4HeaderView($0) }
        }
        packet[0] = 0x65
        #expect(throws: PacketError.unsupportedVersion(6)) {
            try view(packet, 44) { _ = try IPv4HeaderView($0) }
        }
        #expect(throws: PacketError.unsupportedVersion(4)) {
            try view(GoldenHeaderTests.syn, 44) { _ = try IPv6HeaderView($0) }
        }
        packet = GoldenHeaderTests.syn
        packet[3] = 19
        #expect(throws: PacketError.badHeaderLength(19)) {
            try view(packet, 44) { _ = try IPv4HeaderView($0) }
        }
        packet = Array(packet[20...])
        packet[12] = 0x40
        #expect(throws: PacketError.badHeaderLength(16)) {
            try view(packet, 24) { _ = try TCPHeaderView($0) }
        }
        #expect(throws: PacketError.unsupportedAddresses) {
            try view([UInt8](repeating: 0, count: 28), 28) { _ = try ARPPacket($0) }
        }
    }

    @Test func `an option without length ends a neighbour message`() {
        var message = [UInt8](repeating: 0, count: 32)
        message[0] = 136
        #expect(throws: PacketError.badHeaderLength(0)) {
            try view(message, 32) { _ = try NeighbourDiscovery($0) }
        }
        message[25] = 2
        #expect(throws: PacketError.truncated(needed: 16, available: 8)) {
            try view(message, 32) { _ = try NeighbourDiscovery($0) }
        }
    }
}
