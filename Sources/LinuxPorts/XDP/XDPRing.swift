import CLinux

/// One of the four rings that an AF_XDP socket shares with the kernel.
///
/// The kernel writes one of the two counters and this side the other; both run freely, and their
/// low bits name a place.
struct XDPRing {
    /// Entries of each ring, a power of two.
    static let capacity: UInt32 = 2048
    /// Octets of an entry of the rings of packets: place, length, options.
    static let descriptorByteCount = 16
    private static let mask = capacity - 1

    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private let producer: UnsafeMutablePointer<UInt32>
    private let consumer: UnsafeMutablePointer<UInt32>
    private let flags: UnsafeMutablePointer<UInt32>
    private let entries: UnsafeMutableRawPointer

    init(
        socket: Int32, offset: UInt64, _ places: xdp_ring_offset, entryByteCount: Int,
        _ name: String
    ) throws(SystemError) {
        byteCount = Int(places.desc) + Int(Self.capacity) * entryByteCount
        guard let memory = clinux_xdp_map(socket, byteCount, offset) else {
            throw .last("mmap", name)
        }
        self.memory = memory
        producer = (memory + Int(places.producer)).assumingMemoryBound(to: UInt32.self)
        consumer = (memory + Int(places.consumer)).assumingMemoryBound(to: UInt32.self)
        flags = (memory + Int(places.flags)).assumingMemoryBound(to: UInt32.self)
        entries = memory + Int(places.desc)
    }

    func deallocate() { munmap(memory, byteCount) }

    /// Whether the kernel sleeps until it is called.
    var needsWakeup: Bool { flags.pointee & 1 != 0 }

    // MARK: Rings that the kernel fills

    /// Entries that can be read.
    var available: Int {
        Int(clinux_load_acquire(producer) &- consumer.pointee)
    }

    /// The place of the entry `index` behind the first that was not read.
    func reading(_ index: Int) -> Int { Int((consumer.pointee &+ UInt32(index)) & Self.mask) }

    /// Gives the first entries back.
    func release(_ count: Int) {
        clinux_store_release(consumer, consumer.pointee &+ UInt32(count))
    }

    // MARK: Rings that this side fills

    /// Entries that can be written.
    var room: Int {
        Int(Self.capacity &- (producer.pointee &- clinux_load_acquire(consumer)))
    }

    func writing(_ index: Int) -> Int { Int((producer.pointee &+ UInt32(index)) & Self.mask) }

    /// Hands the first entries over.
    func submit(_ count: Int) {
        clinux_store_release(producer, producer.pointee &+ UInt32(count))
    }

    /// Whether the kernel has not read all yet.
    var isPending: Bool { clinux_load_acquire(consumer) != producer.pointee }

    // MARK: Entries

    /// An entry of the fill and completion rings.
    func address(at place: Int) -> UInt64 {
        entries.load(fromByteOffset: place * 8, as: UInt64.self)
    }

    func setAddress(_ address: UInt64, at place: Int) {
        entries.storeBytes(of: address, toByteOffset: place * 8, as: UInt64.self)
    }

    /// An entry of the rings of packets.
    func packet(at place: Int) -> (address: UInt64, byteCount: Int) {
        let entry = entries + place * Self.descriptorByteCount
        return (
            entry.load(as: UInt64.self), Int(entry.load(fromByteOffset: 8, as: UInt32.self))
        )
    }

    func setPacket(_ address: UInt64, byteCount: Int, at place: Int) {
        let entry = entries + place * Self.descriptorByteCount
        entry.storeBytes(of: address, as: UInt64.self)
        entry.storeBytes(
            of: UInt64(UInt32(truncatingIfNeeded: byteCount)), toByteOffset: 8, as: UInt64.self)
    }
}
