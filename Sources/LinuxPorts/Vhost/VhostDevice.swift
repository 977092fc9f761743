import CLinux
import Datapath
import Synchronization

/// The device that a guest sees: its queues, and what was agreed upon.
///
/// The back end of vhost-user without migration (no log of written pages), IOMMU and packed rings.
/// A machine: messages with their descriptors come in, answers go out.
///
/// *Thread safety*: ``handle(_:_:)`` and ``reset()`` are one thread's; packets go by any.
final class VhostDevice: @unchecked Sendable {
    /// Pairs of queues that a guest may have.
    static let pairCount = 8

    /// Feature bits (VIRTIO 1.2 §5.1.3 and §6, and the vhost-user specification).
    enum Feature {
        static var checksum: UInt64 { 1 << 0 }
        static var guestChecksum: UInt64 { 1 << 1 }
        static var mtu: UInt64 { 1 << 3 }
        static var guestTSO4: UInt64 { 1 << 7 }
        static var guestTSO6: UInt64 { 1 << 8 }
        static var guestECN: UInt64 { 1 << 9 }
        static var hostTSO4: UInt64 { 1 << 11 }
        static var hostTSO6: UInt64 { 1 << 12 }
        static var hostECN: UInt64 { 1 << 13 }
        static var mergedBuffers: UInt64 { 1 << 15 }
        static var controlQueue: UInt64 { 1 << 17 }
        static var multiQueue: UInt64 { 1 << 22 }
        static var anyLayout: UInt64 { 1 << 27 }
        static var indirect: UInt64 { 1 << 28 }
        static var protocolFeatures: UInt64 { 1 << 30 }
        static var version1: UInt64 { 1 << 32 }

        static var offered: UInt64 {
            checksum | guestChecksum | mtu | guestTSO4 | guestTSO6 | guestECN | hostTSO4
                | hostTSO6 | hostECN | mergedBuffers | controlQueue | multiQueue | anyLayout
                | indirect | protocolFeatures | version1
        }
    }

    enum ProtocolFeature {
        static var multiQueue: UInt64 { 1 << 0 }
        static var replyAck: UInt64 { 1 << 3 }
        static var mtu: UInt64 { 1 << 4 }

        static var offered: UInt64 { multiQueue | replyAck | mtu }
    }

    /// What becomes of a message.
    enum Outcome: Equatable {
        case silence
        case reply([UInt8])
        /// The peer is to be left: it does not keep to the protocol.
        case failure(String)
    }

    /// A queue and its lock.
    final class Slot: Sendable {
        let queue: Mutex<VhostQueue>
        let epoll: Int32

        init(isWaitedFor: Bool) {
            let queue = VhostQueue(isWaitedFor: isWaitedFor)
            epoll = queue.epoll
            self.queue = Mutex(queue)
        }
    }

    /// Queue 2n goes to the guest, queue 2n + 1 comes from it.
    let slots: [Slot]
    private let knownOffloads = Atomic<UInt8>(0)
    private let activePairs = Atomic<Int>(0)
    private let connected = Atomic(false)
    private var features: UInt64 = 0
    private var protocolFeatures: UInt64 = 0
    private var memory: VhostMemory?

    init() {
        slots = (0..<Self.pairCount * 2).map { Slot(isWaitedFor: $0 & 1 == 1) }
    }

    /// What the guest takes besides plain frames.
    var offloads: PortOffloads { PortOffloads(rawValue: knownOffloads.load(ordering: .relaxed)) }

    /// Pairs whose queue to the guest is in use, from the first on.
    var pairs: Int { activePairs.load(ordering: .relaxed) }

    /// Whether there is a peer.
    var isConnected: Bool {
        get { connected.load(ordering: .relaxed) }
        set { connected.store(newValue, ordering: .relaxed) }
    }

    /// Forgets everything of a peer that has gone.
    func reset() {
        for slot in slots {
            slot.queue.withLock { queue in
                _ = queue.stop()
                queue.isEnabled = false
                queue.size = 0
                queue.addresses = nil
                queue.setBase(0)
            }
        }
        (features, protocolFeatures, memory) = (0, 0, nil)
        noteQueues()
    }

    private func noteQueues() {
        var count = 0
        while count < Self.pairCount, slots[count * 2].queue.withLock({ $0.isActive }) {
            count += 1
        }
        activePairs.store(count, ordering: .relaxed)
    }

    // MARK: Messages

    /// Does what a message asks for, and takes over its descriptors.
    func handle(_ message: VhostMessage, _ descriptors: [Int32]) -> Outcome {
        var descriptors = descriptors
        let outcome = answer(message, &descriptors)
        for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
        noteQueues()
        guard case .silence = outcome, message.needsReply,
            protocolFeatures & ProtocolFeature.replyAck != 0
        else { return outcome }
        return reply(message, 0)
    }

    private func reply(_ message: VhostMessage, _ number: UInt64) -> Outcome {
        var reply = VhostMessage(message.request, number)
        reply.isReply = true
        return .reply(reply.octets)
    }

