import CLinux

/// One split virtqueue, from the device's side (VIRTIO 1.2 §2.7).
///
/// ```
/// descriptors:  | address (8) | length (4) | flags (2) | next (2) |  x size
/// available:    | flags | index | ring[size] | used event |          the driver's
/// used:         | flags | index | (id, length)[size] | avail event |  ours
/// ```
///
/// The driver may write anything anywhere at any time. Each field is therefore read once, each
/// address is looked up in ``VhostMemory`` with its length, and each walk along a chain has an end.
///
/// *Thread safety*: none; whoever shares a ring holds a lock.
struct VhostRing {
    /// The largest that the standard allows.
    static let maximumSize: UInt32 = 32_768

    private enum Flag {
        static var next: UInt16 { 1 }
        static var isWritable: UInt16 { 2 }
        static var isIndirect: UInt16 { 4 }
        /// In ``used``: the driver need not tell of new packets.
        static var noNotify: UInt16 { 1 }
        /// In ``available``: the driver need not be told.
        static var noInterrupt: UInt16 { 1 }
    }

    /// A piece of a packet.
    struct Piece {
        let place: UnsafeMutableRawPointer
        let byteCount: Int
    }

    private let memory: VhostMemory
    private let size: UInt16
    private let descriptors: UnsafeMutableRawPointer
    private let available: UnsafeMutableRawPointer
    private let used: UnsafeMutableRawPointer
    /// The next chain to take, and the next place for one that is done with.
    private(set) var nextAvailable: UInt16
    private var nextUsed: UInt16
    /// What of ``nextUsed`` the driver was told.
    private var toldUsed: UInt16

    /// - Parameters:
    ///   - addresses: of the descriptors, the available and the used ring, in the hypervisor.
    ///   - base: the first chain to take.
    /// - Returns: `nil` if an address is not one of the guest's, or the size no power of two.
    init?(
        _ memory: VhostMemory, size: UInt32,
        addresses: (descriptors: UInt64, available: UInt64, used: UInt64), base: UInt16
    ) {
        guard size > 0, size <= Self.maximumSize, size & (size - 1) == 0 else { return nil }
        let count = Int(size)
        guard let descriptors = memory.user(addresses.descriptors, count * 16),
            let available = memory.user(addresses.available, count * 2 + 6),
            let used = memory.user(addresses.used, count * 8 + 6),
            Int(bitPattern: available) & 1 == 0, Int(bitPattern: used) & 3 == 0
        else { return nil }
        self.memory = memory
        self.size = UInt16(size)
        (self.descriptors, self.available, self.used) = (descriptors, available, used)
        nextAvailable = base
        nextUsed = clinux_load16_acquire(used + 2)
        toldUsed = nextUsed
    }

    // MARK: Taking

    /// How many chains wait; nonsense of the driver is none.
    @inline(__always)
    var waiting: Int {
        let count = clinux_load16_acquire(available + 2) &- nextAvailable
        return count <= size ? Int(count) : 0
    }

    /// Has the driver tell of new chains, or not.
    func setNotified(_ isNotified: Bool) {
        clinux_store16_release(used, isNotified ? 0 : Flag.noNotify)
        // What came before the driver saw it is looked for after.
        if isNotified { clinux_memory_fence() }
    }

    /// The number of the chain that waits `distance` behind the first.
    ///
    /// - Precondition: so many wait.
    @inline(__always)
    func head(_ distance: Int) -> UInt16 {
        let place = Int((nextAvailable &+ UInt16(truncatingIfNeeded: distance)) & (size &- 1))
        return available.loadUnaligned(fromByteOffset: 4 + place * 2, as: UInt16.self)
    }

    /// Takes the first `count` chains that wait.
    mutating func take(_ count: Int) { nextAvailable &+= UInt16(truncatingIfNeeded: count) }

    /// Calls `body` with each piece of a chain, until it says that it has enough.
    ///
    /// - Parameter isWritable: whether pieces are meant that the device writes, or that it reads.
    /// - Returns: whether the chain is sound as far as it was looked at.
    @inline(__always)
    func forEachPiece(
        _ head: UInt16, isWritable: Bool, _ body: (Piece) -> Bool
    ) -> Bool {
        var table = descriptors
        var limit = size
        var index = head
        var isIndirect = false
        // A chain that comes round to where it was is no longer than the table.
        var left = Int(size)
        while true {
            guard index < limit, left > 0 else { return false }
            left &-= 1
            let entry = table + Int(index) &* 16
            let address = entry.loadUnaligned(as: UInt64.self)
            let length = entry.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            let flags = entry.loadUnaligned(fromByteOffset: 12, as: UInt16.self)
            let next = entry.loadUnaligned(fromByteOffset: 14, as: UInt16.self)
            if flags & Flag.isIndirect != 0 {
                // A table of its own, of which there is but one level (§2.7.5.3).
                let count = length / 16
                guard !isIndirect, length % 16 == 0, count > 0, count <= UInt32(size),
                    flags & Flag.next == 0, let place = memory.guest(address, Int(length))
                else { return false }
                (table, limit, index, isIndirect) = (place, UInt16(count), 0, true)
                continue
            }
            if (flags & Flag.isWritable != 0) == isWritable {
                guard forEachPart(address, Int(length), body) else { return false }
            }
            guard flags & Flag.next != 0 else { return true }
            index = next
        }
    }

    /// Calls `body` with the parts of a buffer, which may reach over several regions.
    ///
    /// - Returns: whether all of it is the guest's.
    @inline(__always)
    private func forEachPart(_ address: UInt64, _ length: Int, _ body: (Piece) -> Bool) -> Bool {
        var address = address
        var left = length
        while left > 0 {
            guard let found = memory.guest(address) else { return false }
            let count = min(left, found.byteCount)
            guard body(Piece(place: found.place, byteCount: count)) else { return true }
            left &-= count
            address = address &+ UInt64(count)
        }
        return true
    }

    // MARK: Giving back

    /// Says that a chain is done with, and how many octets were written into it; the driver does
    /// not see it before ``publish()``.
    mutating func giveBack(_ head: UInt16, written: Int) {
        let entry = used + 4 + Int(nextUsed & (size &- 1)) * 8
        entry.storeBytes(of: UInt32(head), as: UInt32.self)
        entry.storeBytes(
            of: UInt32(truncatingIfNeeded: written), toByteOffset: 4, as: UInt32.self)
        nextUsed &+= 1
    }

    /// Shows the driver what was given back.
    ///
    /// - Returns: whether it wants to be told.
    mutating func publish() -> Bool {
        guard nextUsed != toldUsed else { return false }
        clinux_store16_release(used + 2, nextUsed)
        toldUsed = nextUsed
        clinux_memory_fence()
        return clinux_load16_acquire(available) & Flag.noInterrupt == 0
    }
}
