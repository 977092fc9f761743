import BPFProgram

/// Reading a packet's headers into the key on the stack, as `PacketParser` reads them.
///
/// r7 is the packet's start, r8 its end, r9 where the network header starts, and r5 how far that is
/// from the start. Whatever `PacketParser` would take for damaged or unusual goes up.
extension ForwardingProgram {
    private typealias Place = KernelKey.Place

    /// Octets that are made linear where less is: Ethernet, two tags, IPv6 and TCP.
    private static var wantedByteCount: Int32 { 96 }

    /// EtherTypes as a program loads them, in network order.
    private enum Raw {
        static let vlan: Int32 = 0x0081
        static let serviceVLAN: Int32 = 0xa888
        static let ipv4: Int32 = 0x0008
        static let ipv6: Int32 = 0xdd86
        static let arp: Int32 = 0x0608
        static let rarp: Int32 = 0x3580
    }

    mutating func parse() {
        code.part("parse Ethernet")
        makeLinear()
        code.require(14, from: .r7, end: .r8, scratch: .r1, else: up)
        code.load(.double, .r1, at: .r7, 0)
        code.store(.double, at: .r10, Stack.key + Place.ethernet, .r1)
        code.load(.word, .r1, at: .r7, 8)
        code.store(.word, at: .r10, Stack.key + Place.ethernet + 8, .r1)
        code.load(.half, .r0, at: .r7, 12)
        parseTags()
        parseNetwork()
    }

    private mutating func makeLinear() {
        let isLinear = code.makeLabel()
        code.load(.word, .r7, at: .r6, PacketContext.start)
        code.load(.word, .r8, at: .r6, PacketContext.end)
        code.require(54, from: .r7, end: .r8, scratch: .r1, else: isLinear)
        let ready = code.makeLabel()
        code.jump(ready)
        code.place(isLinear)
        code.load(.word, .r2, at: .r6, PacketContext.byteCount)
        let isShort = code.makeLabel()
        code.jump(if: .lessOrEqual, .r2, Self.wantedByteCount, isShort)
        code.move(.r2, Self.wantedByteCount)
        code.place(isShort)
        code.move(.r1, .r6)
        code.call(.pullData)
        code.load(.word, .r7, at: .r6, PacketContext.start)
        code.load(.word, .r8, at: .r6, PacketContext.end)
        code.place(ready)
    }

    /// Leaves the type behind the tags in r0.
    private mutating func parseTags() {
        code.part("parse tags")
        let (inFrame, untagged, tagged) = (code.makeLabel(), code.makeLabel(), code.makeLabel())
        code.load(.word, .r1, at: .r6, PacketContext.hasVLAN)
        code.jump(if: .equal, .r1, 0, inFrame)
        code.load(.word, .r1, at: .r6, PacketContext.vlanProtocol)
        code.toNetworkOrder(.r1, bits: 16)
        code.store(.half, at: .r10, Stack.key + Place.outerTPID, .r1)
        code.load(.word, .r1, at: .r6, PacketContext.vlanTCI)
        code.calculate(.or, .r1, 0x1000)
        code.store(.half, at: .r10, Stack.key + Place.outerTCI, .r1)
        jumpUnlessSecondTag(to: untagged)
        parseTag(at: 12, Place.innerTPID, Place.innerTCI)
        code.move(.r5, 18)
        code.jump(tagged)

        code.place(inFrame)
        jumpUnlessTag(to: untagged)
        parseTag(at: 12, Place.outerTPID, Place.outerTCI)
        let single = code.makeLabel()
        jumpUnlessSecondTag(to: single)
        parseTag(at: 16, Place.innerTPID, Place.innerTCI)
        code.move(.r5, 22)
        code.jump(tagged)
        code.place(single)
        code.move(.r5, 18)
        code.jump(tagged)
        code.place(untagged)
        code.move(.r5, 14)
        code.place(tagged)
        code.move(.r9, .r7)
        code.calculate(.add, .r9, .r5)
    }

    private mutating func jumpUnlessTag(to label: Assembler.Label) {
        let isTag = code.makeLabel()
        code.jump(if: .equal, .r0, Raw.vlan, isTag)
        code.jump(if: .notEqual, .r0, Raw.serviceVLAN, label)
        code.place(isTag)
    }

    private mutating func jumpUnlessSecondTag(to label: Assembler.Label) {
        jumpUnlessTag(to: label)
        code.loadMapValue(.r1, KernelMap.masks.rawValue)
        code.load(.word, .r1, at: .r1, MaskTable.maximumTags)
        code.jump(if: .less, .r1, 2, label)
    }