    private func answer(_ message: VhostMessage, _ descriptors: inout [Int32]) -> Outcome {
        let number = message.number(at: 0, as: UInt64.self)
        switch message.request {
        case .getFeatures: return reply(message, Feature.offered)
        case .setFeatures: return setFeatures(number)
        case .getProtocolFeatures: return reply(message, ProtocolFeature.offered)
        case .setProtocolFeatures: protocolFeatures = number & ProtocolFeature.offered
        case .getQueueCount: return reply(message, UInt64(Self.pairCount))
        case .setOwner, .setMTU, .sendRARP: break
        case .resetOwner: reset()
        case .setMemoryTable: return setMemory(message, descriptors)
        case .setRingKick, .setRingCall, .setRingError:
            return setDescriptor(message.request, number, &descriptors)
        default: return answerRing(message)
        }
        return .silence
    }

    private func setFeatures(_ wanted: UInt64) -> Outcome {
        guard wanted & ~Feature.offered == 0 else {
            return .failure("the peer wants features that were not offered")
        }
        features = wanted
        let isMerged = wanted & Feature.mergedBuffers != 0
        let isLong = isMerged || wanted & Feature.version1 != 0
        for slot in slots {
            slot.queue.withLock { queue in
                queue.isMerged = isMerged
                queue.headerByteCount = isLong ? 12 : 10
                // Without this feature there is no message that enables a queue.
                if wanted & Feature.protocolFeatures == 0 { queue.isEnabled = true }
            }
        }
        var offloads: PortOffloads = []
        if wanted & Feature.guestChecksum != 0 { offloads.insert(.checksum) }
        let segments = Feature.guestTSO4 | Feature.guestTSO6
        if wanted & segments == segments && offloads.contains(.checksum) {
            offloads.insert(.tcpSegmentation)
        }
        knownOffloads.store(offloads.rawValue, ordering: .relaxed)
        return .silence
    }

    private func setMemory(_ message: VhostMessage, _ descriptors: [Int32]) -> Outcome {
        let count = Int(message.number(at: 0, as: UInt32.self))
        guard count <= VhostMemory.maximumRegions, message.payload.count >= 8 + count * 32 else {
            return .failure("the table of memory regions is cut off")
        }
        let regions = (0..<count).map { index in
            let place = 8 + index * 32
            return VhostMemory.Region(
                guestAddress: message.number(at: place, as: UInt64.self),
                byteCount: message.number(at: place + 8, as: UInt64.self),
                userAddress: message.number(at: place + 16, as: UInt64.self),
                offset: message.number(at: place + 24, as: UInt64.self))
        }
        guard let memory = VhostMemory(regions, descriptors) else {
            return .failure("the guest's memory cannot be mapped")
        }
        self.memory = memory
        for slot in slots where !slot.queue.withLock({ $0.start(memory) }) {
            return .failure("a ring is not in the guest's memory")
        }
        return .silence
    }

    private func setDescriptor(
        _ request: VhostMessage.Request, _ number: UInt64, _ descriptors: inout [Int32]
    ) -> Outcome {
        let index = Int(number & 0xff)
        let hasNone = number & 0x100 != 0
        guard index < slots.count, hasNone || descriptors.count == 1 else {
            return .failure("a queue's descriptor is missing")
        }
        let descriptor = hasNone ? -1 : descriptors.removeFirst()
        let isStarted = slots[index].queue.withLock { queue in
            switch request {
            case .setRingKick:
                queue.setKick(descriptor)
                return queue.start(memory)
            case .setRingCall: queue.setCall(descriptor)
            default: if descriptor >= 0 { close(descriptor) }
            }
            return true
        }
        return isStarted ? .silence : .failure("ring \(index) is not in the guest's memory")
    }

    /// Messages about one ring.
    private func answerRing(_ message: VhostMessage) -> Outcome {
        let index = Int(message.number(at: 0, as: UInt32.self))
        let number = message.number(at: 4, as: UInt32.self)
        guard message.payload.count >= 8, index < slots.count else {
            return .failure("message \(message.request.rawValue) names no queue")
        }
        let slot = slots[index]
        switch message.request {
        case .setRingSize:
            guard number > 0, number <= VhostRing.maximumSize, number & (number - 1) == 0 else {
                return .failure("a ring cannot have \(number) places")
            }
            slot.queue.withLock { $0.size = number }
        case .setRingBase: slot.queue.withLock { $0.setBase(UInt16(truncatingIfNeeded: number)) }
        case .getRingBase:
            let base = slot.queue.withLock { $0.stop() }
            return reply(message, UInt64(UInt32(index)) | UInt64(base) << 32)
        case .setRingEnabled: slot.queue.withLock { $0.isEnabled = number == 1 }
        case .setRingAddresses:
            let isStarted = slot.queue.withLock { queue in
                queue.addresses = (
                    message.number(at: 8, as: UInt64.self),
                    message.number(at: 24, as: UInt64.self),
                    message.number(at: 16, as: UInt64.self)
                )
                return queue.start(memory)
            }
            guard isStarted else { return .failure("ring \(index) is not in the guest's memory") }
        default:
            return .failure("message \(message.request.rawValue) is not supported")
        }
        return .silence
    }
}
