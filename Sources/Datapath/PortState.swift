/// What the hot path knows of a port: plain memory.
struct PortState {
    /// Packets that are collected before the port is called early: two batches.
    static var queueCapacity: Int { 64 }

    /// Room for ``queueCapacity`` packets; `nil` where no port has the number.
    var queue: UnsafeMutablePointer<PacketBuffer>?
    var queued = 0
    var usesExactMatches = true
    /// Held; `nil` while everything is let in.
    private(set) var policing: Unmanaged<SharedPolicing>?
    var counters = PortCounters()

    mutating func setPolicing(_ policing: SharedPolicing?) {
        self.policing?.release()
        self.policing = policing.map { Unmanaged.passRetained($0) }
    }

    /// Lets go of what the port holds.
    mutating func discard() {
        setPolicing(nil)
        queue?.deallocate()
        queue = nil
    }
}

/// A growing vector of port numbers that keeps its memory.
struct PortList: ~Copyable {
    private var numbers: UnsafeMutablePointer<UInt32>
    private var capacity = 16
    private(set) var count = 0

    init() { numbers = .allocate(capacity: capacity) }

    deinit { numbers.deallocate() }

    subscript(index: Int) -> UInt32 { numbers[index] }

    mutating func append(_ number: UInt32) {
        if count == capacity {
            let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity * 2)
            larger.initialize(from: numbers, count: count)
            numbers.deallocate()
            numbers = larger
            capacity *= 2
        }
        numbers[count] = number
        count += 1
    }

    mutating func removeAll() { count = 0 }
}

/// A growing vector that keeps its memory, of values that need no destruction.
struct PendingVector<Element>: ~Copyable {
    private var elements: UnsafeMutablePointer<Element>
    private var capacity = 32
    private(set) var count = 0

    init() { elements = .allocate(capacity: capacity) }

    deinit { elements.deallocate() }

    subscript(index: Int) -> Element { elements[index] }

    mutating func append(_ element: Element) {
        if count == capacity {
            let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
            larger.initialize(from: elements, count: count)
            elements.deallocate()
            elements = larger
            capacity *= 2
        }
        (elements + count).initialize(to: element)
        count += 1
    }

    mutating func removeAll() { count = 0 }

    /// Moves what is behind the first `number` elements to the front.
    mutating func removeFirst(_ number: Int) {
        elements.update(from: elements + number, count: count - number)
        count -= number
    }
}