    /// Reads the tag whose TPID, which is in r0, is at `offset`; r0 becomes the type behind it.
    private mutating func parseTag(at offset: Int, _ tpid: Int, _ tci: Int) {
        code.toNetworkOrder(.r0, bits: 16)
        code.store(.half, at: .r10, Stack.key + tpid, .r0)
        code.require(Int32(offset + 6), from: .r7, end: .r8, scratch: .r1, else: up)
        code.load(.half, .r1, at: .r7, offset + 2)
        code.toNetworkOrder(.r1, bits: 16)
        code.calculate(.or, .r1, 0x1000)
        code.store(.half, at: .r10, Stack.key + tci, .r1)
        code.load(.half, .r0, at: .r7, offset + 4)
    }

    private mutating func parseNetwork() {
        code.part("parse the network header")
        code.store(.half, at: .r10, Stack.key + Place.etherType, .r0)
        code.move(.r1, .r0)
        code.toNetworkOrder(.r1, bits: 16)
        code.jump(if: .less, .r1, 0x600, up)
        let (ipv4, ipv6, arp) = (code.makeLabel(), code.makeLabel(), code.makeLabel())
        code.jump(if: .equal, .r0, Raw.ipv4, ipv4)
        code.jump(if: .equal, .r0, Raw.ipv6, ipv6)
        code.jump(if: .equal, .r0, Raw.arp, arp)
        code.jump(if: .equal, .r0, Raw.rarp, arp)
        code.jump(search)
        code.place(ipv4)
        parseIPv4()
        code.place(ipv6)
        parseIPv6()
        code.place(arp)
        parseARP()
    }

    /// r2 becomes the packet's octets from the network header on.
    private mutating func loadAvailable() {
        code.load(.word, .r2, at: .r6, PacketContext.byteCount)
        code.calculate(.subtract, .r2, .r5)
    }

    /// Goes up unless r3 octets are there and at most 255 more; r2 is what is there.
    private mutating func requireLength() {
        code.jump(if: .greater, .r3, .r2, up)
        code.calculate(.subtract, .r2, .r3)
        code.jump(if: .greater, .r2, 255, up)
    }

    private mutating func parseIPv4() {
        code.part("parse IPv4")
        code.require(20, from: .r9, end: .r8, scratch: .r1, else: up)
        code.load(.octet, .r1, at: .r9, 0)
        // Options are rare enough.
        code.jump(if: .notEqual, .r1, 0x45, up)
        code.load(.half, .r3, at: .r9, 2)
        code.toNetworkOrder(.r3, bits: 16)
        code.jump(if: .less, .r3, 20, up)
        loadAvailable()
        requireLength()
        code.load(.double, .r1, at: .r9, 12)
        code.store(.double, at: .r10, Stack.key + Place.addresses, .r1)
        code.load(.octet, .r1, at: .r9, 1)
        code.store(.octet, at: .r10, Stack.key + Place.tos, .r1)
        code.load(.octet, .r1, at: .r9, 8)
        code.store(.octet, at: .r10, Stack.key + Place.ttl, .r1)
        code.load(.octet, .r4, at: .r9, 9)
        code.store(.octet, at: .r10, Stack.key + Place.ipProtocol, .r4)
        let isWhole = code.makeLabel()
        code.load(.half, .r1, at: .r9, 6)
        code.calculate(.and, .r1, 0xff3f)
        code.jump(if: .equal, .r1, 0, isWhole)
        code.store(.octet, at: .r10, Stack.key + Place.fragment, constant: 1)
        code.calculate(.and, .r1, 0xff1f)
        code.jump(if: .equal, .r1, 0, isWhole)
        code.store(.octet, at: .r10, Stack.key + Place.fragment, constant: 3)
        code.jump(search)
        code.place(isWhole)
        code.calculate(.subtract, .r3, 20)
        code.calculate(.add, .r9, 20)
        parseTransport(isIPv6: false)
    }

