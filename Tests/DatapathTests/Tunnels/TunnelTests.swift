import Addresses
import FlowModel
import TestSupport
import Testing
import Tunnels

@testable import Datapath

struct TunnelTests {
    private static let tunnelPort: UInt32 = 100

    private func push(_ sample: Sample) throws -> TunnelPush {
        TunnelPush(
            tunnelPort: Self.tunnelPort, outputPort: 0, kind: sample.type.kind,
            header: try #require(try sample.template))
    }

    private func device(_ sample: Sample) throws -> TunnelDevice {
        var device = TunnelDevice(kind: sample.type.kind)
        device.isGeneric = try sample.settings.isGeneric
        device.hasGroupPolicy = try sample.settings.hasGroupPolicy
        return device
    }

    /// A datapath that takes tunnelled packets from port 1 and frames from port 2.
    private func network(_ sample: Sample) throws -> Network {
        let network = try Network()
        network.datapath.sourcePorts = Sample.sourcePort...Sample.sourcePort
        network.datapath.setTunnel(Self.tunnelPort, try device(sample))
        try network.addFlow([.tunnelPop(Self.tunnelPort)])
        try network.addFlow([.tunnelPush(try push(sample)), .output(3)], inPort: 2)
        return network
    }

    /// Octets that are the time or a sequence number, which are each packet's own.
    private func masked(_ octets: [UInt8], _ sample: Sample) throws -> [UInt8] {
        guard sample.type == .erspan else { return octets }
        var octets = octets
        for place in 38..<42 { octets[place] = 0 }
        if try sample.settings.erspanVersion == .fixed(2) {
            for place in 46..<50 { octets[place] = 0 }
        }
        return octets
    }

    @Test(arguments: Sample.all)
    func `headers are those of genuine Open vSwitch`(sample: Sample) throws {
        let network = try network(sample)
        network.inject([Sample.frame], into: 2)
        let sent = try #require(network.ports[2].takeSent().first)
        let expected = sample.header + Sample.frame
        #expect(try masked(sent, sample) == masked(expected, sample))
        #expect(network.pool.usedCount == 0)
    }

    @Test(arguments: Sample.all)
    func `what was put before a frame is taken away again`(sample: Sample) throws {
        let network = try network(sample)
        network.inject([sample.header + Sample.frame])
        var keys: [FlowKey] = []
        network.datapath.takeMisses { packet, key in
            #expect(packet.octets == Sample.frame)
            keys.append(key.expanded)
            network.datapath.execute(packet, key, [.output(4)])
        }
        network.datapath.flush()
        let key = try #require(keys.first)
        #expect(key.inPort == Self.tunnelPort)
        #expect(key[.tunnelID] == UInt128(sample.key ?? 0))
        #expect(key[.tunnelTTL] == 64)
        #expect(key.ethernetDestination == 0x5054_0000_000a)
        if sample.isIPv6 {
            #expect(key[.tunnelIPv6Destination] == (try sample.fields.destination.value))
            #expect(key[.tunnelIPv6Source] == (try sample.fields.source.value))
        } else {
            #expect(key[.tunnelSource] == 0x0101_0258)
            #expect(key[.tunnelDestination] == 0x0101_025c)
        }
        #expect(key[.erspanVersion] == UInt128(try sample.fields.erspanVersion))
        #expect(key[.erspanIndex] == UInt128(try sample.fields.erspanIndex))
        #expect(key[.erspanHardwareID] == UInt128(try sample.fields.erspanHardwareID))
        #expect(network.ports[3].takeSent() == [Sample.frame])
        #expect(network.pool.usedCount == 0)
    }

    @Test(arguments: Sample.all)
    func `what is cut off is dropped and counted`(sample: Sample) throws {
        let network = try network(sample)
        let whole = sample.header + Sample.frame
        for count in 15..<sample.header.count + 14 {
            network.inject([Array(whole[..<count])])
        }
        var misses = 0
        network.datapath.takeMisses { packet, _ in
            misses += 1
            network.pool.release(packet)
        }
        #expect(misses == 0)
        #expect(network.datapath.statistics.tunnelPopDrops == UInt64(sample.header.count - 1))
        #expect(network.pool.usedCount == 0)
    }

    @Test(arguments: Sample.all)
    func `no octet of the headers can do harm`(sample: Sample) throws {
        let network = try network(sample)
        var generator = SplitMix64(seed: 7)
        for _ in 0..<4000 {
            var damaged = sample.header + Sample.frame
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<sample.header.count + 8, using: &generator)
                damaged[place] = .random(in: 0...255, using: &generator)
            }
            // The checksum of IP would find most of it.
            if !sample.isIPv6 { Frames.fixNetworkChecksum(&damaged) }
            if Bool.random(using: &generator) {
                damaged.removeLast(Int.random(in: 0..<damaged.count - 14, using: &generator))
            }
            network.inject([damaged])
            network.datapath.takeMisses { packet, _ in network.pool.release(packet) }
        }
        #expect(network.pool.usedCount == 0)
    }

    @Test func `every version and protocol that is not known is refused`() throws {
        let vxlan = Sample.all[0]
        let geneve = Sample.all[2]
        let gre = Sample.all[1]
        // The place of an octet behind the outer headers, and values that it may not have.
        let cases: [(Sample, Int, [UInt8])] = [
            (vxlan, 42, [0, 0x0c, 0x88, 0xff]), (vxlan, 43, [1]), (vxlan, 45, [1]),
            (gre, 34, [0x60, 0x28, 0x22, 0x21]), (gre, 35, [1, 7, 0x80]),
            (geneve, 44, [0x08]), (geneve, 42, [0x40, 0x80, 0xc0]),
        ]
        for (sample, place, values) in cases {
            for value in values {
                let network = try network(sample)
                var frame = sample.header + Sample.frame
                frame[place] = value
                // Without a checksum of UDP only the header itself can be wrong.
                if sample.type == .geneve { (frame[40], frame[41]) = (0, 0) }
                network.inject([frame])
                #expect(
                    network.datapath.statistics.tunnelPopDrops == 1,
                    "\(sample.type) \(place) \(value)")
                #expect(!network.datapath.hasPending)
            }
        }
    }

    @Test func `a wrong checksum of UDP or GRE is found`() throws {
        for sample in [Sample.all[2], Sample.all[7]] {
            let network = try network(sample)
            var frame = sample.header + Sample.frame
            frame[frame.count - 1] ^= 1
            network.inject([frame])
            #expect(network.datapath.statistics.tunnelPopDrops == 1)
        }
    }

    @Test func `options of Geneve have a number for each set`() throws {
        let sample = Sample.all[2]
        let network = try network(sample)
        let options = [octets("ffff0001 0000000a"), octets("ffff0001 0000000b")]
        var numbers: [UInt64] = []
        for set in options + [options[0]] {
            var header = sample.header
            // No checksum of UDP, and two words of options.
            (header[40], header[41]) = (0, 0)
            header[42] = 2
            let length = UInt16(header.count - 14 + set.count + Sample.frame.count)
            (header[16], header[17]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
            var frame = header + set + Sample.frame
            Frames.fixNetworkChecksum(&frame)
            network.inject([frame])
            network.datapath.takeMisses { packet, key in
                #expect(packet.octets == Sample.frame)
                numbers.append(key.expanded.words[KeyWord.metadata])
                network.pool.release(packet)
            }
        }
        #expect(numbers == [1, 2, 1])
        #expect(network.datapath.tunnelOptions(2) == options[1])
    }

    @Test func `a super-packet is cut before headers are put in front of it`() throws {
        let sample = Sample.all[0]
        let network = try network(sample)
        let data = (0..<3000).map { UInt8(truncatingIfNeeded: $0) }
        let frame = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp(data: data)))
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.segmentation = .tcp4
        offload.headerByteCount = 54
        offload.segmentByteCount = 1000
        offload.checksumStart = 34
        offload.checksumOffset = 16
        network.inject([frame], into: 2, offload: offload)
        let sent = network.ports[2].takeSent()
        #expect(sent.count == 3)
        for piece in sent {
            #expect(piece.count == 50 + 54 + 1000)
            #expect(Int(piece[16]) << 8 | Int(piece[17]) == piece.count - 14)
        }
        #expect(sent.flatMap { $0[104...] } == data)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `a packet that would become too long is dropped and counted`() throws {
        let sample = Sample.all[0]
        let pool = PacketPool()
        let datapath = UserspaceDatapath(pool: pool)
        try datapath.addPort(1, MemoryPort("p1"))
        let packet = pool.make([UInt8](repeating: 0, count: 65_520))
        datapath.execute(
            packet, PackedKey(FlowKey()), [.tunnelPush(try push(sample)), .output(1)])
        #expect(datapath.statistics.tunnelPushDrops == 1)
        #expect(pool.usedCount == 0)
    }

    @Test func `a checksum that the sender left undone stays undone behind VXLAN`() throws {
        let sample = Sample.all[0]
        let network = try Network(offloads: [.checksum])
        try network.addFlow([.tunnelPush(try push(sample)), .output(3)], inPort: 2)
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = 34
        offload.checksumOffset = 6
        network.inject([Sample.frame], into: 2, offload: offload)
        #expect(network.ports[2].sentOffloads.first?.checksumStart == UInt16(84))
        #expect(network.ports[2].sentOffloads.first?.flags == .needsChecksum)
    }
}

extension Frames {
    /// Makes the checksum of an untagged frame's IPv4 header right.
    static func fixNetworkChecksum(_ frame: inout [UInt8]) {
        guard frame.count >= 34 else { return }
        (frame[24], frame[25]) = (0, 0)
        var sum = stride(from: 14, to: 34, by: 2).reduce(UInt32(0)) {
            $0 + UInt32(frame[$1]) << 8 + UInt32(frame[$1 + 1])
        }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        (frame[24], frame[25]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
    }
}
