/// What a packet's sender left undone, as `virtio_net_hdr` says it (VIRTIO 1.2 §5.1.6).
///
/// The kernel hands packets over with a partial checksum, or as super-packets longer than the
/// link's MTU, and takes them so. The datapath carries this state along instead of finishing the
/// work, and only a port that cannot take it has the work done in software.
public struct PacketOffload: Equatable, Sendable {
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The checksum at `checksumStart + checksumOffset` covers only the pseudo-header yet.
        public static var needsChecksum: Self { .init(rawValue: 1) }
        /// The checksum was verified.
        public static var checksumIsValid: Self { .init(rawValue: 2) }
    }

    /// How a super-packet is to be cut.
    public enum Segmentation: UInt8, Sendable {
        case none = 0
        case tcp4 = 1
        case udpFragment = 3
        case tcp6 = 4
        case udp = 5
    }

    public var flags: Flags = []
    public var segmentation: Segmentation = .none
    /// Whether the TCP header has CWR set, so that only the first segment may carry it.
    public var hasECN = false
    /// The octets from the Ethernet header to the end of the transport header.
    public var headerByteCount: UInt16 = 0
    /// The octets of payload in each segment.
    public var segmentByteCount: UInt16 = 0
    /// Where the checksummed octets start, counted from the Ethernet header.
    public var checksumStart: UInt16 = 0
    /// Where the checksum lies, counted from `checksumStart`.
    public var checksumOffset: UInt16 = 0

    @inlinable public init() {}

    /// Whether nothing is left to do.
    @inlinable public var isComplete: Bool {
        segmentation == .none && !flags.contains(.needsChecksum)
    }

    /// Tells the positions that `delta` octets were inserted before the network header, or removed.
    @inlinable public mutating func shift(by delta: Int) {
        if flags.contains(.needsChecksum) {
            checksumStart = UInt16(truncatingIfNeeded: Int(checksumStart) &+ delta)
        }
        if segmentation != .none {
            headerByteCount = UInt16(truncatingIfNeeded: Int(headerByteCount) &+ delta)
        }
    }
}

/// What the pool keeps in front of each packet's octets.
public struct PacketHeader {
    /// The start of the memory that the packet may use.
    public var base: UnsafeMutableRawPointer
    /// Octets of that memory.
    public var capacity: Int
    /// Where the frame starts within the memory.
    public var offset: Int
    /// Octets of the frame.
    public var byteCount: Int
    /// How many queues and batches hold the packet.
    public var referenceCount: Int32 = 1
    /// The datapath port that the packet came in on.
    public var inPort: UInt32 = 0
    /// What the packet begins with: 0 for Ethernet (`PacketType`).
    public var packetType: UInt32 = 0
    public var offload = PacketOffload()
    /// The next free buffer of the pool.
    var nextFree: UnsafeMutablePointer<PacketHeader>?
}

/// A handle to one packet of a ``PacketPool``.
///
/// A plain pointer: copying it costs nothing and counts nothing. Whoever keeps a handle beyond
/// the call that lent it calls ``retain()``, and gives it back with ``PacketPool/release(_:)``.
/// A packet that is held more than once may not be written (see ``PacketPool/makeUnique(_:)``).
public struct PacketBuffer: @unchecked Sendable {
    public let header: UnsafeMutablePointer<PacketHeader>

    @inlinable @inline(__always)
    public init(header: UnsafeMutablePointer<PacketHeader>) { self.header = header }

    /// The first octet of the frame.
    @inlinable @inline(__always)
    public var start: UnsafeMutableRawPointer { header.pointee.base + header.pointee.offset }

    @inlinable @inline(__always)
    public var byteCount: Int {
        get { header.pointee.byteCount }
        nonmutating set { header.pointee.byteCount = newValue }
    }

    @inlinable @inline(__always)
    public var offload: PacketOffload {
        get { header.pointee.offload }
        nonmutating set { header.pointee.offload = newValue }
    }

    @inlinable @inline(__always)
    public var inPort: UInt32 {
        get { header.pointee.inPort }
        nonmutating set { header.pointee.inPort = newValue }
    }

    @inlinable @inline(__always)
    public var packetType: UInt32 {
        get { header.pointee.packetType }
        nonmutating set { header.pointee.packetType = newValue }
    }

    /// Octets of memory in front of the frame.
    @inlinable @inline(__always)
    public var headroom: Int { header.pointee.offset }

    /// Octets that may be written behind the frame.
    @inlinable public var tailroom: Int {
        header.pointee.capacity - header.pointee.offset - header.pointee.byteCount
    }

    @inlinable @inline(__always)
    public func retain() { header.pointee.referenceCount &+= 1 }

    @inlinable @inline(__always)
    public var isShared: Bool { header.pointee.referenceCount > 1 }

    /// Makes `count` octets of room in front of the frame; their content is undefined.
    ///
    /// - Precondition: the headroom suffices.
    @inlinable public func push(_ count: Int) {
        precondition(header.pointee.offset >= count, "the packet's headroom is used up")
        header.pointee.offset -= count
        header.pointee.byteCount += count
    }

