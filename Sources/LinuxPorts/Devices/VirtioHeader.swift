import CLinux
public import Datapath

/// The `virtio_net_hdr` that the kernel puts in front of each frame (VIRTIO 1.2 §5.1.6).
///
/// Its fields are in the machine's byte order:
///
///      0         1         2         4          6           8            10
///     +---------+---------+---------+----------+-----------+------------+
///     |  flags  | GSO type| hdr_len | gso_size | csum_start|csum_offset |
///     +---------+---------+---------+----------+-----------+------------+
public enum VirtioHeader {
    public static let byteCount = 10

    /// `VIRTIO_NET_HDR_GSO_ECN`, beside the type of segmentation.
    static let ecn: UInt8 = 0x80

    /// What the header says, or `nil` if it asks for something that nobody told the kernel of.
    @inline(__always)
    public static func read(_ place: UnsafeRawPointer) -> PacketOffload? {
        var offload = PacketOffload()
        // A plain frame, which most frames are, has four octets of zeros here.
        guard place.loadUnaligned(as: UInt16.self) != 0 else { return offload }
        let kind = place.load(fromByteOffset: 1, as: UInt8.self)
        guard let segmentation = PacketOffload.Segmentation(rawValue: kind & ~ecn) else {
            return nil
        }
        offload.flags = .init(rawValue: place.load(as: UInt8.self) & 3)
        offload.segmentation = segmentation
        offload.hasECN = kind & ecn != 0
        if segmentation != .none {
            offload.headerByteCount = place.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
            offload.segmentByteCount = place.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
        }
        if offload.flags.contains(.needsChecksum) {
            offload.checksumStart = place.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
            offload.checksumOffset = place.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        }
        return offload
    }

    /// Writes the header of a frame of `byteCount` octets.
    @inline(__always)
    public static func write(
        _ offload: PacketOffload,
        frameByteCount: Int,
        to place: UnsafeMutableRawPointer
    ) {
        place.storeBytes(of: 0, as: UInt64.self)
        place.storeBytes(of: 0, toByteOffset: 8, as: UInt16.self)
        guard !offload.isComplete else { return }
        if offload.flags.contains(.needsChecksum) {
            place.storeBytes(of: PacketOffload.Flags.needsChecksum.rawValue, as: UInt8.self)
            place.storeBytes(of: offload.checksumStart, toByteOffset: 6, as: UInt16.self)
            place.storeBytes(of: offload.checksumOffset, toByteOffset: 8, as: UInt16.self)
        }
        if offload.segmentation != .none {
            let kind = offload.segmentation.rawValue | (offload.hasECN ? ecn : 0)
            place.storeBytes(of: kind, toByteOffset: 1, as: UInt8.self)
            let headers = UInt16(min(Int(offload.headerByteCount), frameByteCount))
            place.storeBytes(of: headers, toByteOffset: 2, as: UInt16.self)
            place.storeBytes(of: offload.segmentByteCount, toByteOffset: 4, as: UInt16.self)
        }
    }

    /// Replaces the kernel's hint of the headers' length, which may cover payload too, by the end
    /// of the transport header, which is what a receiver of the frame should copy.
    ///
    /// - Returns: whether the frame reaches as far as its header says.
    @inline(__always)
    static func trim(_ offload: inout PacketOffload, frame: UnsafeRawPointer, byteCount: Int)
        -> Bool
    {
        if offload.flags.contains(.needsChecksum) {
            let start = Int(offload.checksumStart)
            guard start + Int(offload.checksumOffset) + 2 <= byteCount else { return false }
            switch offload.segmentation {
            case .tcp4, .tcp6:
                guard start + 20 <= byteCount else { return false }
                let words = frame.load(fromByteOffset: start + 12, as: UInt8.self) >> 4
                offload.headerByteCount = UInt16(truncatingIfNeeded: start + Int(words) * 4)
            case .udp:
                offload.headerByteCount = UInt16(truncatingIfNeeded: start + 8)
            case .udpFragment, .none:
                break
            }
        }
        guard offload.segmentation != .none else { return true }
        return Int(offload.headerByteCount) <= byteCount && offload.segmentByteCount > 0
    }
}
