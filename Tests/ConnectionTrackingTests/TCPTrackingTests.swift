import ConnectionTracking
import FlowModel
import TestSupport
import Testing

@Suite struct `Tracking of TCP` {
    private let key = Traffic.key(6, 1024, 2048)
    private static let syn: UInt8 = 0x02
    private static let ack: UInt8 = 0x10
    private static let fin: UInt8 = 0x11
    private static let rst: UInt8 = 0x04

    /// A connection whose three segments have passed.
    private func established() -> Traffic {
        let traffic = Traffic()
        _ = traffic.send(key, Traffic.tcp(Self.syn, 100), Traffic.commit)
        _ = traffic.send(key.reversed, Traffic.tcp(0x12, 200, 101))
        _ = traffic.send(key, Traffic.tcp(Self.ack, 101, 201))
        return traffic
    }

    private func state(_ traffic: Traffic) -> [String] {
        traffic.records.flatMap { $0.peers.map(\.state) }
    }

    @Test func `a connection begins, ends, and begins again`() {
        let traffic = established()
        #expect(state(traffic) == ["ESTABLISHED", "ESTABLISHED"])
        #expect(traffic.records[0].timeLeft == 86_400_000)
        #expect(traffic.flags(key, Traffic.tcp(Self.fin, 101, 201)) == [.tracked, .established])
        #expect(state(traffic) == ["CLOSING", "ESTABLISHED"])
        #expect(traffic.records[0].timeLeft == 900_000)
        _ = traffic.send(key.reversed, Traffic.tcp(Self.fin, 201, 102))
        #expect(state(traffic) == ["FIN_WAIT_2", "CLOSING"])
        #expect(traffic.records[0].timeLeft == 45_000)
        _ = traffic.send(key, Traffic.tcp(Self.ack, 102, 202))
        #expect(state(traffic) == ["FIN_WAIT_2", "FIN_WAIT_2"])
        #expect(traffic.records[0].timeLeft == 30_000)
        let again = traffic.flags(key, Traffic.tcp(Self.syn, 9000), Traffic.commit)
        #expect(again == [.tracked, .new])
        #expect(state(traffic) == ["SYN_SENT", "CLOSED"])
    }

    @Test func `a reset has to hit the next sequence number`() {
        let traffic = established()
        let invalid: ConnectionFlags = [.tracked, .invalid]
        #expect(traffic.flags(key, Traffic.tcp(Self.rst, 110)) == invalid)
        #expect(state(traffic) == ["ESTABLISHED", "ESTABLISHED"])
        #expect(traffic.flags(key, Traffic.tcp(Self.rst, 101)) == [.tracked, .established])
        #expect(state(traffic) == ["TIME_WAIT", "TIME_WAIT"])
    }

    @Test func `a segment beyond the window is invalid unless that is not checked`() {
        let traffic = established()
        var far = Traffic.tcp(Self.ack, 101 + 5000, 201)
        far.payloadByteCount = 10
        #expect(traffic.flags(key, far) == [.tracked, .invalid])
        traffic.tracker.checksSequenceNumbers = false
        #expect(traffic.flags(key, far) == [.tracked, .established])
    }

    @Test(arguments: [UInt8(0), 0x03, 0x06, 0x01, 0x29, 0x12])
    func `flags that nobody means begin nothing`(flags: UInt8) {
        let traffic = Traffic()
        let verdict = traffic.flags(key, Traffic.tcp(flags), Traffic.commit)
        #expect(verdict == [.tracked, .invalid])
        #expect(traffic.tracker.count == 0)
    }

    @Test func `a connection is picked up in its middle`() {
        let traffic = Traffic()
        var data = Traffic.tcp(Self.ack, 5_000_000, 7_000_000)
        data.payloadByteCount = 1400
        #expect(traffic.flags(key, data, Traffic.commit) == [.tracked, .new])
        #expect(traffic.records[0].peers.map(\.isPickedUp) == [true, true])
        var answer = Traffic.tcp(Self.ack, 7_000_000, 5_001_400)
        answer.payloadByteCount = 60_000
        #expect(traffic.flags(key.reversed, answer) == [.tracked, .established, .reply])
    }

    // MARK: A pair with loss, reordering and retransmission

    /// One end of a connection, with what it has sent and heard.
    private struct End {
        var next: UInt32
        /// The first sequence number that the other end has not acknowledged.
        var unacknowledged: UInt32
        var received: UInt32 = 0
        /// The other end's window, unscaled.
        var window: UInt32 = 0
        let shift: UInt8
        var peerShift: UInt8 = 0
        let buffer: UInt32
        var flight: [(sequence: UInt32, count: UInt32)] = []

