import Datapath
import FlowModel
import TestSupport
import Testing

struct DatapathActionTests {
    let udp = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()))
    let tcp = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp()))
    let tcp6 = Frames.ethernet(0x86dd, Frames.ipv6(6, Frames.tcp()))

    /// A `set` of fields with all their bits.
    static func set(_ group: HeaderGroup, _ fields: [Field: UInt128]) -> DatapathAction {
        var value = FlowKey()
        var mask = FlowKey()
        for (field, number) in fields {
            value[field] = number
            mask[field] = field.descriptor.location.ones
        }
        return .set(group, value: SparseKey(value), mask: SparseKey(mask))
    }

    /// Fields of a frame that a plain parser finds.
    private func key(_ frame: [UInt8]) -> FlowKey {
        ActionModel.Packet(frame: frame, inPort: 1).key
    }

    private func hasValidChecksums(_ frame: [UInt8]) -> Bool {
        var fixed = frame
        Frames.fixChecksums(&fixed)
        return fixed == frame
    }

    @Test func `golden octets of a changed address, TTL and port`() throws {
        let before = octets(
            """
            02 00 00 00 00 02 02 00 00 00 00 01 08 00
            45 00 00 1d 00 01 00 00 40 11 66 cc 0a 00 00 01 0a 00 00 02
            00 35 00 35 00 09 73 63 61
            """)
        let after = octets(
            """
            02 00 00 00 00 02 02 00 00 00 00 01 08 00
            45 00 00 1d 00 01 00 00 3f 11 67 cb 0a 00 00 01 0a 00 00 03
            00 36 00 35 00 09 73 61 61
            """)
        let (out, _) = try Network.output(
            of: before,
            [
                Self.set(.ipv4, [.ipv4Destination: 0x0a00_0003, .ipTTL: 63]),
                Self.set(.udp, [.udpSource: 0x36]),
            ])
        #expect(out == after)
    }

    @Test func `a UDP checksum of zero stays zero`() throws {
        let frame = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp(checksum: 0)))
        let (out, _) = try Network.output(
            of: frame,
            [
                Self.set(.ipv4, [.ipv4Source: 0xc0a8_0001]), Self.set(.udp, [.udpDestination: 99]),
            ])
        #expect(key(out).ipv4Source == 0xc0a8_0001)
        #expect(key(out).transportDestination == 99)
        #expect(out[40...41] == [0, 0])
    }

    /// Every port number once: some give a sum of zero, which must be sent as ones.
    @Test func `no UDP checksum becomes zero`() throws {
        let network = try Network()
        let id = try network.addFlow([.output(2)])
        for port in stride(from: 0, to: 0x10000, by: 3) {
            try network.datapath.update(
                id, [Self.set(.udp, [.udpSource: UInt128(port)]), .output(2)])
            network.inject([udp])
            let out = network.ports[1].takeSent()[0]
            #expect(Frames.read(out, 40) != 0)
            #expect(hasValidChecksums(out))
        }
    }

    /// The flow of a packet whose checksum its sender left to the device.
    private func partial(_ frame: [UInt8]) -> (octets: [UInt8], offload: PacketOffload) {
        let places = Frames.places(frame)
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = UInt16(places.transport)
        offload.checksumOffset = UInt16((Frames.checksumField(frame) ?? 0) - places.transport)
        return (Frames.withPartialChecksum(frame), offload)
    }

    @Test(arguments: [false, true])
    func `a partial checksum survives all changes, completed or not`(isCompleted: Bool) throws {
        for frame in [udp, tcp, tcp6] {
            let (octets, offload) = partial(frame)
            let isIPv6 = frame[12] == 0x86
            let isTCP = Frames.places(frame).proto == 6
            let actions: [DatapathAction] = [
                isIPv6
                    ? Self.set(.ipv6, [.ipv6Source: 7 << 64 | 9, .ipv6Destination: 1 << 127])
                    : Self.set(.ipv4, [.ipv4Source: 0xffff_ffff, .ipv4Destination: 0x0102_0304]),
                isTCP
                    ? Self.set(.tcp, [.tcpSource: 5, .tcpDestination: 6])
                    : Self.set(.udp, [.udpSource: 5, .udpDestination: 6]),
                .pushVLAN(tpid: 0x8100, tci: 0x1064),
                Self.set(.ethernet, [.ethernetSource: 0x0600_0000_0001]),
            ]
            let (out, left) = try Network.output(
                of: octets, actions, offload: offload, port: isCompleted ? [] : .checksum)
            #expect(key(out).transportSource == 5)
            if isCompleted {
                #expect(left.isComplete)
                #expect(hasValidChecksums(out))
            } else {
                #expect(left.flags == .needsChecksum)
                #expect(Int(left.checksumStart) == Int(offload.checksumStart) + 4)
                let field = try #require(Frames.checksumField(out))
                let sum = Frames.sum(Frames.pseudoHeader(out))
                let stored = Frames.read(out, field)
                #expect(stored == sum || stored == 0 && sum == 0xffff || ~stored == 0 && sum == 0)
            }
        }
    }

    @Test func `a super-packet passes whole or is cut, tagged either way`() throws {
        let data = (0..<3000).map { UInt8($0 & 0xff) }
        let frame = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp(data: data)))
        var (octets, offload) = partial(frame)
        offload.segmentation = .tcp4
        offload.segmentByteCount = 1000
        offload.headerByteCount = 54
        let actions: [DatapathAction] = [
            .pushVLAN(tpid: 0x8100, tci: 0x1064), Self.set(.ipv4, [.ipTTL: 9]), .output(2),
        ]
        let whole = try Network(offloads: [.checksum, .tcpSegmentation])
        try whole.addFlow(actions)
        whole.inject([octets], offload: offload)
        #expect(whole.ports[1].sent.map(\.count) == [frame.count + 4])
        #expect(whole.ports[1].sentOffloads[0].headerByteCount == 58)

        let cut = try Network()
        let id = try cut.addFlow(actions)
        cut.inject([octets], offload: offload)
        #expect(cut.ports[1].sent.map(\.count) == [1058, 1058, 1058])
        for out in cut.ports[1].sent {
            #expect(hasValidChecksums(out))
            #expect(key(out).vlanTCI == 0x1064)
            #expect(key(out).ipTTL == 9)
        }
        #expect(cut.datapath.statistics(of: id)?.packets == 1)
        #expect(cut.datapath.statistics(of: id)?.octets == UInt64(frame.count))
        #expect(cut.pool.usedCount == 0)
    }

    @Test func `labels are pushed behind tags and popped again`() throws {
        let tagged = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()), tags: [100])
        let push: [DatapathAction] = [
            .pushMPLS(label: 0x0006_4140, etherType: 0x8847),
            .pushMPLS(label: 0x000c_8040, etherType: 0x8847),
        ]
        let (out, _) = try Network.output(of: tagged, push)
        #expect(out.count == tagged.count + 8)
        let expected = octets("8100 0064 8847 000c8040 00064140 45")
        #expect(Array(out[12..<27]) == expected)

        let (label, _) = try Network.output(
            of: tagged, push + [Self.set(.mpls, [.mplsLabel: 17, .mplsTTL: 3])])
        #expect(label[18..<22] == [0x00, 0x01, 0x10, 0x03])

        let pop: [DatapathAction] = [.popMPLS(etherType: 0x8847), .popMPLS(etherType: 0x0800)]
        let (back, _) = try Network.output(of: tagged, push + pop)
        #expect(back == tagged)
    }

    @Test func `ICMP and neighbour discovery keep their checksums`() throws {
        let echo = Frames.ethernet(0x0800, Frames.ipv4(1, Frames.icmp()))
        let (reply, _) = try Network.output(
            of: echo, [Self.set(.icmp, [.icmpType: 0, .icmpCode: 3])])
        #expect(key(reply).transportDestination == 3)
        #expect(hasValidChecksums(reply))

        let target: UInt128 = 0xfe80 << 112 | 5
        for type in [135, 136] as [UInt8] {
            let frame = Frames.ethernet(0x86dd, Frames.ipv6(58, Frames.neighbor(type)))
            let address: Field = type == 135 ? .ndSourceMAC : .ndTargetMAC
            let (out, _) = try Network.output(
                of: frame,
                [
                    Self.set(
                        .nd, [.ndTarget: target, address: 0x0a0b_0c0d_0e0f]),
                    Self.set(.ipv6, [.ipv6Source: 0xfe80 << 112 | 6]),
                ])
            #expect(key(out)[.ndTarget] == target)
            #expect(key(out)[address] == 0x0a0b_0c0d_0e0f)
            #expect(hasValidChecksums(out))
        }
    }

    @Test func `a checksum of SCTP follows its ports, and a wrong one stays wrong`() throws {
        var frame = Frames.ethernet(0x0800, Frames.ipv4(132, Frames.sctp()))
        let set = Self.set(.sctp, [.sctpSource: 1234])
        let (out, _) = try Network.output(of: frame, [set])
        #expect(key(out).transportSource == 1234)
        #expect(hasValidChecksums(out))
        frame[42] ^= 1
        let (wrong, _) = try Network.output(of: frame, [set])
        #expect(!hasValidChecksums(wrong))
    }

    @Test func `a packet that waits in a queue is not changed by later actions`() throws {
        let network = try Network()
        try network.addFlow([
            .output(2), .pushVLAN(tpid: 0x8100, tci: 0x1005), .output(3),
            .clone([Self.set(.ethernet, [.ethernetSource: 5]), .output(4)]), .popVLAN, .output(4),
        ])
        network.inject([udp])
        #expect(network.ports[1].sent == [udp])
        #expect(network.ports[2].sent[0].count == udp.count + 4)
        #expect(network.ports[3].sent.count == 2)
        #expect(key(network.ports[3].sent[0]).ethernetSource == 5)
        #expect(network.ports[3].sent[1] == udp)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `truncation is for the next output only`() throws {
        let network = try Network()
        try network.addFlow([.truncate(20), .output(2), .output(3), .truncate(3), .output(4)])
        network.inject([udp])
        #expect(network.ports[1].sent == [Array(udp.prefix(20))])
        #expect(network.ports[2].sent == [udp])
        #expect(network.ports[3].sent == [Array(udp.prefix(14))])
        #expect(network.pool.usedCount == 0)
    }

    @Test func `what an action sends up has the key that it left with`() throws {
        let network = try Network()
        let upcall = UserspaceAction.controller(
            ControllerUpcall(
                reason: .action, isSuppressed: false, recirculationID: 9, ruleCookie: 77,
                controllerID: 0, maxByteCount: 128))
        try network.addFlow([
            .userspace(.slowPath(.lacp)), Self.set(.mark, [.packetMark: 0x55]),
            Self.set(.ipv4, [.ipTTL: 1]), .userspace(upcall),
        ])
        network.inject([udp])
        var seen: [(UInt8, UInt64, UserspaceAction)] = []
        network.datapath.takeUpcalls { packet, key, action in
            seen.append((key.expanded.ipTTL, key[word: KeyWord.priority], action))
            network.pool.release(packet)
        }
        #expect(seen.map(\.0) == [64, 1])
        #expect(seen.map(\.1) == [0, 0x55])
        #expect(seen.map(\.2) == [.slowPath(.lacp), upcall])
        #expect(network.pool.usedCount == 0)
    }

    /// A controller that sends the packet back has no other way to tell that work is left.
    @Test func `what goes up is complete, and what goes on is left as it was`() throws {
        let network = try Network(offloads: [.checksum, .tcpSegmentation])
        try network.addFlow([.userspace(.slowPath(.action)), .output(2)])
        let (single, offload) = partial(tcp)
        network.inject([single], offload: offload)
        let data = [UInt8](repeating: 7, count: 2500)
        let long = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp(data: data)))
        var (octets, segmented) = partial(long)
        segmented.segmentation = .tcp4
        segmented.segmentByteCount = 1000
        network.inject([octets], offload: segmented)
        #expect(network.ports[1].sent == [single, octets])
        #expect(network.ports[1].sentOffloads == [offload, segmented])

        var up: [[UInt8]] = []
        network.datapath.takeUpcalls { packet, _, _ in
            up.append(packet.octets)
            network.pool.release(packet)
        }
        #expect(up.map(\.count) == [tcp.count, 1054, 1054, 554])
        #expect(up.first == tcp)
        #expect(up.allSatisfy { hasValidChecksums($0) })
        #expect(network.pool.usedCount == 0)
    }

    @Test func `a frame that recirculates for ever is dropped at the limit`() throws {
        let network = try Network()
        var mask = FlowKey()
        mask.inPort = .max
        var key = FlowKey()
        key.inPort = 1
        let id = try network.datapath.insert(
            key: key, mask: mask, actions: [.output(2), .recirculate(1)])
        network.inject([udp])
        let rounds = UserspaceDatapath.maximumRecirculations + 1
        #expect(network.ports[1].sent.count == rounds)
        #expect(network.datapath.statistics(of: id)?.packets == UInt64(rounds))
        #expect(network.datapath.statistics.recirculationDrops == 1)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `more headers than there is room for drop the packet`() throws {
        let network = try Network()
        let count = PacketPool.headroom / 4
        let push = DatapathAction.pushVLAN(tpid: 0x8100, tci: 0x1001)
        let id = try network.addFlow(Array(repeating: push, count: count) + [.output(2)])
        network.inject([udp])
        #expect(network.ports[1].sent.count == 1)
        try network.datapath.update(id, Array(repeating: push, count: count + 1) + [.output(2)])
        network.inject([udp])
        #expect(network.ports[1].sent.count == 1)
        #expect(network.datapath.statistics.headroomDrops == 1)
        #expect(network.pool.usedCount == 0)
    }

    /// Cut anywhere, a frame passes every action without a trap, and nothing is written behind it.
    @Test func `every prefix of a frame passes every action`() throws {
        let frames = [
            udp, tcp, tcp6, Frames.ethernet(0x0806, Frames.arp()),
            Frames.ethernet(0x86dd, Frames.ipv6(58, Frames.neighbor(135)), tags: [1, 2]),
            Frames.ethernet(0x0800, Frames.ipv4(132, Frames.sctp())),
            octets("020000000001 020000000002 0014 aaaa03000000 0800 45000014"),
        ]
        let network = try Network()
        try network.addFlow([
            Self.set(.ethernet, [.ethernetSource: 5]),
            Self.set(.ipv4, [.ipv4Source: 5, .ipTTL: 3, .ipTOS: 8]),
            Self.set(.ipv6, [.ipv6Source: 5, .ipTTL: 3, .ipTOS: 8, .ipv6Label: 9]),
            Self.set(.arp, [.arpOperation: 2, .arpSenderIP: 5, .arpTargetMAC: 6]),
            Self.set(.tcp, [.tcpSource: 5]), Self.set(.udp, [.udpSource: 5]),
            Self.set(.sctp, [.sctpSource: 5]), Self.set(.icmp, [.icmpType: 5]),
            Self.set(.icmpv6, [.icmpv6Code: 0]), Self.set(.nd, [.ndTarget: 5, .ndSourceMAC: 5]),
            .popVLAN, .popMPLS(etherType: 0x800), .pushMPLS(label: 0x140, etherType: 0x8847),
            .pushVLAN(tpid: 0x8100, tci: 0x1001), .output(2),
        ])
        for frame in frames {
            for count in 0...frame.count { network.inject([Array(frame.prefix(count))]) }
            #expect(network.ports[1].takeSent().count == frame.count + 1)
        }
        #expect(network.pool.usedCount == 0)
    }

    @Test func `actions that the datapath cannot perform are refused by name`() throws {
        let network = try Network()
        #expect(throws: DatapathError.unsupportedAction("set(tunnel)")) {
            try network.addFlow([Self.set(.tunnel, [.tunnelID: 5]), .output(2)])
        }
        #expect(network.datapath.flowCount == 0)
        let packet = network.pool.make(udp)
        let isDone = network.datapath.execute(
            packet, PackedKey(FlowKey()), [Self.set(.tunnel, [.tunnelID: 5]), .output(2)])
        #expect(!isDone)
        #expect(network.pool.usedCount == 0)
    }
}
