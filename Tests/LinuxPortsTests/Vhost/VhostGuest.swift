import CLinux
import TestSupport

@testable import LinuxPorts

/// A hypervisor and its guest, as far as vhost-user knows them: a driver of virtio network devices
/// with split rings in a file that both sides map.
///
/// Each ring has a page for its descriptors, one for the available and one for the used ring, one
/// for a table of indirect descriptors, and buffers behind all rings.
final class VhostGuest {
    static let ringSize = 128
    static let bufferByteCount = 2048
    static let guestAddress: UInt64 = 0x1000_0000
    static let userAddress: UInt64 = 0x7000_0000_0000
    static let memoryByteCount = 8 << 20
    private static let page = 4096
    private static let bufferStart = 16 * 4 * page

    static var allFeatures: UInt64 { VhostDevice.Feature.offered }

    struct Failure: Error {}

    /// One queue, from the driver's side.
    private struct Ring {
        let index: Int
        let place: UnsafeMutableRawPointer
        var nextAvailable: UInt16 = 0
        var lastUsed: UInt16 = 0
        var nextDescriptor = 0
        /// Descriptors of each chain that the device has.
        var outstanding: [Int] = []
        let kick = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        let call = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))

        var descriptors: UnsafeMutableRawPointer { place }
        var available: UnsafeMutableRawPointer { place + page }
        var used: UnsafeMutableRawPointer { place + 2 * page }
        var table: UnsafeMutableRawPointer { place + 3 * page }
        /// Where it lies in the memory.
        var offset: UInt64 { UInt64(index * 4 * page) }
        var bufferOffset: UInt64 {
            UInt64(bufferStart + index * ringSize * bufferByteCount)
        }
    }

    private let features: UInt64
    private let pairs: Int
    private let file: Int32
    private let memory: UnsafeMutableRawPointer
    private var rings: [Ring]
    private var listener: Int32 = -1
    private var peer: Int32 = -1
    private(set) var offeredPairs = 0
    /// The header in front of the last frame that was received.
    private(set) var lastHeader: [UInt8] = []
    private(set) var wasCalled = false
    /// Where the first ring's descriptors are said to be, if not where they are.
    var descriptorAddress: UInt64?

    init(features: UInt64, pairs: Int) throws {
        self.features = features
        self.pairs = pairs
        file = clinux_memory_file(Self.memoryByteCount)
        guard file >= 0, let memory = clinux_map_file(file, Self.memoryByteCount) else {
            throw Failure()
        }
        self.memory = memory
        rings = (0..<pairs * 2).map { Ring(index: $0, place: memory + $0 * 4 * Self.page) }
    }

    deinit {
        disconnect()
        munmap(memory, Self.memoryByteCount)
        close(file)
        for ring in rings {
            close(ring.kick)
            close(ring.call)
        }
    }

    // MARK: The socket

    func listen(_ path: String) throws {
        unlink(path)
        listener = clinux_unix_stream(path, 0)
        guard listener >= 0 else { throw Failure() }
    }

    func accept() throws {
        _ = clinux_poll_readable([listener], 1, -1)
        peer = clinux_accept(listener)
        guard peer >= 0 else { throw Failure() }
    }

    func connect(_ path: String) throws {
        peer = clinux_unix_stream(path, 1)
        guard peer >= 0 else { throw Failure() }
    }

    func disconnect() {
        for descriptor in [peer, listener] where descriptor >= 0 { close(descriptor) }
        (peer, listener) = (-1, -1)
    }

    private func tell(_ message: VhostMessage, _ descriptors: [Int32] = []) throws {
        let octets = message.octets
        let sent = clinux_send_descriptors(
            peer, octets, octets.count, descriptors, Int32(descriptors.count))
        guard sent == octets.count else { throw Failure() }
    }

    private func ask(_ message: VhostMessage, _ descriptors: [Int32] = []) throws -> UInt64 {
        try tell(message, descriptors)
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 20)
        while answer.count < 20 {
            _ = clinux_poll_readable([peer], 1, -1)
            let count = recv(peer, &buffer, 20 - answer.count, 0)
            if count < 0 && clinux_errno() == EAGAIN { continue }
            guard count > 0 else { throw Failure() }
            answer += buffer.prefix(count)
        }
        var length = 0
        guard var reply = VhostMessage(header: Array(answer.prefix(12)), payloadByteCount: &length),
            reply.isReply, reply.request == message.request, length == 8
        else { throw Failure() }
        reply.payload = Array(answer.dropFirst(12))
        return reply.number(at: 0, as: UInt64.self)
    }

    /// Has something done, and waits until it is where that is possible.
    private func order(_ message: VhostMessage, _ descriptors: [Int32] = []) throws {
        guard features & VhostDevice.Feature.protocolFeatures != 0 else {
            return try tell(message, descriptors)
        }
        var message = message
        message.needsReply = true
        guard try ask(message, descriptors) == 0 else { throw Failure() }
    }

    private static func octets(_ numbers: [UInt64]) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number) { [UInt8]($0) } }
    }

    private static func pair(_ first: Int, _ second: Int) -> UInt64 {
        UInt64(first) | UInt64(second) << 32
    }

    /// Agrees with the device upon everything, and starts all queues.
    func setUp() throws {
        guard try ask(VhostMessage(.getFeatures)) & features == features else { throw Failure() }
        try tell(VhostMessage(.setFeatures, features))
        if features & VhostDevice.Feature.protocolFeatures != 0 {
            let offered = try ask(VhostMessage(.getProtocolFeatures))
            try tell(VhostMessage(.setProtocolFeatures, offered))
        }
        offeredPairs = Int(try ask(VhostMessage(.getQueueCount)))
        try order(VhostMessage(.setOwner))
        let region: [UInt64] = [
            1, Self.guestAddress, UInt64(Self.memoryByteCount), Self.userAddress, 0,
        ]
        try order(VhostMessage(.setMemoryTable, Self.octets(region)), [file])
        for index in rings.indices { try start(index) }
        // Whatever has no answer is done before this has one.
        _ = try ask(VhostMessage(.getFeatures))
    }

    private func start(_ index: Int) throws {
        let ring = rings[index]
        try order(VhostMessage(.setRingSize, Self.pair(index, Self.ringSize)))
        try order(VhostMessage(.setRingBase, Self.pair(index, 0)))
        let base = Self.userAddress + ring.offset
        let page = UInt64(Self.page)
        let descriptors = index == 0 ? descriptorAddress ?? base : base
        let addresses: [UInt64] = [
            UInt64(index), descriptors, base + 2 * page, base + page, 0,
        ]
        try order(VhostMessage(.setRingAddresses, Self.octets(addresses)))
        try order(VhostMessage(.setRingCall, UInt64(index)), [ring.call])
        try order(VhostMessage(.setRingKick, UInt64(index)), [ring.kick])
        if features & VhostDevice.Feature.protocolFeatures != 0 {
            try order(VhostMessage(.setRingEnabled, Self.pair(index, 1)))
        }
        guard index & 1 == 0 else { return }
        for buffer in 0..<Self.ringSize { post(buffer, index) }
    }

    // MARK: Rings

    private func setDescriptor(
        _ table: UnsafeMutableRawPointer, _ index: Int, _ offset: UInt64, _ length: Int,
        _ flags: UInt16
    ) {
        let place = table + index * 16
        place.storeBytes(of: Self.guestAddress + offset, as: UInt64.self)
        place.storeBytes(of: UInt32(length), toByteOffset: 8, as: UInt32.self)
        place.storeBytes(of: flags, toByteOffset: 12, as: UInt16.self)
        let next = UInt16((index + 1) % Self.ringSize)
        place.storeBytes(of: next, toByteOffset: 14, as: UInt16.self)
    }

    private func makeAvailable(_ head: Int, _ index: Int) {
        let place = Int(rings[index].nextAvailable) % Self.ringSize
        rings[index].available.storeBytes(
            of: UInt16(head), toByteOffset: 4 + place * 2, as: UInt16.self)
        rings[index].nextAvailable &+= 1
        clinux_store16_release(rings[index].available + 2, rings[index].nextAvailable)
    }

    /// Lends the device a buffer to write into.
    private func post(_ buffer: Int, _ index: Int) {
        let offset = rings[index].bufferOffset + UInt64(buffer * Self.bufferByteCount)
        setDescriptor(rings[index].descriptors, buffer, offset, Self.bufferByteCount, 2)
        makeAvailable(buffer, index)
    }

    private func usedIndex(_ index: Int) -> UInt16 {
        clinux_load16_acquire(rings[index].used + 2)
    }

    /// Sends a frame, by indirect descriptors if it is long.
    func send(_ frame: [UInt8], header: [UInt8]? = nil, pair: Int = 0) {
        let index = pair * 2 + 1
        let isLong =
            features & VhostDevice.Feature.mergedBuffers != 0
            || features & VhostDevice.Feature.version1 != 0
        let octets = (header ?? [UInt8](repeating: 0, count: isLong ? 12 : 10)) + frame
        let count = (octets.count + Self.bufferByteCount - 1) / Self.bufferByteCount
        let isIndirect = count > 2 && features & VhostDevice.Feature.indirect != 0
        reclaim(index, until: Self.ringSize - (isIndirect ? Self.ringSize : count))
        let head = rings[index].nextDescriptor
        for part in 0..<count {
            let place = (head + part) % Self.ringSize
            let buffer = isIndirect ? part : place
            let offset = rings[index].bufferOffset + UInt64(buffer * Self.bufferByteCount)
            let piece = octets[(part * Self.bufferByteCount)...].prefix(Self.bufferByteCount)
            piece.withUnsafeBytes {
                (memory + Int(offset)).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            setDescriptor(
                isIndirect ? rings[index].table : rings[index].descriptors,
                isIndirect ? part : place, offset, piece.count, part + 1 < count ? 1 : 0)
        }
        if isIndirect {
            let table = rings[index].offset + 3 * UInt64(Self.page)
            setDescriptor(rings[index].descriptors, head, table, count * 16, 4)
        }
        let used = isIndirect ? 1 : count
        rings[index].outstanding.append(used)
        rings[index].nextDescriptor = (head + used) % Self.ringSize
        makeAvailable(head, index)
        clinux_memory_fence()
        if clinux_load16_acquire(rings[index].used) & 1 == 0 {
            var one: UInt64 = 1
            _ = write(rings[index].kick, &one, 8)
        }
    }

    /// Waits until the device has at most `limit` descriptors.
    private func reclaim(_ index: Int, until limit: Int) {
        while rings[index].outstanding.reduce(0, +) > max(0, limit) {
            while usedIndex(index) == rings[index].lastUsed { sched_yield() }
            rings[index].lastUsed &+= 1
            rings[index].outstanding.removeFirst()
        }
    }

    /// The next frame from the device, empty for a chain that came back so.
    func receive(pair: Int = 0) -> [UInt8]? {
        let index = pair * 2
        var octets: [UInt8] = []
        var left = 1
        var isFirst = true
        while left > 0 {
            while usedIndex(index) == rings[index].lastUsed { sched_yield() }
            let entry = rings[index].used + 4 + Int(rings[index].lastUsed) % Self.ringSize * 8
            let buffer = Int(entry.load(as: UInt32.self))
            let length = Int(entry.load(fromByteOffset: 4, as: UInt32.self))
            guard buffer < Self.ringSize, length <= Self.bufferByteCount else { return nil }
            let start = memory + Int(rings[index].bufferOffset) + buffer * Self.bufferByteCount
            var piece = [UInt8](UnsafeRawBufferPointer(start: start, count: length))
            rings[index].lastUsed &+= 1
            post(buffer, index)
            if isFirst && length >= 12 {
                lastHeader = Array(piece.prefix(12))
                left = max(1, Int(lastHeader[10]) | Int(lastHeader[11]) << 8)
                piece.removeFirst(12)
                isFirst = false
            }
            octets += piece
            left -= 1
        }
        var count: UInt64 = 0
        if read(rings[index].call, &count, 8) == 8 { wasCalled = true }
        return octets
    }

    // MARK: Nonsense

    /// Writes anything into the rings.
    func scribble(_ random: inout SplitMix64) {
        for index in rings.indices {
            let ring = rings[index]
            for _ in 0..<40 {
                let place = Int.random(in: 0..<Self.ringSize, using: &random)
                let addresses: [UInt64] = [
                    Self.guestAddress
                        + UInt64.random(in: 0..<UInt64(Self.memoryByteCount), using: &random),
                    Self.guestAddress + UInt64(Self.memoryByteCount) - 5, 0, .max - 3,
                    .random(in: 0 ... .max, using: &random),
                ]
                let lengths: [UInt32] = [0, 1, 13, 16, 100, 2048, 70_000, 1 << 24, .max]
                let table = Bool.random(using: &random) ? ring.descriptors : ring.table
                let entry = table + place * 16
                entry.storeBytes(of: addresses.randomElement(using: &random)!, as: UInt64.self)
                entry.storeBytes(
                    of: lengths.randomElement(using: &random)!, toByteOffset: 8, as: UInt32.self)
                entry.storeBytes(
                    of: UInt16.random(in: 0...7, using: &random), toByteOffset: 12, as: UInt16.self)
                entry.storeBytes(
                    of: UInt16.random(in: 0...130, using: &random), toByteOffset: 14,
                    as: UInt16.self)
                ring.available.storeBytes(
                    of: UInt16.random(in: 0...130, using: &random), toByteOffset: 4 + place * 2,
                    as: UInt16.self)
            }
            // Sometimes more than the ring has places for.
            let step =
                UInt16.random(in: 0...20, using: &random) == 0
                ? 1000 : UInt16.random(in: 0...40, using: &random)
            rings[index].nextAvailable &+= step
            clinux_store16_release(ring.available + 2, rings[index].nextAvailable)
            ring.available.storeBytes(of: UInt16.random(in: 0...1, using: &random), as: UInt16.self)
        }
    }
}