        func segment(_ sequence: UInt32, _ count: UInt32) -> TCPSegment {
            var segment = TCPSegment()
            segment.flags = 0x10
            segment.sequenceNumber = sequence
            segment.acknowledgement = received
            segment.payloadByteCount = count
            segment.window = UInt16(min(buffer >> UInt32(shift), 0xffff))
            return segment
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `no valid segment is ever invalid`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let traffic = Traffic()
        let shifts = (UInt8(random.next() % 15), UInt8(random.next() % 15))
        let isScaled = seed % 4 != 0
        var ends = [
            makeEnd(isScaled ? shifts.0 : 0, &random), makeEnd(isScaled ? shifts.1 : 0, &random),
        ]
        open(traffic, &ends, isScaled)
        // Segments on their way to the tracker, and from there to the other end.
        var waiting: [(from: Int, segment: TCPSegment)] = []
        for step in 0..<4000 {
            let from = Int(random.next() % 2)
            if random.next() % 3 > 0 { send(&ends[from], from, &waiting, &random) }
            guard !waiting.isEmpty else { continue }
            // Segments overtake each other by a few places, and some get lost on either side.
            let index = Int(random.next() % UInt64(min(waiting.count, 4)))
            let (sender, segment) = waiting.remove(at: index)
            if random.next() % 20 == 0 { continue }
            let flags = traffic.flags(sender == 0 ? key : key.reversed, segment)
            // What is a window behind, its receiver would not take either (RFC 9293 §3.10.7.4).
            let end = segment.sequenceNumber &+ segment.payloadByteCount
            let isOld = segment.payloadByteCount > 0 && !isAbove(end, ends[1 - sender].received)
            #expect(
                !flags.contains(.invalid) || isOld, "seed \(seed), step \(step): \(segment)")
            if random.next() % 20 == 0 { continue }
            receive(segment, &ends[1 - sender], 1 - sender, &waiting)
        }
        #expect(ends[0].unacknowledged != 0 && ends[1].unacknowledged != 0)
    }

    private func isAbove(_ left: UInt32, _ right: UInt32) -> Bool {
        Int32(bitPattern: left &- right) > 0
    }

    private func makeEnd(_ shift: UInt8, _ random: inout SplitMix64) -> End {
        let start = UInt32(truncatingIfNeeded: random.next())
        let most = min(UInt32(0xffff) << UInt32(shift), 3_000_000)
        return End(
            next: start, unacknowledged: start, shift: shift,
            buffer: .random(in: 2000...most, using: &random))
    }

    private func open(_ traffic: Traffic, _ ends: inout [End], _ isScaled: Bool) {
        for from in 0..<2 {
            var segment = ends[from].segment(ends[from].next, 0)
            segment.flags = from == 0 ? 0x02 : 0x12
            segment.window = UInt16(min(ends[from].buffer, 0xffff))
            segment.windowShift = isScaled ? ends[from].shift : nil
            let flags = traffic.flags(
                from == 0 ? key : key.reversed, segment, Traffic.commit)
            #expect(!flags.contains(.invalid))
            ends[from].next &+= 1
            ends[from].unacknowledged = ends[from].next
            ends[1 - from].received = ends[from].next
            ends[1 - from].peerShift = ends[from].shift
            ends[1 - from].window = UInt32(segment.window)
        }
    }

    /// Sends something new as far as the window allows, or the oldest once more.
    private func send(
        _ end: inout End, _ from: Int, _ waiting: inout [(from: Int, segment: TCPSegment)],
        _ random: inout SplitMix64
    ) {
        if random.next() % 8 == 0, let oldest = end.flight.first {
            waiting.append((from, end.segment(oldest.sequence, oldest.count)))
            return
        }
        let used = end.next &- end.unacknowledged
        let count = min(UInt32(random.next() % 1460) + 1, end.window > used ? end.window - used : 0)
        guard count > 0, end.flight.count < 200 else { return }
        waiting.append((from, end.segment(end.next, count)))
        end.flight.append((end.next, count))
        end.next &+= count
    }

    private func receive(
        _ segment: TCPSegment, _ end: inout End, _ number: Int,
        _ waiting: inout [(from: Int, segment: TCPSegment)]
    ) {
        let advance = segment.acknowledgement &- end.unacknowledged
        if advance < 0x8000_0000 {
            end.unacknowledged = segment.acknowledgement
            end.window = UInt32(segment.window) << UInt32(end.peerShift)
            end.flight.removeAll {
                !isAbove($0.sequence &+ $0.count, segment.acknowledgement)
            }
        }
        guard segment.payloadByteCount > 0 else { return }
        if segment.sequenceNumber == end.received { end.received &+= segment.payloadByteCount }
        waiting.append((number, end.segment(end.next, 0)))
    }
}
