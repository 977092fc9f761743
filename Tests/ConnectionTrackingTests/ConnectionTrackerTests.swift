import ConnectionTracking
import FlowModel
import Testing

@Suite struct `Connection tracker` {
    private static let new: ConnectionFlags = [.tracked, .new]
    private static let established: ConnectionFlags = [.tracked, .established]
    private static let reply: ConnectionFlags = [.tracked, .established, .reply]
    private static let invalid: ConnectionFlags = [.tracked, .invalid]

    @Test func `a packet is new until it is committed and answered`() {
        let traffic = Traffic()
        let key = Traffic.key()
        #expect(traffic.flags(key) == Self.new)
        #expect(traffic.flags(key.reversed) == Self.new)
        #expect(traffic.tracker.count == 0)
        #expect(traffic.flags(key, TCPSegment(), Traffic.commit) == Self.new)
        #expect(traffic.tracker.count == 1)
        #expect(traffic.flags(key) == Self.new)
        #expect(traffic.flags(key.reversed) == Self.reply)
        #expect(traffic.flags(key) == Self.established)
    }

    @Test func `zones keep equal tuples apart`() {
        let traffic = Traffic()
        var order = Traffic.commit
        order.zone = 7
        _ = traffic.send(Traffic.key(), TCPSegment(), order)
        #expect(traffic.flags(Traffic.key().reversed) == Self.new)
        var other = DatapathTracking()
        other.zone = 7
        let verdict = traffic.send(Traffic.key().reversed, TCPSegment(), other)
        #expect(verdict.state.flags == Self.reply)
        #expect(verdict.state.zone == 7)
    }

    @Test func `mark and label are set under their masks and told of later packets`() {
        let traffic = Traffic()
        var order = Traffic.commit
        (order.mark, order.markMask) = (0x12, 0xff)
        (order.label, order.labelMask) = (5 << 64, .max)
        _ = traffic.send(Traffic.key(), TCPSegment(), order)
        (order.mark, order.markMask, order.labelMask) = (0x3400, 0xff00, 0)
        _ = traffic.send(Traffic.key(), TCPSegment(), order)
        let state = traffic.send(Traffic.key().reversed).state
        #expect(state.mark == 0x3412)
        #expect(state.label == 5 << 64)
        #expect(state.originalIPv4 == 0x0a00_0001_0a00_0002)
        #expect(state.originalPorts == 1000 << 48 | 53 << 32)
        #expect(state.originalProtocol == 17)
    }

    @Test func `force makes the direction of an answer that of the connection`() {
        let traffic = Traffic()
        _ = traffic.send(Traffic.key(), TCPSegment(), Traffic.commit)
        var order = Traffic.commit
        order.isForced = true
        let state = traffic.send(Traffic.key().reversed, TCPSegment(), order).state
        #expect(state.flags == Self.new)
        #expect(state.originalIPv4 == 0x0a00_0002_0a00_0001)
        #expect(traffic.tracker.count == 1)
        #expect(traffic.flags(Traffic.key()) == Self.reply)
    }

    @Test func `an ICMP error belongs to its connection and begins none`() {
        let traffic = Traffic()
        _ = traffic.send(Traffic.key(), TCPSegment(), Traffic.commit)
        var error = TrackedPacket(Traffic.key().reversed)
        error.isRelated = true
        let track = { (packet: TrackedPacket) in
            traffic.tracker.track(packet, TrackingOrder(Traffic.commit), nil, now: traffic.now)
                .state.flags
        }
        #expect(track(error) == [.tracked, .related, .reply])
        error.key.sourcePort = 99
        #expect(track(error) == Self.invalid)
        #expect(traffic.tracker.count == 1)
    }

