import Bytes
import FlowModel
import TestSupport
import Testing

/// What the parser makes of labels, service headers, backbone tags and extension headers.
struct HeaderStackTests {
    private func key(_ frame: [UInt8], packetType: UInt32 = 0) -> FlowKey {
        var metadata = PacketParser.Metadata(inPort: 1)
        metadata.packetType = packetType
        var key = PackedKey()
        PacketParser.parse(frame.span.octets, metadata, into: &key)
        return key.expanded
    }

    private let link = octets("02 00 00 00 00 02 02 00 00 00 00 01")
    private let service = octets(
        """
        1f c6 01 03 12 34 56 ff
        01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10
        """)

    @Test func `a service header is read with its context`() {
        for (frame, type) in [
            (link + [0x89, 0x4f] + service, 0), (service, PacketType.nsh),
        ] {
            let key = key(frame, packetType: type)
            #expect(key.etherType == 0x894f)
            #expect(key[.packetType] == UInt128(type))
            #expect(key[.nshFlags] == 1)
            #expect(key[.nshTTL] == 63)
            #expect(key[.nshMDType] == 1)
            #expect(key[.nshNextProtocol] == 3)
            #expect(key[.nshSPI] == 0x123456)
            #expect(key[.nshSI] == 255)
            #expect(key[.nshContext1] == 0x0102_0304)
            #expect(key[.nshContext4] == 0x0d0e_0f10)
        }
    }

    @Test(arguments: 0..<24)
    func `a service header that is cut off has no fields`(byteCount: Int) {
        let key = key(service.prefix(byteCount).map { $0 }, packetType: PacketType.nsh)
        #expect(key.words[KeyWord.nsh] == 0)
        #expect(key.words[KeyWord.nshContext] == 0)
    }

    @Test func `a service header of an impossible length has no fields`() {
        for first: [UInt8] in [[0x5f, 0xc6], [0x1f, 0xc1], [0x1f, 0xc7], [0x1f, 0xc5]] {
            let key = key(first + service[2...] + [0, 0, 0, 0], packetType: PacketType.nsh)
            #expect(key.words[KeyWord.nsh] == 0)
        }
        // Metadata of a length of its own is passed over.
        let variable = octets("00 44 02 03 00 00 00 05 10 00 0a 04 01 02 03 04")
        let other = key(variable, packetType: PacketType.nsh)
        #expect(other[.nshMDType] == 2)
        #expect(other[.nshSI] == 5)
        #expect(other.words[KeyWord.nshContext] == 0)
    }

    @Test func `a backbone tag is read`() {
        let frame = link + octets("88 e7 a8 12 34 56") + link + [0x08, 0x00]
        let key = key(frame)
        #expect(key[.pbbISID] == 0x123456)
        #expect(key[.pbbUCA] == 1)
        #expect(key[.mplsLabel] == 0)
        #expect(self.key(Array(frame.prefix(29)))[.pbbISID] == 0)
    }

    @Test func `a packet without Ethernet is read from its front`() {
        let header = octets("45 00 00 14 00 00 00 00 40 06 00 00 0a 00 00 01 0a 00 00 02")
        let key = key(header, packetType: PacketType.ipv4)
        #expect(key.etherType == 0x0800)
        #expect(key.networkType == 0x0800)
        #expect(key.ipv4Destination == 0x0a00_0002)
        #expect(key.ethernetSource == 0)
    }

    /// Chains of IPv6 headers by number, and the bits of OFPIEH_* (OpenFlow 1.3.5 §7.2.3.8).
    @Test(
        arguments: [
            ([], 0x000), ([59], 0x001), ([0, 59], 0x041), ([43, 60, 50], 0x12a), ([51], 0x004),
            ([60, 43, 60], 0x028), ([0, 60, 43, 44, 51, 60], 0x07c), ([44, 43], 0x130),
            ([43, 43], 0x0a0), ([60, 0], 0x148), ([60, 60, 60], 0x088),
        ] as [([UInt8], UInt128)])
    func `extension headers are told`(chain: [UInt8], bits: UInt128) {
        var octets: [UInt8] = []
        for (index, kind) in chain.enumerated() where kind != 59 && kind != 50 {
            let next = index + 1 < chain.count ? chain[index + 1] : 17
            // An authentication header counts in words, less two.
            octets += [next, 0, 0, 0, 0, 0, 0, 0]
        }
        let last = chain.last.map { $0 == 59 || $0 == 50 } ?? false
        octets += last ? [] : [0, 1, 0, 2, 0, 8, 0, 0]
        let first = chain.first ?? 17
        let header: [UInt8] =
            [0x60, 0, 0, 0, 0, UInt8(octets.count), first, 64]
            + [UInt8](repeating: 1, count: 32)
        let key = key(link + [0x86, 0xdd] + header + octets)
        #expect(key[.ipv6ExtensionHeaders] == bits)
        #expect(key[.ipv6Label] == 0)
    }

    @Test(arguments: 0..<50)
    func `no octets do harm, whatever they are said to be`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let types: [UInt32] = [0, 0x10800, 0x186dd, 0x1894f, 0x18847, 0x10806, 0x188e7, 0xffff]
        for _ in 0..<500 {
            let count = Int(random.next() % 80)
            var frame = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if count > 14 {
                let type = types[Int(random.next() % 8)]
                frame[12] = UInt8(type >> 8 & 0xff)
                frame[13] = UInt8(type & 0xff)
            }
            _ = key(frame, packetType: types[Int(random.next() % 8)])
        }
    }
}