    private mutating func parseIPv6() {
        code.part("parse IPv6")
        code.require(40, from: .r9, end: .r8, scratch: .r1, else: up)
        code.load(.octet, .r4, at: .r9, 6)
        for header in [0, 43, 44, 50, 51, 59, 60, 135] as [Int32] {
            code.jump(if: .equal, .r4, header, up)
        }
        code.load(.half, .r3, at: .r9, 4)
        code.toNetworkOrder(.r3, bits: 16)
        loadAvailable()
        code.jump(if: .less, .r2, 40, up)
        code.calculate(.subtract, .r2, 40)
        requireLength()
        code.store(.octet, at: .r10, Stack.key + Place.ipProtocol, .r4)
        code.load(.word, .r1, at: .r9, 0)
        code.toNetworkOrder(.r1, bits: 32)
        code.move(.r2, .r1)
        code.calculate(.and, .r2, 0xf_ffff)
        code.store(.word, at: .r10, Stack.key + Place.label, .r2)
        code.calculate(.shiftRight, .r1, 20)
        code.store(.octet, at: .r10, Stack.key + Place.tos, .r1)
        code.load(.octet, .r1, at: .r9, 7)
        code.store(.octet, at: .r10, Stack.key + Place.ttl, .r1)
        for index in 0..<4 {
            code.load(.double, .r1, at: .r9, 8 + 8 * index)
            code.store(.double, at: .r10, Stack.key + Place.addresses + 8 * index, .r1)
        }
        code.calculate(.add, .r9, 40)
        parseTransport(isIPv6: true)
    }

    /// r9 is where the header starts, r3 how long it and the payload are, r4 the protocol.
    private mutating func parseTransport(isIPv6: Bool) {
        code.part("parse the transport header")
        let (tcp, udp, sctp, icmp) = (
            code.makeLabel(), code.makeLabel(), code.makeLabel(), code.makeLabel()
        )
        code.jump(if: .equal, .r4, 6, tcp)
        code.jump(if: .equal, .r4, 17, udp)
        code.jump(if: .equal, .r4, 1, icmp)
        code.jump(if: .equal, .r4, 2, icmp)
        code.jump(if: .equal, .r4, 132, sctp)
        if isIPv6 { code.jump(if: .equal, .r4, 58, icmp) }
        code.jump(search)

        code.place(tcp)
        code.jump(if: .less, .r3, 20, search)
        code.require(14, from: .r9, end: .r8, scratch: .r1, else: up)
        code.load(.half, .r1, at: .r9, 12)
        code.calculate(.and, .r1, 0xff0f)
        code.store(.half, at: .r10, Stack.key + Place.tcpFlags, .r1)
        let ports = code.makeLabel()
        code.jump(ports)
        code.place(sctp)
        code.jump(if: .less, .r3, 12, search)
        code.place(udp)
        code.jump(if: .less, .r3, 8, search)
        code.require(4, from: .r9, end: .r8, scratch: .r1, else: up)
        code.place(ports)
        code.load(.word, .r1, at: .r9, 0)
        code.store(.word, at: .r10, Stack.key + Place.ports, .r1)
        code.jump(search)

        code.place(icmp)
        code.jump(if: .less, .r3, 8, search)
        code.require(2, from: .r9, end: .r8, scratch: .r1, else: up)
        code.load(.octet, .r1, at: .r9, 0)
        code.store(.octet, at: .r10, Stack.key + Place.ports + 1, .r1)
        code.load(.octet, .r1, at: .r9, 1)
        code.store(.octet, at: .r10, Stack.key + Place.ports + 3, .r1)
        code.jump(search)
    }

    private mutating func parseARP() {
        code.part("parse ARP")
        loadAvailable()
        code.jump(if: .less, .r2, 28, search)
        code.require(28, from: .r9, end: .r8, scratch: .r1, else: up)
        code.load(.word, .r1, at: .r9, 0)
        code.jump(if: .notEqual, .r1, 0x0008_0100, search)
        code.load(.half, .r1, at: .r9, 4)
        code.jump(if: .notEqual, .r1, 0x0406, search)
        code.load(.half, .r1, at: .r9, 6)
        code.toNetworkOrder(.r1, bits: 16)
        let isLarge = code.makeLabel()
        code.jump(if: .greater, .r1, 0xff, isLarge)
        code.store(.octet, at: .r10, Stack.key + Place.ipProtocol, .r1)
        code.place(isLarge)
        let parts: [(Width, from: Int, to: Int)] = [
            (.word, 14, Place.addresses), (.word, 24, Place.addresses + 4),
            (.word, 8, Place.arpSender), (.half, 12, Place.arpSender + 4),
            (.half, 18, Place.arpTarget), (.word, 20, Place.arpTarget + 2),
        ]
        for part in parts {
            code.load(part.0, .r1, at: .r9, part.from)
            code.store(part.0, at: .r10, Stack.key + part.to, .r1)
        }
        code.jump(search)
    }
}
