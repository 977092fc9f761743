import Datapath
import FlowModel
import TestSupport
import Testing

/// The datapath against the plain model, by seed.
struct DatapathModelTests {
    /// Frames and actions that go together, drawn by a seed.
    struct Generator {
        var random: SplitMix64

        mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        mutating func flip() -> Bool { Bool.random(using: &random) }
        mutating func bits() -> UInt64 { random.next() }

        mutating func frame() -> [UInt8] {
            let tags: [UInt16] = (0..<[0, 0, 1, 2][below(4)]).map { 100 + UInt16($0) }
            let port = UInt16(1 + below(3))
            let data = [UInt8](repeating: UInt8(below(256)), count: below(40))
            let type: UInt16
            let payload: [UInt8]
            switch below(9) {
            case 0: (type, payload) = (0x0806, Frames.arp())
            case 1: (type, payload) = (0x88cc, [1, 2, 3, 4])
            case 2: (type, payload) = (0x86dd, Frames.ipv6(6, Frames.tcp(port, data: data)))
            case 3: (type, payload) = (0x86dd, Frames.ipv6(58, Frames.neighbor(flip() ? 135 : 136)))
            default:
                let (proto, segment) = segment(port, data)
                let source = 0x0a00_0000 + UInt32(below(4))
                let fragment: UInt16 = below(8) == 0 ? 0x2000 | UInt16(below(2)) : 0
                (type, payload) = (
                    0x0800, Frames.ipv4(proto, segment, source: source, fragment: fragment)
                )
            }
            return Frames.ethernet(type, payload, tags: tags)
        }

        private mutating func segment(_ port: UInt16, _ data: [UInt8]) -> (UInt8, [UInt8]) {
            switch below(5) {
            case 0: (6, Frames.tcp(port, flags: UInt8(below(64)), data: data))
            case 1: (17, Frames.udp(port, data: data))
            case 2: (17, Frames.udp(port, checksum: 0, data: data))
            case 3: (132, Frames.sctp(port))
            default: (1, Frames.icmp(UInt8(below(2)) * 8, 0))
            }
        }

        /// Bits of a flow's mask: metadata always, and some headers.
        mutating func mask() -> FlowKey {
            var mask = FlowKey()
            mask.inPort = .max
            mask.recirculationID = .max
            mask.etherType = .max
            for word in KeyWord.ethernetSource..<KeyWord.count where below(4) == 0 {
                mask.words[word] = flip() ? .max : bits()
            }
            return mask
        }

        /// Actions for packets like the one with `key`.
        mutating func actions(_ key: FlowKey, depth: Int = 0) -> [DatapathAction] {
            var actions: [DatapathAction] = []
            for _ in 0..<below(5) { actions.append(action(key, depth)) }
            actions.append(.output(UInt32(2 + below(3))))
            return actions
        }

        private mutating func action(_ key: FlowKey, _ depth: Int) -> DatapathAction {
            switch below(10) {
            case 0: .pushVLAN(tpid: 0x8100, tci: 0x1000 | UInt16(below(4096)))
            case 1: .popVLAN
            case 2: .truncate(UInt32(below(80)))
            case 3 where depth < 2: .clone(actions(key, depth: depth + 1))
            case 4 where depth < 2: .recirculate(UInt32(1 + below(2)))
            case 5: set(.mark, [KeyWord.priority], 0xffff_ffff)
            case 6:
                set(.ethernet, [KeyWord.ethernetDestination, KeyWord.ethernetSource], ~0xffff)
            default: set(key)
            }
        }

        private mutating func set(_ key: FlowKey) -> DatapathAction {
            let ports: UInt64 = 0xffff_ffff_0000_0000
            switch (key.etherType, key.ipProtocol) {
            case (0x0800, _) where flip(): return set(.ipv4, [KeyWord.ipv4], .max)
            case (0x0800, _) where flip(): return set(.ipv4, [KeyWord.ip], 0xff_ff00)
            case (0x86dd, _) where flip():
                return set(.ipv6, Array(KeyWord.ipv6Source..<KeyWord.ipv6Source + 4), .max)
            case (0x86dd, _) where flip(): return set(.ipv6, [KeyWord.ip], 0xf_ffff_00ff_ff00)
            case (_, 6): return set(.tcp, [KeyWord.transport], ports)
            case (0x0800, 17): return set(.udp, [KeyWord.transport], ports)
            case (0x0800, 132): return set(.sctp, [KeyWord.transport], ports)
            case (0x0800, 1): return set(.icmp, [KeyWord.transport], 0x00ff_00ff_0000_0000)
            case (0x86dd, 58):
                return set(.nd, [KeyWord.ndTarget, KeyWord.ndTarget + 1], .max)
            case (0x0806, _):
                return set(.arp, [KeyWord.ipv4, KeyWord.arpSender, KeyWord.arpTarget], ~0xffff)
            default: return set(.mark, [KeyWord.priority], 0xff)
            }
        }

