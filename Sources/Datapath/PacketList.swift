/// A growing vector of packets, each of which the list holds once.
///
/// Its memory is kept when it is emptied, so that a list that is used again allocates nothing.
public struct PacketList: ~Copyable {
    private var packets: UnsafeMutablePointer<PacketBuffer>
    private var capacity: Int
    public private(set) var count = 0

    public init(minimumCapacity: Int = 64) {
        capacity = max(1, minimumCapacity)
        packets = .allocate(capacity: capacity)
    }

    deinit {
        packets.deallocate()
    }

    public var isEmpty: Bool { count == 0 }

    /// Takes over one hold on `packet`.
    public mutating func append(_ packet: PacketBuffer) {
        if count == capacity {
            let larger = UnsafeMutablePointer<PacketBuffer>.allocate(capacity: capacity * 2)
            larger.initialize(from: packets, count: count)
            packets.deallocate()
            packets = larger
            capacity *= 2
        }
        packets[count] = packet
        count += 1
    }

    public subscript(index: Int) -> PacketBuffer {
        precondition(index < count, "the list is shorter than that")
        return packets[index]
    }

    /// The packets in order; valid until the list changes.
    public var contents: UnsafeBufferPointer<PacketBuffer> {
        UnsafeBufferPointer(start: packets, count: count)
    }

    /// Empties the list and gives its holds back.
    public mutating func removeAll(releasingTo pool: PacketPool) {
        for index in 0..<count { pool.release(packets[index]) }
        count = 0
    }

    /// Empties the list, whose holds somebody else has taken over.
    public mutating func removeAll() { count = 0 }
}
