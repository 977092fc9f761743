import FlowModel
import Testing

@testable import KernelFlows

struct KernelKeyTests {
    private static func mask(_ change: (inout FlowKey) -> Void) -> FlowKey {
        var mask = FlowKey()
        mask.inPort = .max
        mask.recirculationID = .max
        mask.etherType = .max
        change(&mask)
        return mask
    }

    private static func convert(
        _ key: FlowKey, _ mask: FlowKey
    ) throws(KernelRefusal) -> (key: KernelKey, mask: KernelKey) {
        try KernelKey.convert(
            key: SparseKey(packet: key & mask), mask: SparseKey(packet: mask), interface: 0x1234)
    }

    @Test
    func `a key lies as programs read it from a packet`() throws {
        var key = FlowKey()
        key.inPort = 7
        key.recirculationID = 0x0102
        key.vlanTPID = 0x8100
        key.vlanTCI = 0x1005
        key.etherType = EtherType.ipv4
        key.ethernetDestination = 0x0200_0000_0001
        key.ethernetSource = 0x0200_0000_0002
        key.ipProtocol = 6
        key.ipTOS = 0x10
        key.ipTTL = 64
        key.ipFragment = 1
        key.ipv4Source = 0x0a00_0001
        key.ipv4Destination = 0x0a00_0002
        key.transportSource = 0x1234
        key.transportDestination = 80
        key.tcpFlags = 0x012
        let all = Self.mask { mask in
            for word in [
                KeyWord.vlan, KeyWord.ethernetDestination, KeyWord.ethernetSource, KeyWord.ipv4,
                KeyWord.ip,
            ] { mask[word: word] = .max }
            mask[word: KeyWord.transport] = ~0xffff
        }
        let octets = try Self.convert(key, all).key.octets
        let expected: [UInt8] =
            [0x34, 0x12, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0x00, 0x81, 0x05, 0x10]
            + [0, 0, 0, 0, 8, 0, 1, 6, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
            + [0x10, 64, 0, 0x12, 0x12, 0x34, 0, 80, 0, 0, 0, 0]
            + [10, 0, 0, 1, 10, 0, 0, 2] + [UInt8](repeating: 0, count: 24)
        #expect(octets == expected)
    }

    @Test
    func `IPv6 and ARP share the addresses' place`() throws {
        var key = FlowKey()
        key.etherType = EtherType.ipv6
        key[word: KeyWord.ipv6Source] = 0x2001_0db8_0000_0000
        key[word: KeyWord.ipv6Destination + 1] = 0x0102_0304_0506_0708
        let ipv6 = Self.mask { mask in
            for word in 0..<4 { mask[word: KeyWord.ipv6Source + word] = .max }
        }
        let octets = try Self.convert(key, ipv6).key.octets
        #expect(Array(octets[48..<56]) == [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0])
        #expect(Array(octets[72..<80]) == [1, 2, 3, 4, 5, 6, 7, 8])
        key = FlowKey()
        key.etherType = EtherType.arp
        key[word: KeyWord.arpSender] = 0x0200_0000_0005 << 16
        let arp = Self.mask { $0[word: KeyWord.arpSender] = ~0xffff }
        #expect(Array(try Self.convert(key, arp).key.octets[56..<62]) == [2, 0, 0, 0, 0, 5])
        #expect(
            Array(try Self.convert(key, arp).mask.octets[56..<62])
                == [UInt8](repeating: 255, count: 6))
    }

    @Test
    func `what packets cannot have may be matched if it is absent`() throws {
        var key = FlowKey()
        key.etherType = EtherType.ipv4
        let mask = Self.mask { mask in
            mask[word: KeyWord.datapathHash] |= 0xffff_ffff
            mask[word: KeyWord.ctMark] = .max
            mask[word: KeyWord.priority] = .max
            mask[word: KeyWord.tunnelID] = .max
        }
        _ = try Self.convert(key, mask)
        key[word: KeyWord.datapathHash] = 0x20
        #expect(throws: KernelRefusal.field("ct_state")) { _ = try Self.convert(key, mask) }
        key[word: KeyWord.datapathHash] = 0
        key[word: KeyWord.tunnelID] = 5
        #expect(throws: KernelRefusal.field("tun_id")) { _ = try Self.convert(key, mask) }
    }

    @Test(arguments: [
        (KeyWord.mpls, "mpls"), (KeyWord.nsh, "nsh"), (KeyWord.ndTarget, "nd_target"),
    ])
    func `what programs do not read is refused`(word: Int, name: String) {
        let mask = Self.mask { $0[word: word] = 1 << 40 }
        #expect(throws: KernelRefusal.field(name)) { _ = try Self.convert(FlowKey(), mask) }
    }

    @Test
    func `a flow of any port, and one with ND's addresses, are refused`() {
        var any = Self.mask { _ in }
        any.inPort = 0
        #expect(throws: KernelRefusal.field("in_port")) { _ = try Self.convert(FlowKey(), any) }
        var key = FlowKey()
        key.etherType = EtherType.ipv6
        let mask = Self.mask { $0[word: KeyWord.arpSender] = ~0xffff }
        #expect(throws: KernelRefusal.field("nd_sll")) { _ = try Self.convert(key, mask) }
    }
}
