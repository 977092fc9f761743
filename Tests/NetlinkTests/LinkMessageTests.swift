import Addresses
import Netlink
import TestSupport
import Testing

/// The expectations are a little-endian machine's.
@Suite(.enabled(if: 1.littleEndian == 1, "the golden octets are a little-endian machine's"))
struct LinkMessageTests {
    /// What Linux 6.18 tells of one end of a veth, its attributes for other purposes left out.
    static let veth = octets(
        """
        8000 0000 1000 0000 0500 0000 da19 0000
        0000 0100 0300 0000 0310 0000 0000 0000
        0700 0300 6731 0000
        0800 0400 7805 0000
        0500 1000 0200 0000
        0500 2100 0000 0000
        0800 2300 0100 0000
        0a00 0100 0200 0000 0009 0000
        0800 0500 0200 0000
        1000 1200 0900 0100 7665 7468 0000 0000
        0500 1100 0000 0000
        0c00 0600 6e6f 7175 6575 6500
        """
    )

    @Test func `golden octets of a device are read`() throws {
        let messages = try NetlinkMessage.parse(Self.veth)
        #expect(messages.count == 1)
        #expect(messages[0].kind == .newLink)
        #expect(messages[0].sequenceNumber == 5)
        #expect(messages[0].port == 0x19da)
        let link = try LinkMessage(messages[0].body)
        #expect(link.index == 3)
        #expect(link.name == "g1")
        #expect(link.mtu == 1400)
        #expect(link.flags.contains(.up))
        #expect(!link.flags.contains(.lowerUp))
        #expect(link.hasCarrier == false)
        #expect(!link.isRunning)
        #expect(link.operationalState == 2)
        #expect(link.carrierChanges == 1)
        #expect(link.address == EthernetAddress(0x0200_0000_0009))
        #expect(link.lower == 2)
        #expect(link.kind == "veth")
        #expect(link.statistics == nil)
        #expect(link.master == nil)
    }

