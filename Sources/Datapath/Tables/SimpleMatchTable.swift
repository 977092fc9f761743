import FlowModel

/// Flows that look at no more than the in-port, the Ethernet type, the VLAN ID and whether an IP
/// packet is a fragment.
///
/// Where all flows of a port are so simple (a wire between two ports, a port that only drops), its
/// packets are not parsed any further: those few bits are one word, and one lookup tells the flow.
struct SimpleMatchTable: ~Copyable {
    /// Bits that a flow may look at: the VLAN ID with the bit that says that there is a tag.
    static var tagMask: UInt64 { 0x1fff &<< 32 }
    private static var fragmentMask: UInt8 { FragmentBits.any | FragmentBits.later }
    /// In every key, so that none is 0.
    private static var used: UInt64 { 1 &<< 63 }

    /// How many flows a port has, and how many of them are simple.
    private struct PortCount {
        var flows: UInt32 = 0
        var simple: UInt32 = 0
    }

    private var ports: UnsafeMutablePointer<PortCount>
    private var portCapacity = 64
    private var keys: UnsafeMutablePointer<UInt64>
    private var slots: UnsafeMutablePointer<UInt32>
    private let seed = KeyHash.seed
    /// A power of two.
    private var capacity = 64
    private var count = 0

    init() {
        ports = .allocate(capacity: portCapacity)
        ports.initialize(repeating: PortCount(), count: portCapacity)
        keys = .allocate(capacity: capacity)
        keys.initialize(repeating: 0, count: capacity)
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
    }

    deinit {
        ports.deallocate()
        keys.deallocate()
        slots.deallocate()
    }

    // MARK: Looking

    /// Whether packets of `port` need no more than this table.
    @inline(__always)
    func covers(_ port: UInt32) -> Bool {
        guard Int(port) < portCapacity else { return false }
        let count = ports[Int(port)]
        return count.flows != 0 && count.flows == count.simple
    }

    /// The key of packets from `port`, of which `bits` is ``PacketParser/simpleBits(_:)``.
    @inline(__always)
    static func key(_ port: UInt32, _ bits: UInt64) -> UInt64 {
        used | UInt64(port) &<< 40 | bits
    }

    @inline(__always)
    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: KeyHash.mix(key ^ seed, seed))
    }

    /// The slot of the flow of a key, or -1.
    @inline(__always)
    func find(_ key: UInt64) -> Int {
        var place = home(key) & (capacity &- 1)
        while keys[place] != 0 {
            if keys[place] == key { return Int(slots[place]) }
            place = (place &+ 1) & (capacity &- 1)
        }
        return -1
    }

    // MARK: Changing

    /// The key of a flow, or `nil` if it is not simple.
    static func key(_ key: SparseKey, mask: SparseKey) -> UInt64? {
        let (key, mask) = (key.expanded, mask.expanded)
        var simple = FlowKey()
        simple.inPort = .max
        simple.recirculationID = .max
        simple.etherType = .max
        simple.words[KeyWord.vlan] = tagMask
        simple.ipFragment = mask.ipFragment
        simple.words[KeyWord.packetType] = mask.words[KeyWord.packetType]
        guard mask == simple, key.recirculationID == 0, key.inPort < 1 << 16,
            key.words[KeyWord.packetType] == 0,
            mask.ipFragment & fragmentMask == (EtherType.isIP(key.etherType) ? fragmentMask : 0)
        else { return nil }
        let bits =
            UInt64(key.etherType) << 24 | UInt64(key.vlanTCI & 0x1fff) << 8
            | UInt64(key.ipFragment)
        return Self.key(key.inPort, bits)
    }

    mutating func insert(_ key: SparseKey, mask: SparseKey, slot: Int) {
        let simple = Self.key(key, mask: mask)
        let port = key.expanded.inPort
        guard port < UserspaceDatapath.maximumPorts else { return }
        growPorts(beyond: Int(port))
        ports[Int(port)].flows += 1
        guard let simple else { return }
        ports[Int(port)].simple += 1
        if (count + 1) * 2 > capacity { grow() }
        place(simple, UInt32(slot))
        count += 1
    }

    private func place(_ key: UInt64, _ slot: UInt32) {
        var place = home(key) & (capacity - 1)
        while keys[place] != 0 { place = (place + 1) & (capacity - 1) }
        keys[place] = key
        slots[place] = slot
    }

    mutating func remove(_ key: SparseKey, mask: SparseKey) {
        let port = key.expanded.inPort
        guard Int(port) < portCapacity, ports[Int(port)].flows > 0 else { return }
        ports[Int(port)].flows -= 1
        guard let simple = Self.key(key, mask: mask) else { return }
        ports[Int(port)].simple -= 1
        var hole = home(simple) & (capacity - 1)
        while keys[hole] != simple {
            precondition(keys[hole] != 0, "the flow is not among the simple ones")
            hole = (hole + 1) & (capacity - 1)
        }
        count -= 1
        // Those behind it move up, unless they would move before their home.
        var next = (hole + 1) & (capacity - 1)
        while keys[next] != 0 {
            let distance = (next - home(keys[next]) & (capacity - 1)) & (capacity - 1)
            if distance >= (next - hole) & (capacity - 1) {
                keys[hole] = keys[next]
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & (capacity - 1)
        }
        keys[hole] = 0
    }

    private mutating func grow() {
        let (oldKeys, oldSlots, oldCapacity) = (keys, slots, capacity)
        capacity *= 2
        keys = .allocate(capacity: capacity)
        keys.initialize(repeating: 0, count: capacity)
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
        for old in 0..<oldCapacity where oldKeys[old] != 0 { place(oldKeys[old], oldSlots[old]) }
        oldKeys.deallocate()
        oldSlots.deallocate()
    }

    private mutating func growPorts(beyond index: Int) {
        guard index >= portCapacity else { return }
        var larger = portCapacity
        while larger <= index { larger *= 2 }
        let memory = UnsafeMutablePointer<PortCount>.allocate(capacity: larger)
        memory.initialize(from: ports, count: portCapacity)
        (memory + portCapacity).initialize(repeating: PortCount(), count: larger - portCapacity)
        ports.deallocate()
        ports = memory
        portCapacity = larger
    }
}
