import ConnectionTracking
import FlowModel
import TestSupport
import Testing

/// The tracker against a list of connections that is searched from its start.
@Suite struct `Tracker and a plain model` {
    /// UDP connections as a list, without any wheel or table.
    private struct Model {
        struct Entry {
            let key: ConnectionKey
            var isAnswered = false
            var expires: UInt64
            var mark: UInt32 = 0
        }

        var entries: [Entry] = []

        mutating func send(
            _ key: ConnectionKey, _ order: DatapathTracking, _ now: UInt64
        ) -> (ConnectionFlags, UInt32) {
            entries.removeAll { $0.expires <= now }
            var key = key
            key.zone = order.zone
            var index = entries.firstIndex { $0.key == key || $0.key.reversed == key }
            if order.isForced, let found = index, entries[found].key != key {
                entries.remove(at: found)
                index = nil
            }
            var flags: ConnectionFlags = [.tracked]
            if let found = index {
                let isReply = entries[found].key != key
                if isReply { entries[found].isAnswered = true }
                let isAnswered = entries[found].isAnswered
                entries[found].expires = now + (isAnswered ? 30_000 : 60_000)
                flags.insert(isAnswered ? .established : .new)
                if isReply { flags.insert(.reply) }
            } else {
                flags.insert(.new)
                guard order.isCommitted || order.isForced else { return (flags, 0) }
                index = entries.count
                entries.append(Entry(key: key, expires: now + 60_000))
            }
            guard let index else { return (flags, 0) }
            entries[index].mark = entries[index].mark & ~order.markMask | order.mark
            return (flags, entries[index].mark)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `both say the same of every packet`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var model = Model()
        let tracker = ConnectionTracker(seed: seed)
        var now: UInt64 = 5_000_000_000
        for step in 0..<3000 {
            now += .random(in: 0...(step % 50 == 0 ? 70_000 : 400), using: &random)
            let isIPv6 = Bool.random(using: &random)
            var key = ConnectionKey(
                isIPv6: isIPv6, ipProtocol: 17, source: UInt128(random.next() % 4) << 32 | 1,
                destination: UInt128(random.next() % 4) << 32 | 2,
                ports: (UInt16(random.next() % 4), UInt16(random.next() % 3)))
            if !isIPv6 {
                key.source &= 0xffff_ffff
                key.destination &= 0xffff_ffff
            }
            if Bool.random(using: &random) { key = key.reversed }
            var order = DatapathTracking()
            order.zone = UInt16(random.next() % 3)
            order.isCommitted = random.next() % 3 == 0
            order.isForced = order.isCommitted && random.next() % 5 == 0
            order.markMask = order.isCommitted ? UInt32(random.next() & 0xff) : 0
            order.mark = UInt32(truncatingIfNeeded: random.next()) & order.markMask
            let state = tracker.track(
                TrackedPacket(key), TrackingOrder(order), nil, now: now
            ).state
            let (flags, mark) = model.send(key, order, now)
            #expect(state.flags == flags, "seed \(seed), step \(step)")
            #expect(state.mark == mark, "seed \(seed), step \(step)")
            if step % 100 == 0 {
                let records = tracker.records(ConnectionSelection(), now: now)
                #expect(Set(records.map(\.forward)) == Set(model.entries.map(\.key)))
                #expect(
                    records.map(\.timeLeft).sorted()
                        == model.entries.map { $0.expires - now }.sorted())
            }
        }
        tracker.flush(ConnectionSelection())
        #expect(tracker.count == 0)
    }
}
