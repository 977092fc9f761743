import Addresses
import Testing

@testable import Liveness

/// Two ends of a path that the test may cut.
private struct Path {
    var ends: [BFDSession]
    var now: Int64 = 1000
    /// Whether packets from an end arrive.
    var arrives = [true, true]

    init(_ first: [String: String] = [:], _ second: [String: String] = [:]) throws {
        ends = try [first, second].enumerated().map { index, column in
            let settings = try #require(BFDSettings(column.merging(["enable": "true"]) { $1 }))
            return BFDSession(settings, discriminator: UInt32(index + 1), now: 1000)
        }
    }

    mutating func run(for duration: Int64, received: UInt64 = 0) {
        for _ in 0..<duration {
            now += 1
            for index in 0..<2 {
                ends[index].run(now: now, received: received)
                guard let packet = ends[index].transmit(now: now, jitter: 0) else { continue }
                // What arrives has been octets.
                guard arrives[index], let parsed = BFDPacket(packet.octets) else { continue }
                ends[1 - index].receive(parsed, now: now)
            }
        }
    }
}

struct BFDSessionTests {
    @Test func `a session comes up, and agrees on the slower of the intervals`() throws {
        var path = try Path(
            ["min_tx": "300", "min_rx": "300"], ["min_tx": "500", "min_rx": "500"])
        path.run(for: 6000)
        for end in path.ends {
            #expect(end.status["state"] == "up")
            #expect(end.status["remote_state"] == "up")
            #expect(end.status["forwarding"] == "true")
            #expect(end.flapCount == 1)
            #expect(end.text(now: path.now).contains("TX Interval: Approx 500ms"))
        }
    }

    @Test func `a cut is found within the detection time, and the path comes back`() throws {
        let column = ["min_tx": "100", "min_rx": "100"]
        var path = try Path(column, column)
        path.run(for: 5000)
        path.arrives[0] = false
        // The last packet has come 100 ms ago at most.
        path.run(for: 190)
        #expect(path.ends[1].state == .up)
        path.run(for: 111)
        #expect(path.ends[1].state == .down)
        #expect(path.ends[1].diagnostic == .detectionTimeExpired)
        // The other end hears of it.
        path.run(for: 1000)
        #expect(!path.ends[0].forwards)
        #expect(path.ends[0].diagnostic == .neighbourDown)
        path.arrives[0] = true
        path.run(for: 5000)
        #expect(path.ends.allSatisfy { $0.forwards && $0.flapCount == 3 })
    }

    @Test func `a broken path behind an end is told to the other`() throws {
        var path = try Path([:], ["cpath_down": "true"])
        path.run(for: 6000)
        #expect(path.ends[0].status["remote_diagnostic"] == "Concatenated Path Down")
        #expect(path.ends[0].state == .up && !path.ends[0].forwards)
        #expect(path.ends[1].forwards)
    }

    @Test func `traffic that arrives may count in the place of packets`() throws {
        var path = try Path(["forwarding_if_rx": "true"])
        path.arrives = [false, false]
        path.run(for: 10, received: 5)
        #expect(path.ends[0].forwards && path.ends[0].state == .down)
        path.run(for: 10_000, received: 5)
        #expect(!path.ends[0].forwards)
    }

    @Test func `an idle path is asked less often`() throws {
        var path = try Path(
            ["min_tx": "100", "min_rx": "100", "decay_min_rx": "1000"],
            ["min_tx": "100", "min_rx": "100"])
        path.run(for: 9000)
        #expect(path.ends[1].text(now: path.now).contains("TX Interval: Approx 1000ms"))
        #expect(path.ends.allSatisfy { $0.state == .up })
    }

