import Bytes
import TestSupport
import Testing

@testable import Datapath

/// A super-packet in parts, from which the test knows what has to come out.
struct SuperPacketModel {
    var isIPv4 = true
    var isTCP = true
    var tagCount = 0
    var optionWords = 0
    var extensionHeaders = 0
    var payload: [UInt8] = []
    var segmentByteCount = 1000
    var flags: UInt8 = 0x18
    var sequenceNumber: UInt32 = 0xffff_ff00
    var identification: UInt16 = 0xfffe

    init() {}

    init(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        isIPv4 = Bool.random(using: &random)
        isTCP = Bool.random(using: &random)
        tagCount = Int.random(in: 0...2, using: &random)
        optionWords = isTCP ? Int.random(in: 0...10, using: &random) : 0
        extensionHeaders = isIPv4 ? 0 : Int.random(in: 0...2, using: &random)
        segmentByteCount = Int.random(in: 1...1460, using: &random)
        let count = Int.random(in: 1...20000, using: &random)
        payload = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        flags = UInt8(truncatingIfNeeded: random.next())
        sequenceNumber = UInt32(truncatingIfNeeded: random.next())
        identification = UInt16(truncatingIfNeeded: random.next())
    }

    var network: Int { 14 + 4 * tagCount }
    var networkByteCount: Int { isIPv4 ? 20 : 40 + 8 * extensionHeaders }
    var transport: Int { network + networkByteCount }
    var transportByteCount: Int { isTCP ? 20 + 4 * optionWords : 8 }
    var headerByteCount: Int { transport + transportByteCount }

    private static func words(_ value: Int) -> [UInt8] {
        [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)]
    }

    var octets: [UInt8] {
        var octets: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
        for index in 0..<tagCount {
            octets += (tagCount == 2 && index == 0 ? [0x88, 0xa8] : [0x81, 0]) + [0x20, 7]
        }
        let length = transportByteCount + payload.count
        let kind: UInt8 = isTCP ? 6 : 17
        if isIPv4 {
            octets += [8, 0, 0x45, 0] + Self.words(20 + length) + Self.words(Int(identification))
            octets += [0x40, 0, 64, kind, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
        } else {
            octets += [0x86, 0xdd, 0x60, 0, 0, 0] + Self.words(length + 8 * extensionHeaders)
            octets += [extensionHeaders > 0 ? 60 : kind, 64]
            octets += [UInt8](repeating: 0x20, count: 15) + [1]
            octets += [UInt8](repeating: 0xfd, count: 15) + [2]
            for index in 0..<extensionHeaders {
                octets += [index + 1 < extensionHeaders ? 60 : kind, 0, 1, 4, 0, 0, 0, 0]
            }
        }
        octets += [0x12, 0x34, 0x56, 0x78]
        if isTCP {
            octets +=
                Self.words(Int(sequenceNumber >> 16)) + Self.words(Int(sequenceNumber & 0xffff))
            octets += [9, 9, 9, 9, UInt8(5 + optionWords) << 4, flags, 0xff, 0xff, 0, 0, 0, 0]
            octets += [UInt8](repeating: 1, count: 4 * optionWords)
        } else {
            octets += Self.words(length) + [0, 0]
        }
        return octets + payload
    }

    var offload: PacketOffload {
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.segmentation = isTCP ? (isIPv4 ? .tcp4 : .tcp6) : .udp
        offload.segmentByteCount = UInt16(segmentByteCount)
        offload.headerByteCount = UInt16(headerByteCount)
        offload.checksumStart = UInt16(transport)
        offload.checksumOffset = isTCP ? 16 : 6
        return offload
    }

    func make(_ pool: PacketPool) -> PacketBuffer {
        let packet = pool.make(octets)
        packet.offload = offload
        return packet
    }

    /// Zero if the checksum of the frame's TCP or UDP is right.
    func verdict(_ frame: [UInt8]) -> UInt16 {
        var checksum = InternetChecksum()
        let addresses = isIPv4 ? network + 12..<network + 20 : network + 8..<network + 40
        checksum.add(frame.span.octets.extracting(addresses))
        checksum.add(isTCP ? 6 : 17 as UInt16)
        checksum.add(UInt32(frame.count - transport))
        checksum.add(frame.span.octets.extracting(transport...))
        return checksum.value
    }
}

struct SoftwareOffloadTests {
    let pool = PacketPool()

    private func finish(
        _ packet: PacketBuffer,
        for offloads: PortOffloads = []
    ) -> (isSane: Bool, frames: [(octets: [UInt8], offload: PacketOffload)]) {
        var list = PacketList()
        let isSane = SoftwareOffload.finish(packet, for: offloads, pool: pool, into: &list)
        let frames = list.contents.map { ($0.octets, $0.offload) }
        list.removeAll(releasingTo: pool)
        return (isSane, frames)
    }

    private func word(_ octets: [UInt8], _ offset: Int) -> Int {
        Int(octets[offset]) << 8 | Int(octets[offset + 1])
    }

    @Test(arguments: 0..<200)
    func `frames put together are the super-packet`(seed: Int) {
        let model = SuperPacketModel(seed: seed)
        let whole = model.octets
        let (isSane, frames) = finish(model.make(pool))
        #expect(isSane)
        #expect(pool.usedCount == 0)
        let size = model.segmentByteCount
        #expect(frames.count == (model.payload.count + size - 1) / size)
        var payload: [UInt8] = []
        for (index, (frame, offload)) in frames.enumerated() {
            let rest = Array(frame[model.headerByteCount...])
            let isLast = index == frames.count - 1
            #expect(offload == PacketOffload())
            #expect(isLast ? rest.count <= size : rest.count == size)
            #expect(Array(frame[..<model.network]) == Array(whole[..<model.network]))
            #expect(model.verdict(frame) == 0)
            expectNetwork(model, frame, index)
            if model.isTCP {
                expectTCP(model, frame, payload.count, isLast)
            } else {
                #expect(word(frame, model.transport + 4) == 8 + rest.count)
            }
            payload += rest
        }
        #expect(payload == model.payload)
    }