    @Test func `golden octets of a request by name are written`() {
        let request = LinkMessage.request(name: "g1", sequenceNumber: 5)
        #expect(
            request.octets
                == octets(
                    """
                    2800 0000 1200 0100 0500 0000 0000 0000
                    0000 0000 0000 0000 0000 0000 0000 0000 0700 0300 6731 0000
                    """
                )
        )
    }

    @Test func `golden octets of a request for all are written`() {
        #expect(
            LinkMessage.dumpRequest(sequenceNumber: 1).octets
                == octets(
                    "20000000 1200 0103 01000000 00000000 00000000 00000000 00000000 00000000")
        )
    }

    @Test func `every part of a link survives`() throws {
        var link = LinkMessage(index: 7)
        link.flags = [.up, .lowerUp, .promiscuous]
        link.change = [.up]
        link.name = "a-name-of-15-oc"
        link.mtu = 9000
        link.address = EthernetAddress(0x0123_4567_89ab)
        link.master = 12
        link.lower = -1
        link.operationalState = 6
        link.hasCarrier = true
        link.carrierChanges = 3
        link.kind = "tun"
        var statistics = LinkStatistics()
        statistics.receivedPackets = 1
        statistics.sentOctets = 1 << 40
        statistics.sendWindowErrors = .max
        link.statistics = statistics
        #expect(try LinkMessage(link.body) == link)
    }

    @Test func `each counter has its place of its own`() throws {
        // The counter at place n is n.
        var values: [UInt8] = []
        for number in 0..<24 { values += [UInt8(number)] + [UInt8](repeating: 0, count: 7) }
        let attribute = NetlinkAttribute(23, values)
        let body = LinkMessage(index: 1).body + NetlinkAttribute.encode([attribute])
        let statistics = try #require(try LinkMessage(body).statistics)
        #expect(statistics.receivedPackets == 0)
        #expect(statistics.sentPackets == 1)
        #expect(statistics.receivedOctets == 2)
        #expect(statistics.sentOctets == 3)
        #expect(statistics.receiveErrors == 4)
        #expect(statistics.sendErrors == 5)
        #expect(statistics.receiveDrops == 6)
        #expect(statistics.sendDrops == 7)
        #expect(statistics.multicast == 8)
        #expect(statistics.collisions == 9)
        #expect(statistics.receiveLengthErrors == 10)
        #expect(statistics.receiveOverErrors == 11)
        #expect(statistics.receiveChecksumErrors == 12)
        #expect(statistics.receiveFrameErrors == 13)
        #expect(statistics.receiveMissedErrors == 15)
        #expect(statistics.sendWindowErrors == 20)
    }

    @Test(arguments: 1..<128)
    func `every shorter prefix is refused`(byteCount: Int) {
        #expect(throws: NetlinkError.truncated) {
            try NetlinkMessage.parse(Array(Self.veth[..<byteCount]))
        }
        guard byteCount > 16 else { return }
        // A body cut short is refused or read in part, but never beyond its end.
        _ = try? LinkMessage(Array(Self.veth[16..<byteCount]))
    }

    @Test func `lengths below the header are refused`() {
        var message = Self.veth
        message[0] = 15
        #expect(throws: NetlinkError.badLength) { try NetlinkMessage.parse(message) }
        message = Self.veth
        message[32] = 3
        #expect(throws: NetlinkError.badLength) { try LinkMessage(Array(message[16...])) }
        message[32] = 0xff
        #expect(throws: NetlinkError.truncated) { try LinkMessage(Array(message[16...])) }
    }

    @Test func `several messages of one datagram are told apart`() throws {
        let done = NetlinkMessage(.done, flags: .multipart, sequenceNumber: 9, body: [0, 0, 0, 0])
        let messages = try NetlinkMessage.parse(Self.veth + done.octets + done.octets)
        #expect(messages.map(\.kind) == [.newLink, .done, .done])
        #expect(messages[1] == done)
    }

    @Test func `an answer tells its error number`() throws {
        let answer = NetlinkMessage(.error, body: octets("edffffff"))
        #expect(answer.errorCode == 19)
        #expect(NetlinkMessage(.done).errorCode == nil)
        #expect(NetlinkMessage(.error, body: [1, 2]).errorCode == nil)
    }

    @Test(arguments: 0..<100)
    func `random octets never trap`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var message = Self.veth
        for _ in 0..<8 {
            let place = Int.random(in: 0..<message.count, using: &random)
            message[place] = UInt8(truncatingIfNeeded: random.next())
        }
        for message in (try? NetlinkMessage.parse(message)) ?? [] {
            _ = try? LinkMessage(message.body)
            _ = try? AddressMessage(message.body)
            _ = try? NeighbourMessage(message.body)
        }
    }
}

struct AddressMessageTests {
    @Test func `addresses of both families survive`() throws {
        for address in [
            NetworkAddress.ipv4(IPv4Address(0x0a00_0001)), .ipv6(IPv6Address(0xfd00 << 112 | 1)),
        ] {
            var message = AddressMessage(index: 3, address: address, prefixLength: 24)
            message.scope = 253
            #expect(try AddressMessage(message.body) == message)
        }
    }

    @Test(.enabled(if: 1.littleEndian == 1, "the golden octets are a little-endian machine's"))
    func `golden octets of an address`() throws {
        let body = octets(
            """
            0208 80fe 0100 0000 0800 0100 7f00 0001 0800 0200 7f00 0001
            0700 0300 6c6f 0000 0800 0800 8000 0000
            """
        )
        let message = try #require(try AddressMessage(body))
        #expect(message.index == 1)
        #expect(message.prefixLength == 8)
        #expect(message.scope == 254)
        #expect(message.address == .ipv4(IPv4Address(0x7f00_0001)))
    }

    @Test func `a neighbour survives`() throws {
        let neighbour = NeighbourMessage(
            index: 2,
            address: .ipv6(IPv6Address(0xfe80 << 112 | 5)),
            ethernetAddress: EthernetAddress(0x0200_0000_0001),
            state: 0x80
        )
        #expect(try NeighbourMessage(neighbour.body) == neighbour)
        for count in 0..<12 {
            #expect(throws: NetlinkError.truncated) {
                try NeighbourMessage(Array(neighbour.body[..<count]))
            }
        }
    }
}