    @Test(arguments: [(UInt8(8), true), (0, false), (13, true), (3, false)])
    func `only queries begin a connection of ICMP`(type: UInt8, isQuery: Bool) {
        let traffic = Traffic()
        let key = ConnectionKey(
            isIPv6: false, ipProtocol: 1, source: 1, destination: 2,
            ports: (5, UInt16(type) << 8))
        let flags = traffic.flags(key, TCPSegment(), Traffic.commit)
        #expect(flags == (isQuery ? Self.new : Self.invalid))
        if isQuery { #expect(traffic.flags(key.reversed) == Self.reply) }
    }

    @Test func `a packet that cannot be read is invalid`() {
        let traffic = Traffic()
        let verdict = traffic.tracker.track(
            nil, TrackingOrder(Traffic.commit), nil, now: traffic.now)
        #expect(verdict.state.flags == Self.invalid)
        #expect(verdict.state.originalProtocol == 0)
        #expect(traffic.tracker.statistics.invalid == 1)
    }

    // MARK: Limits

    @Test func `a full table takes no more and serves those that it has`() {
        let traffic = Traffic()
        traffic.tracker.maximum = 2
        for port in UInt16(1)...3 {
            _ = traffic.send(Traffic.key(17, port), TCPSegment(), Traffic.commit)
        }
        #expect(traffic.tracker.count == 2)
        #expect(traffic.tracker.statistics.full == 1)
        #expect(traffic.flags(Traffic.key(17, 2).reversed) == Self.reply)
        #expect(traffic.flags(Traffic.key(17, 3).reversed) == Self.new)
    }

    @Test func `a zone takes as many as its limit says, or the default`() {
        let traffic = Traffic()
        traffic.tracker.setLimit(ofZone: 7, 1)
        traffic.tracker.setDefaultLimit(2)
        for zone in [UInt16(7), 8] {
            for port in UInt16(1)...4 {
                var order = Traffic.commit
                order.zone = zone
                _ = traffic.send(Traffic.key(17, port), TCPSegment(), order)
            }
        }
        #expect(traffic.tracker.limit(ofZone: 7) == (1, 1))
        #expect(traffic.tracker.limit(ofZone: 8) == (2, 2))
        traffic.tracker.flush(ConnectionSelection(zone: 7))
        #expect(traffic.tracker.limit(ofZone: 7) == (1, 0))
    }

    @Test func `a SYN flood leaves an established connection alone`() {
        var traffic = Traffic()
        let key = Traffic.key(6, 1000, 80)
        _ = traffic.send(key, Traffic.tcp(0x02, 100), Traffic.commit)
        _ = traffic.send(key.reversed, Traffic.tcp(0x12, 500, 101))
        traffic.tracker.maximum = 1000
        for index in UInt32(0)..<5000 {
            traffic.now += 1
            let flood = Traffic.key(
                6, from: UInt128(0xc000_0000 + index), UInt16(1 + index % 60000), to: 1, 80)
            _ = traffic.send(flood, Traffic.tcp(0x02, index), Traffic.commit)
            if index % 10 == 0 {
                #expect(traffic.flags(key, Traffic.tcp(0x10, 101, 501)) == Self.established)
            }
        }
        #expect(traffic.tracker.count == 1000)
    }

    // MARK: Time

    @Test func `a connection is forgotten when nothing is heard of it`() {
        var traffic = Traffic()
        _ = traffic.send(Traffic.key(), TCPSegment(), Traffic.commit)
        traffic.now += 59_999
        #expect(traffic.flags(Traffic.key().reversed) == Self.reply)
        traffic.now += 29_999
        #expect(traffic.flags(Traffic.key()) == Self.established)
        traffic.now += 30_000
        #expect(traffic.flags(Traffic.key()) == Self.new)
        #expect(traffic.tracker.count == 0)
    }

    @Test func `a zone's own timeouts are those of connections that begin there`() {
        var traffic = Traffic()
        var timeouts = TrackingTimeouts()
        timeouts[.otherFirst] = 5000
        traffic.tracker.setTimeouts(ofZone: 3, timeouts)
        var order = Traffic.commit
        order.zone = 3
        _ = traffic.send(Traffic.key(), TCPSegment(), order)
        _ = traffic.send(Traffic.key(), TCPSegment(), Traffic.commit)
        #expect(Set(traffic.records.map(\.timeLeft)) == [5000, 60_000])
        traffic.now += 5000
        #expect(traffic.records.map(\.zone) == [0])
    }

    // MARK: Memory

    @Test func `a million connections take at most 300 octets each`() {
        let traffic = Traffic()
        let order = TrackingOrder(Traffic.commit)
        for index in UInt32(0)..<1_000_000 {
            let key = Traffic.key(17, from: UInt128(index >> 15), UInt16(1 + index & 0x7fff))
            _ = traffic.tracker.track(TrackedPacket(key), order, nil, now: traffic.now)
        }
        #expect(traffic.tracker.count == 1_000_000)
        #expect(traffic.tracker.byteCount / 1_000_000 <= 300)
    }
}
