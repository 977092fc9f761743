import FlowModel
import Glibc
import TestSupport
import Testing

/// Frames of every length and of every kind of damage.
///
/// `MARTLET_PARSER_FRAMES=10000000` asks for as many damaged frames; `swift test
/// --sanitize=address` looks closer.
struct ParserFuzzTests {
    /// The longest frame of a port with `mtu_request=9728` has a tag less than this.
    private static let longest = 9728

    /// Memory of which no octet before or behind may be read: frames end at its end.
    private final class Ground {
        private let memory: UnsafeMutableRawPointer
        private let pages: Int
        private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

        init(byteCount: Int) throws {
            pages = (byteCount + page - 1) / page
            let mapped = mmap(
                nil, (pages + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            memory = try #require(mapped)
            try #require(mprotect(memory + page, pages * page, PROT_READ | PROT_WRITE) == 0)
        }

        deinit { munmap(memory, (pages + 2) * page) }

        /// The last `byteCount` octets.
        func frame(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(
                start: memory + (pages + 1) * page - byteCount, count: byteCount)
        }
    }

    private static let link = octets("02 00 00 00 00 02 02 00 00 00 00 01")
    private static let udp = octets("0001 0002 0008 0000")
    private static let ipv6 = octets("fd00 0000 0000 0000 0000 0000 0000 0001")

    /// Each kind of header that the parser knows, and each chain of them.
    private static let kinds: [[UInt8]] = [
        octets("0800 4500 001c 0000 0000 4011 0000 0a000001 0a000002") + udp,
        octets("0800 4600 0028 0000 0000 4006 0000 0a000001 0a000002 01010101")
            + octets("0001 0002 00000001 00000002 5012 0100 0000 0000"),
        octets("0800 4500 0020 0000 2000 4084 0000 0a000001 0a000002")
            + octets("0001 0002 00000001 00000000"),
        octets("0800 4500 001c 0000 0000 4001 0000 0a000001 0a000002 0800 0000 0001 0001"),
        octets("0800 4500 001c 0000 0000 4002 0000 0a000001 0a000002 1600 0000 e0000001"),
        octets("8100 2005 88a8 3006 0800 4500 001c 0000 00ff 4011 0000 0a000001 0a000002") + udp,
        octets("0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a000002"),
        octets("8847 00010040 00020040 00030140 4500 001c 0000 0000 4011 0000"),
        octets("8848 00010040 00020040 00030040 00040140"),
        octets("894f 1fc6 0103 123456ff") + [UInt8](repeating: 7, count: 16),
        octets("88e7 00001234 020000000003 020000000004 0800"),
        octets("0020 aaaa 0300 0000 0800 4500 001c 0000 0000 4011 0000 0a000001 0a000002") + udp,
        octets("86dd 6000 0000 0008 1140") + ipv6 + ipv6 + udp,
        octets("86dd 6000 0000 0028 0040") + ipv6 + ipv6
            + octets("3c00 0000 0000 0000 2b00 0000 0000 0000 2c00 0000 0000 0000")
            + octets("1100 0001 0000 0001") + udp,
        octets("86dd 6000 0000 0020 3aff") + ipv6 + ipv6 + octets("8700 0000 0000 0000") + ipv6
            + octets("0101 0200 0000 0001"),
        octets("86dd 6000 0000 0028 3aff") + ipv6 + ipv6 + octets("8800 0000 6000 0000") + ipv6
            + octets("0201 0200 0000 0001 0e01 0000 0000 0000"),
    ].map { link + $0 }

    private func parse(_ frame: UnsafeMutableRawBufferPointer, _ key: inout PackedKey) {
        let span = UnsafeRawBufferPointer(frame).bytes
        PacketParser.parse(span, .init(inPort: 1), into: &key)
        guard let simple = PacketParser.simpleBits(span) else { return }
        let full = key.expanded
        let bits =
            UInt64(full.etherType) << 24 | UInt64(full.vlanTCI & 0x1fff) << 8
            | UInt64(full.ipFragment)
        let isTCP = EtherType.isIP(full.etherType) && full.ipProtocol == IPProtocol.tcp
        if simple.bits != bits || simple.tcpFlags != (isTCP ? full.tcpFlags : 0) {
            Issue.record("\([UInt8](frame)): few bits tell otherwise than all")
        }
    }

    @Test func `each kind of frame has a key`() {
        var maps: Set<UInt64> = []
        for kind in Self.kinds {
            var key = PackedKey()
            PacketParser.parse(kind.span.bytes, .init(inPort: 1), into: &key)
            maps.insert(key.map)
        }
        #expect(maps.count >= 9)
    }

    @Test func `no octet is read that the frame has not`() throws {
        let ground = try Ground(byteCount: Self.longest)
        var random = SplitMix64(seed: 1)
        var key = PackedKey()
        // Each length with each kind takes a minute: those that cut headers, and then in turns.
        for byteCount in 0...Self.longest {
            let kinds = byteCount < 160 ? Self.kinds[...] : [Self.kinds[byteCount % 16]]
            for kind in kinds {
                let frame = ground.frame(byteCount)
                for index in 0..<min(byteCount, kind.count) { frame[index] = kind[index] }
                if byteCount > kind.count { frame[kind.count] = UInt8(byteCount & 0xff) }
                Self.fitLength(frame, kind)
                parse(frame, &key)
            }
        }
        let count = RunSize.count("MARTLET_PARSER_FRAMES", usually: 100_000)
        for number in 0..<count {
            let kind = Self.kinds[number % Self.kinds.count]
            let byteCount =
                Bool.random(using: &random)
                ? Int.random(in: 0...kind.count, using: &random)
                : kind.count + Int.random(in: 0...64, using: &random)
            let frame = ground.frame(byteCount)
            for index in 0..<byteCount { frame[index] = index < kind.count ? kind[index] : 0 }
            for _ in 0..<Int.random(in: 0...4, using: &random) where byteCount > 12 {
                let place = Int.random(in: 12..<byteCount, using: &random)
                frame[place] = UInt8(truncatingIfNeeded: random.next())
            }
            parse(frame, &key)
        }
        #expect(key.count <= PackedKey.capacity)
    }

    /// Has the length of an IP header say what there is, so that the parser goes on.
    private static func fitLength(_ frame: UnsafeMutableRawBufferPointer, _ kind: [UInt8]) {
        if kind[12] == 0x08 && kind[13] == 0 && frame.count >= 18 {
            let length = UInt16(frame.count - 14)
            frame[16] = UInt8(length >> 8)
            frame[17] = UInt8(length & 0xff)
        }
        if kind[12] == 0x86 && kind[13] == 0xdd && frame.count >= 54 {
            let length = UInt16(frame.count - 54)
            frame[18] = UInt8(length >> 8)
            frame[19] = UInt8(length & 0xff)
        }
    }
}