    /// Removes `count` octets from the front of the frame.
    @inlinable public func pull(_ count: Int) {
        precondition(header.pointee.byteCount >= count, "the frame is shorter than that")
        header.pointee.offset += count
        header.pointee.byteCount -= count
    }

    /// The frame's octets, copied: for the slow path and tests.
    public var octets: [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: start, count: byteCount))
    }
}

/// Packets' memory, allocated once and used again.
///
/// Each buffer holds the largest super-packet that the kernel makes and headroom for what actions
/// push in front of it. The pages of a buffer are touched only as far as packets reach into them,
/// so that a pool for small packets stays small.
///
/// Thread safety: none; each forwarding thread has its own pool, and packets do not cross.
public final class PacketPool {
    /// Room for VLAN tags, MPLS labels and a tunnel's outer headers.
    public static let headroom = 256
    /// 64 KiB of IP, an Ethernet header with two tags, and slack.
    public static let defaultCapacity = headroom + 65_536 + 128

    /// What each packet changes, behind a pointer so that no access is checked for exclusivity.
    private struct State {
        var free: UnsafeMutablePointer<PacketHeader>?
        var bufferCount = 0
        var usedCount = 0
    }

    private let capacity: Int
    private let state: UnsafeMutablePointer<State>
    private var slabs: [UnsafeMutableRawPointer] = []

    public init(capacity: Int = PacketPool.defaultCapacity) {
        self.capacity = capacity
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        for slab in slabs { slab.deallocate() }
        state.deallocate()
    }

    /// Buffers that exist, free or not.
    public var bufferCount: Int { state.pointee.bufferCount }

    /// Buffers that somebody holds.
    public var usedCount: Int { state.pointee.usedCount }

    /// An empty packet whose frame starts behind the headroom; held once.
    public func allocate() -> PacketBuffer {
        if state.pointee.free == nil { grow() }
        guard let header = state.pointee.free else {
            preconditionFailure("the pool has just grown")
        }
        state.pointee.free = header.pointee.nextFree
        header.pointee.offset = Self.headroom
        header.pointee.byteCount = 0
        header.pointee.referenceCount = 1
        header.pointee.inPort = 0
        header.pointee.packetType = 0
        header.pointee.offload = PacketOffload()
        state.pointee.usedCount &+= 1
        return PacketBuffer(header: header)
    }

    /// Gives one hold on `packet` back; the last one frees it.
    @inlinable public func release(_ packet: PacketBuffer) {
        packet.header.pointee.referenceCount &-= 1
        if packet.header.pointee.referenceCount == 0 { reclaim(packet) }
    }

    @usableFromInline func reclaim(_ packet: PacketBuffer) {
        packet.header.pointee.nextFree = state.pointee.free
        state.pointee.free = packet.header
        state.pointee.usedCount &-= 1
    }

    /// A packet with the same content that may be written: `packet` itself if nobody else holds it,
    /// else a copy, for which the hold on `packet` is given back.
    public func makeUnique(_ packet: PacketBuffer) -> PacketBuffer {
        guard packet.isShared else { return packet }
        let copy = clone(packet)
        release(packet)
        return copy
    }

    /// A packet of its own with the same content.
    public func clone(_ packet: PacketBuffer) -> PacketBuffer {
        let copy = allocate()
        copy.header.pointee.offset = packet.header.pointee.offset
        copy.byteCount = packet.byteCount
        copy.offload = packet.offload
        copy.inPort = packet.inPort
        copy.packetType = packet.packetType
        copy.start.copyMemory(from: packet.start, byteCount: packet.byteCount)
        return copy
    }

    /// A packet with the given octets.
    ///
    /// - Precondition: the octets fit.
    public func make(_ octets: [UInt8]) -> PacketBuffer {
        let packet = allocate()
        precondition(octets.count <= packet.tailroom, "the frame is longer than a buffer")
        octets.withUnsafeBytes { source in
            if let base = source.baseAddress {
                packet.start.copyMemory(from: base, byteCount: octets.count)
            }
        }
        packet.byteCount = octets.count
        return packet
    }

    private func grow() {
        let count = 32
        // An odd number of cache lines: the headers would share a few sets of the cache otherwise.
        let stride = (MemoryLayout<PacketHeader>.stride + capacity + 63) & ~63 | 64
        let slab = UnsafeMutableRawPointer.allocate(byteCount: count * stride, alignment: 4096)
        slabs.append(slab)
        for index in 0..<count {
            let place = slab + index * stride
            let header = place.bindMemory(to: PacketHeader.self, capacity: 1)
            header.initialize(
                to: PacketHeader(
                    base: place + MemoryLayout<PacketHeader>.stride,
                    capacity: capacity,
                    offset: Self.headroom,
                    byteCount: 0,
                    nextFree: state.pointee.free
                )
            )
            state.pointee.free = header
        }
        state.pointee.bufferCount += count
    }
}