        private mutating func set(
            _ group: HeaderGroup, _ words: [Int], _ allowed: UInt64
        ) -> DatapathAction {
            var value = FlowKey()
            var mask = FlowKey()
            for word in words where words.count == 1 || flip() {
                mask.words[word] = (flip() ? .max : bits()) & allowed
                value.words[word] = bits() & mask.words[word]
            }
            return .set(group, value: SparseKey(value), mask: SparseKey(mask))
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `forwarding agrees with a plain interpreter`(seed: UInt64) throws {
        var generator = Generator(random: SplitMix64(seed: seed))
        let network = try Network()
        network.datapath.cacheSettings.insertion = [0, 1, 100][Int(seed % 3)]
        network.datapath.cacheSettings.usesSignatures = seed % 2 == 1
        var model = ActionModel()
        // Flows of one port and recirculation share a mask, so that none overlap.
        var masks: [UInt64: FlowKey] = [:]
        var ids: [FlowID] = []

        for _ in 0..<40 {
            let step = generator.below(10)
            if step < 4 {
                addFlow(&generator, network, &model, &masks, &ids)
            } else if step == 4, !ids.isEmpty {
                let index = generator.below(ids.count)
                model.flows.remove(at: index)
                #expect(network.datapath.remove(ids.remove(at: index)) != nil)
            } else {
                let port = 1 + generator.below(2)
                let frames = (0..<generator.below(70)).map { _ in generator.frame() }
                network.inject(frames, into: port)
                for frame in frames { model.receive(.init(frame: frame, inPort: UInt32(port))) }
                compare(network, &model)
            }
            #expect(network.datapath.flowCount == ids.count)
        }
        network.datapath.removeAllFlows()
        #expect(network.datapath.flowCount == 0)
        #expect(network.datapath.maskCount == 0)
        #expect(network.pool.usedCount == 0)
    }

    private func addFlow(
        _ generator: inout Generator, _ network: Network, _ model: inout ActionModel,
        _ masks: inout [UInt64: FlowKey], _ ids: inout [FlowID]
    ) {
        var packet = ActionModel.Packet(
            frame: generator.frame(), inPort: UInt32(1 + generator.below(2)))
        packet.recirculationID = UInt32(max(0, generator.below(4) - 1))
        let key = packet.key
        let mask = masks[key.words[KeyWord.inPort]] ?? generator.mask()
        masks[key.words[KeyWord.inPort]] = mask
        var actions = generator.actions(key)
        // A loop would end at the limit, which the model does not have.
        if packet.recirculationID > 0 { actions = withoutRecirculation(actions) }
        guard let id = try? network.datapath.insert(key: key, mask: mask, actions: actions) else {
            Issue.record("a flow was refused")
            return
        }
        if model.flows.contains(where: { $0.mask == mask && $0.key == key & mask }) {
            #expect(ids.contains(id))
            return
        }
        #expect(!ids.contains(id))
        ids.append(id)
        model.flows.append(.init(key: key & mask, mask: mask, actions: actions))
    }

    private func withoutRecirculation(_ actions: [DatapathAction]) -> [DatapathAction] {
        actions.compactMap { action in
            switch action {
            case .recirculate: nil
            case .clone(let inner): .clone(withoutRecirculation(inner))
            default: action
            }
        }
    }

    private func compare(_ network: Network, _ model: inout ActionModel) {
        for number in 1...4 {
            let expected = model.sent.filter { $0.port == UInt32(number) }.map(\.frame)
            #expect(network.ports[number - 1].takeSent() == expected)
        }
        #expect(network.takeMissedFrames().count == model.missed)
        model.sent = []
        model.missed = 0
    }
}
