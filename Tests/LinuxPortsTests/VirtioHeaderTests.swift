import Datapath
import TestSupport
import Testing

@testable import LinuxPorts

struct VirtioHeaderTests {
    /// As the kernel hands over a TCP super-packet on a little-endian machine.
    static let superPacket = octets("01 01 42 00 a8 05 22 00 10 00")

    private func read(_ octets: [UInt8]) -> PacketOffload? {
        octets.withUnsafeBytes { VirtioHeader.read($0.baseAddress!) }
    }

    private func write(_ offload: PacketOffload, byteCount: Int) -> [UInt8] {
        var octets = [UInt8](repeating: 0xa5, count: VirtioHeader.byteCount)
        octets.withUnsafeMutableBytes {
            VirtioHeader.write(offload, frameByteCount: byteCount, to: $0.baseAddress!)
        }
        return octets
    }

    @Test func `golden octets of a super-packet are read and written`() throws {
        let offload = try #require(read(Self.superPacket))
        #expect(offload.flags == .needsChecksum)
        #expect(offload.segmentation == .tcp4)
        #expect(!offload.hasECN)
        #expect(offload.headerByteCount == 66)
        #expect(offload.segmentByteCount == 1448)
        #expect(offload.checksumStart == 34)
        #expect(offload.checksumOffset == 16)
        #expect(write(offload, byteCount: 4000) == Self.superPacket)
    }

    @Test func `a plain frame's header is ten zeros`() {
        #expect(read([UInt8](repeating: 0, count: 10)) == PacketOffload())
        #expect(write(PacketOffload(), byteCount: 60) == [UInt8](repeating: 0, count: 10))
    }

    @Test func `the mark of ECN is kept`() throws {
        let offload = try #require(read(octets("01 84 4a 00 94 05 36 00 10 00")))
        #expect(offload.segmentation == .tcp6)
        #expect(offload.hasECN)
        #expect(write(offload, byteCount: 4000) == octets("01 84 4a 00 94 05 36 00 10 00"))
    }

    @Test(arguments: [2, 6, 7, 0x7f] as [UInt8])
    func `an unknown kind of segmentation is refused`(kind: UInt8) {
        #expect(read([0, kind] + [UInt8](repeating: 0, count: 8)) == nil)
    }

    @Test func `headers never reach beyond the frame that is sent`() {
        var offload = PacketOffload()
        offload.segmentation = .udp
        offload.headerByteCount = 200
        offload.segmentByteCount = 10
        #expect(write(offload, byteCount: 100)[2] == 100)
    }

    @Test func `each bit of the checksum's place survives`() throws {
        for bit in 0..<16 {
            var offload = PacketOffload()
            offload.flags = .needsChecksum
            offload.checksumStart = 1 << bit
            offload.checksumOffset = ~(1 << bit)
            #expect(read(write(offload, byteCount: 60)) == offload)
        }
    }

    @Test func `a checksum beyond the frame's end is refused`() {
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = 34
        offload.checksumOffset = 16
        let frame = [UInt8](repeating: 0, count: 60)
        let verdicts = (0...60).map { count in
            frame.withUnsafeBytes {
                VirtioHeader.trim(&offload, frame: $0.baseAddress!, byteCount: count)
            }
        }
        #expect(verdicts == (0...60).map { $0 >= 52 })
    }
}