    private func expectNetwork(_ model: SuperPacketModel, _ frame: [UInt8], _ index: Int) {
        if model.isIPv4 {
            let header = frame[model.network..<model.transport]
            #expect(InternetChecksum.of(header.span.octets) == 0)
            #expect(word(frame, model.network + 2) == frame.count - model.network)
            let identification = (Int(model.identification) + index) & 0xffff
            #expect(word(frame, model.network + 4) == identification)
        } else {
            #expect(word(frame, model.network + 4) == frame.count - model.network - 40)
        }
    }

    private func expectTCP(
        _ model: SuperPacketModel, _ frame: [UInt8], _ skipped: Int, _ isLast: Bool
    ) {
        let place = model.transport
        let sequence = UInt32(word(frame, place + 4)) << 16 | UInt32(word(frame, place + 6))
        #expect(sequence == model.sequenceNumber &+ UInt32(skipped))
        var flags = model.flags
        if !isLast { flags &= ~9 }
        if skipped > 0 { flags &= ~0x80 }
        #expect(frame[place + 13] == flags)
    }

    @Test(arguments: 0..<30)
    func `checksums left to the port are partial and complete to the same frames`(seed: Int) {
        let model = SuperPacketModel(seed: seed)
        let whole = finish(model.make(pool)).frames
        var list = PacketList()
        SoftwareOffload.finish(model.make(pool), for: .checksum, pool: pool, into: &list)
        for (index, packet) in list.contents.enumerated() {
            #expect(packet.offload.flags == .needsChecksum)
            #expect(packet.offload.segmentation == .none)
            SoftwareOffload.completeChecksum(of: packet)
            #expect(packet.octets == whole[index].octets)
        }
        list.removeAll(releasingTo: pool)
    }

    @Test func `a port that cuts gets the super-packet whole`() {
        var model = SuperPacketModel()
        model.payload = [UInt8](repeating: 1, count: 4000)
        let packet = model.make(pool)
        let (isSane, frames) = finish(packet, for: [.checksum, .tcpSegmentation])
        #expect(isSane)
        #expect(frames.count == 1)
        #expect(frames[0].octets == model.octets)
        #expect(frames[0].offload == model.offload)
    }

    @Test func `a packet that others hold is not written`() {
        var model = SuperPacketModel()
        model.payload = [1, 2, 3]
        let packet = model.make(pool)
        var offload = packet.offload
        offload.segmentation = .none
        packet.offload = offload
        packet.retain()
        let frames = finish(packet).frames
        #expect(packet.octets == model.octets)
        #expect(frames.count == 1)
        #expect(frames[0].octets != model.octets)
        #expect(frames[0].offload.isComplete)
        pool.release(packet)
        #expect(pool.usedCount == 0)
    }

    @Test func `golden octets of a completed UDP checksum`() {
        // A DNS query whose checksum the sender left to the device.
        let frame = octets(
            """
            02 00 00 00 00 02 02 00 00 00 00 01 08 00
            45 00 00 1d 00 01 00 00 40 11 66 cc 0a 00 00 01 0a 00 00 02
            00 35 00 35 00 09 14 1d 61
            """
        )
        let packet = pool.make(frame)
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = 34
        offload.checksumOffset = 6
        packet.offload = offload
        let finished = finish(packet).frames[0].octets
        #expect(Array(finished[40..<42]) == octets("8a 6f"))
        #expect(Array(finished[..<40]) == Array(frame[..<40]))
    }

    @Test func `a UDP checksum of zero is sent as ones`() {
        let packet = pool.make([UInt8](repeating: 0, count: 34) + octets("ffff 0000 0000 0000"))
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = 34
        offload.checksumOffset = 6
        packet.offload = offload
        #expect(Array(finish(packet).frames[0].octets[40..<42]) == [0xff, 0xff])
    }

    @Test(arguments: 0..<12)
    func `every shorter prefix is dropped without a trap`(seed: Int) {
        var model = SuperPacketModel(seed: seed)
        model.payload = [1, 2, 3]
        let whole = model.octets
        for count in 0..<whole.count {
            let packet = pool.make(Array(whole[..<count]))
            packet.offload = model.offload
            let (isSane, frames) = finish(packet)
            #expect(!isSane)
            #expect(frames.isEmpty)
        }
        #expect(pool.usedCount == 0)
    }

    @Test func `a super-packet of another protocol than its offload says is dropped`() {
        var model = SuperPacketModel()
        model.payload = [UInt8](repeating: 1, count: 3000)
        for segmentation in [PacketOffload.Segmentation.udp, .tcp6, .udpFragment] {
            let packet = model.make(pool)
            var offload = model.offload
            offload.segmentation = segmentation
            packet.offload = offload
            #expect(!finish(packet).isSane)
        }
        let packet = model.make(pool)
        var offload = model.offload
        offload.segmentByteCount = 0
        packet.offload = offload
        #expect(!finish(packet).isSane)
        #expect(pool.usedCount == 0)
    }

    @Test func `padding behind the IP packet is not payload`() {
        var model = SuperPacketModel()
        model.payload = [1, 2, 3]
        let packet = pool.make(model.octets + [0, 0, 0])
        packet.offload = model.offload
        let frames = finish(packet).frames
        #expect(frames.count == 1)
        #expect(frames[0].octets.count == model.octets.count)
    }
}