    @Test func `what is no packet for the session is not taken`() throws {
        let packet = BFDPacket(
            diagnostic: .none, state: .up, flags: [], multiplier: 3, mine: 7, yours: 1,
            minimumTransmit: 1000, minimumReceive: 1000)
        let octets = packet.octets
        #expect(BFDPacket(octets) == packet)
        for count in 0..<octets.count { #expect(BFDPacket(Array(octets[..<count])) == nil) }
        // Version, length, multiplier, my discriminator, authentication, several ends.
        for (place, value) in [
            (0, 0x40), (3, 23), (3, 25), (2, 0), (7, 0), (1, 0xc4), (1, 0xc1),
        ] as [(Int, UInt8)] {
            var damaged = octets
            damaged[place] = value
            #expect(BFDPacket(damaged) == nil, "\(place)")
        }
        var path = try Path()
        var other = packet
        other.yours = 99
        path.ends[0].receive(other, now: 1000)
        #expect(path.ends[0].status["remote_state"] == "down")
        other.yours = 0
        path.ends[0].receive(other, now: 1000)
        #expect(path.ends[0].status["remote_state"] == "down")
    }

    @Test func `a frame is that of genuine Open vSwitch`() throws {
        let settings = try #require(
            BFDSettings([
                "enable": "true", "bfd_src_ip": "1.2.3.4", "bfd_dst_ip": "1.2.3.5",
                "bfd_local_src_mac": "01:02:03:04:05:06", "bfd_local_dst_mac": "01:02:03:04:05:07",
                "mult": "7", "min_tx": "1000",
            ]))
        var session = BFDSession(settings, discriminator: 0xd972_d990, now: 5)
        let due = session.transmit(now: 5, jitter: 0)
        let packet = try #require(due)
        let frame = BFDFrame.octets(packet, settings, from: .zero, sourcePort: 0xc003)
        let text = frame.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(
            text == "010203040507010203040506080045c0003400000000ff11b2ec0102030401020305c0030ec8"
                + "0020000020400718d972d99000000000000f4240000f424000000000")
    }

    @Test(arguments: [0, 1, 2])
    func `a mesh of 50 hosts sees a partition and its end`(seed: UInt64) {
        var mesh = Mesh(hosts: 50, seed: seed)
        mesh.run(for: 6000)
        #expect(mesh.upCount == 50 * 49)
        mesh.isPartitioned = true
        mesh.run(for: 2000)
        // Two halves of 25, each of which is whole.
        #expect(mesh.upCount == 2 * 25 * 24)
        mesh.isPartitioned = false
        mesh.run(for: 6000)
        #expect(mesh.upCount == 50 * 49)
    }
}

/// Sessions between all pairs of hosts, over links that lose a packet in twenty and delay others.
private struct Mesh {
    private var sessions: [[BFDSession?]]
    private var inFlight: [(at: Int64, from: Int, to: Int, octets: [UInt8])] = []
    private var state: UInt64
    private var now: Int64 = 0
    var isPartitioned = false

    init(hosts: Int, seed: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var settings = BFDSettings(["enable": "true", "min_tx": "100", "min_rx": "100"])
        // Two of five packets may be lost in a row.
        settings?.multiplier = 5
        sessions = (0..<hosts).map { host in
            (0..<hosts).map { other in
                guard host != other, let settings else { return nil }
                return BFDSession(
                    settings, discriminator: UInt32(host * hosts + other + 1), now: 0)
            }
        }
    }

    private mutating func random(_ limit: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state % limit
    }

    var upCount: Int { sessions.joined().count { $0?.state == .up } }

    mutating func run(for duration: Int64) {
        let end = now + duration
        while now < end {
            now += 10
            deliver()
            for host in sessions.indices {
                for other in sessions.indices where host != other { step(host, other) }
            }
        }
    }

    private mutating func deliver() {
        let due = inFlight.filter { $0.at <= now }
        inFlight.removeAll { $0.at <= now }
        for packet in due {
            guard let parsed = BFDPacket(packet.octets) else { continue }
            sessions[packet.to][packet.from]?.receive(parsed, now: now)
        }
    }

    private mutating func step(_ host: Int, _ other: Int) {
        sessions[host][other]?.run(now: now, received: 0)
        let jitter = Int64(random(26))
        guard let packet = sessions[host][other]?.transmit(now: now, jitter: jitter) else { return }
        let half = sessions.count / 2
        let isCut = isPartitioned && (host < half) != (other < half)
        guard !isCut, random(20) != 0 else { return }
        inFlight.append((now + Int64(random(30)), host, other, packet.octets))
    }
}
