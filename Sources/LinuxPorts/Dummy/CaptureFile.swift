import CLinux

/// A file of captured frames in the classic pcap format, as Wireshark and tcpdump read it.
public final class CaptureFile {
    /// The longest frame that is kept whole.
    static let maxFrameByteCount = 0xffff
    /// A pcap file's header in this machine's byte order: magic, version 2.4, zone and accuracy 0,
    /// the longest frame, and 1 for Ethernet.
    static let header: [UInt32] = [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, UInt32(maxFrameByteCount), 1]

    private let descriptor: Int32

    /// Makes the file `path`, or empties it.
    public init(path: String) throws(SystemError) {
        descriptor = clinux_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .last("open", path) }
        _ = Self.header.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    deinit {
        close(descriptor)
    }

    /// Appends a frame as captured at `microseconds` since 1970; what the disk refuses is lost.
    public func append(_ frame: UnsafeRawBufferPointer, at microseconds: Int64) {
        let kept = min(frame.count, Self.maxFrameByteCount)
        var record: [UInt32] = [
            UInt32(truncatingIfNeeded: microseconds / 1_000_000),
            UInt32(truncatingIfNeeded: microseconds % 1_000_000),
            UInt32(kept),
            UInt32(frame.count),
        ]
        record.withUnsafeMutableBytes { record in
            let vectors = [
                iovec(iov_base: record.baseAddress, iov_len: record.count),
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: frame.baseAddress), iov_len: kept),
            ]
            _ = writev(descriptor, vectors, 2)
        }
    }

    /// Reads the frames of a capture of either byte order; stops at the first broken record.
    public static func frames(of octets: [UInt8]) -> [[UInt8]] {
        guard octets.count >= 24 else { return [] }
        let isLittle = octets[0] == 0xd4 || octets[0] == 0x4d
        func word(_ offset: Int) -> Int {
            let octets = octets[offset..<(offset + 4)]
            return (isLittle ? Array(octets.reversed()) : Array(octets)).reduce(0) {
                $0 << 8 | Int($1)
            }
        }
        var frames: [[UInt8]] = []
        var offset = 24
        while offset + 16 <= octets.count {
            let byteCount = word(offset + 8)
            guard offset + 16 + byteCount <= octets.count else { break }
            frames.append(Array(octets[(offset + 16)..<(offset + 16 + byteCount)]))
            offset += 16 + byteCount
        }
        return frames
    }
}
