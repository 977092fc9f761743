import CLinux
public import Datapath
import Synchronization

/// A port on a network device that exists already, by a packet socket.
///
/// The socket has `PACKET_VNET_HDR`: super-packets and partial checksums cross it in both
/// directions as the kernel holds them, which is what makes TCP fast (8 to 1 as measured) and what
/// lets hosts leave their offloads on. VLAN tags, which the kernel takes out of frames, are put
/// back.
///
/// A port receives by a call for each batch until it is busy with small frames, and then by a ring
/// (see ``FrameRing``), for which another socket takes the first one's place. A ring costs 2 MiB
/// that cannot be swapped and some ten milliseconds to make, too much for each of thousands of
/// ports. The place is taken between two frames: the former socket is made deaf, the new one is
/// made to hear, and what the former still holds is received first, so that the order is kept; a
/// frame that arrives in the microsecond between is lost.
///
/// Frames go to the device past its queueing discipline while the device can cut super-packets;
/// for one that cannot, they take the way through it, on which the kernel cuts them itself.
///
/// One of several queues (``QueuedPort``) shares the device's frames with the others by flow
/// (`PACKET_FANOUT`), and keeps to calls, since its place in the group is that of its socket.
///
/// *Thread safety*: one thread receives, and any thread may send.
public final class AFPacketPort: PacketPort {
    /// How the device does.
    public enum Condition: UInt8, Sendable {
        case working
        /// The device is down; the socket works again when it comes up.
        case down
        /// The device does not exist any more. The port yields nothing from now on.
        case vanished
    }

    public let name: String
    public let index: Int32
    public let offloads: PortOffloads
    /// Whether the kernel is to forward what comes in, where it can.
    public let isServedByKernel: Bool
    public var counters: PortCounters { counted.place.pointee }
    public var condition: Condition {
        Condition(rawValue: knownCondition.load(ordering: .relaxed)) ?? .working
    }

    /// What threads that send use, one at a time.
    private struct Sending: ~Copyable, @unchecked Sendable {
        let sender = FrameSender()
        var socket: PacketSocket
        var target: PacketSocket.Target
    }

    let counted = CounterBox()
    private let knownCondition = Atomic(Condition.working.rawValue)
    private let sending: Mutex<Sending>
    private var socket: PacketSocket
    /// Whether it is one of several queues.
    private let isMember: Bool
    /// The ring of `socket`, if it has one.
    private var ring: FrameRing?
    private var receiver = FrameReceiver()
    private var pace = ReceivePace()
    /// A socket that is being opened to take the place of `socket`.
    private var exchange: SocketExchange?
    /// The socket before `socket`, deaf but not empty yet, and its ring.
    private var former: PacketSocket?
    private var formerRing: FrameRing?
    private var isFormerEmpty = false

    public var hasVanished: Bool { condition == .vanished }
    public var isPolledForNothing: Bool { ring != nil }

    public var readinessDescriptor: Int32 { condition == .vanished ? -1 : socket.descriptor }

    /// Whether frames are received by a ring.
    var hasRing: Bool { socket.ring != nil }

    /// Opens the device `name` of this network namespace, and makes it promiscuous.
    public convenience init(name: String, isServedByKernel: Bool = false) throws(SystemError) {
        try self.init(name: name, isMember: false, isServedByKernel: isServedByKernel)
    }

    /// Opens the device `name` by as many queues, among which the kernel divides its flows.
    public static func open(name: String, queueCount: Int) throws(SystemError) -> any PacketPort {
        guard queueCount > 1 else { return try AFPacketPort(name: name) }
        var members: [AFPacketPort] = []
        var group: UInt32 = 0
        for _ in 0..<min(queueCount, QueuedPort.maximumQueues) {
            let member = try AFPacketPort(name: name, isMember: true)
            let number = clinux_join_fanout(member.socket.descriptor, group)
            guard number >= 0 else { throw .last("setsockopt(PACKET_FANOUT)", name) }
            group = UInt32(number)
            members.append(member)
        }
        return QueuedPort(members)
    }

    private init(
        name: String, isMember: Bool, isServedByKernel: Bool = false
    ) throws(SystemError) {
        self.isServedByKernel = isServedByKernel
        let device = Device(name)
        guard let index = device.index else {
            throw SystemError(code: ENODEV, call: "if_nametoindex", subject: name)
        }
        self.name = name
        self.index = index
        offloads =
            KernelVersion.running.segmentsUDP
            ? [.checksum, .tcpSegmentation, .udpSegmentation] : [.checksum, .tcpSegmentation]
        let target = PacketSocket.Target(
            name: name, index: index, bypassesQueueing: device.cutsSuperPackets())
        let opened = try PacketSocket(target, hears: !isServedByKernel)
        socket = opened
        sending = Mutex(Sending(socket: opened, target: target))
        self.isMember = isMember
    }

    // MARK: Receiving

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        guard condition != .vanished else { return false }
        if exchange != nil { takeExchange() }
        let before = batch.count
        var reception = Reception()
        if former != nil && !isFormerEmpty && receiveFromFormer(into: batch, from: pool) {
            return true
        }
        if ring != nil {
            ring?.receive(
                &reception, into: batch, pool: pool, counters: &counted.place.pointee,
                large: &receiver)
        } else {
            reception = receiver.receive(
                from: socket.descriptor, into: batch, pool: pool, counters: &counted.place.pointee)
            if exchange == nil, !isMember, pace.count(batch, from: before) {
                requestSocket(hasRing: true)
            }
        }
        switch reception.code {
        case 0:
            knownCondition.store(Condition.working.rawValue, ordering: .relaxed)
            return reception.isFull
        case EAGAIN:
            return false
        default:
            return handle(reception.code)
        }
    }

    /// - Returns: whether the socket that was replaced may hold more.
    private func receiveFromFormer(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        guard let former else { return false }
        var reception = Reception()
        if formerRing != nil {
            formerRing?.receive(
                &reception, into: batch, pool: pool, counters: &counted.place.pointee,
                large: &receiver)
        } else {
            reception = receiver.receive(
                from: former.descriptor, into: batch, pool: pool, counters: &counted.place.pointee)
        }
        guard reception.code == EAGAIN else { return true }
        isFormerEmpty = true
        return false
    }

    /// - Returns: whether there may be more to receive.
    private func handle(_ code: Int32) -> Bool {
        switch code {
        case ENETDOWN, ENXIO, ENODEV:
            // Reading has cleared the socket's error, so that the descriptor is quiet again.
            let condition: Condition = exists ? .down : .vanished
            knownCondition.store(condition.rawValue, ordering: .relaxed)
            return false
        default:
            // One frame whose offloads the header cannot tell, as an encapsulated super-packet.
            counted.place.pointee.receiveErrors += 1
            return true
        }
    }

    private var exists: Bool { Device(name).index == index }

    // MARK: Sending

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        let isOpen = condition != .vanished
        sending.withLock { sending in
            guard isOpen else {
                counted.place.pointee.sendDrops += UInt64(packets.count)
                return
            }
            let failure = sending.sender.send(
                packets, to: sending.socket.descriptor, counters: &counted.place.pointee)
            if failure.refusedSuperPacket, sending.target.bypassesQueueing,
                !Device(name).cutsSuperPackets()
            {
                // Somebody switched the device's segmentation off: the kernel shall do it.
                sending.target.bypassesQueueing = false
                sending.socket.takeQueueing()
            }
        }
    }

    // MARK: Another socket

    /// Has a socket opened to take the place of the one in use.
    ///
    /// - Returns: whether it is: not if there are as many rings as may be.
    @discardableResult
    func requestSocket(hasRing: Bool) -> Bool {
        guard exchange == nil, former == nil, hasRing != self.hasRing else { return false }
        let permit = hasRing ? RingPermit.take() : nil
        guard !hasRing || permit != nil else { return false }
        let target = sending.withLock { $0.target }
        exchange = SocketExchange(target, permit: permit, insteadOf: socket)
        return true
    }

    /// Lets the socket that was asked for take its place, if it is ready.
    private func takeExchange() {
        switch exchange?.outcome {
        case .opening, nil:
            return
        case .failed:
            break
        case .open(let opened):
            sending.withLock { sending in
                if !sending.target.bypassesQueueing { opened.takeQueueing() }
                sending.socket = opened
            }
            socket.setDeaf(true)
            opened.setDeaf(false)
            former = socket
            formerRing = ring.take()
            isFormerEmpty = false
            socket = opened
            if opened.ring != nil { ring = FrameRing(opened) }
        }
        exchange = nil
    }

    /// Gives back the buffers that wait for frames; for the port's end.
    public func giveBack(to pool: PacketPool) {
        receiver.giveBack(to: pool)
    }

    /// Receives what comes in, or leaves it to the kernel's programs.
    public func setHearing(_ hears: Bool) { socket.setHearing(hears) }

    /// Closes the socket that was replaced, and gives up a ring that little has come by.
    public func age() {
        if let former, isFormerEmpty {
            counted.place.pointee.receiveDrops += UInt64(former.takeDropCount())
            self.former = nil
            formerRing = nil
        }
        if hasRing && pace.isQuiet(after: counters.receivedPackets) {
            requestSocket(hasRing: false)
        }
        // A port that receives nothing takes its new socket now.
        if exchange != nil { takeExchange() }
    }

    /// Adds what the socket dropped since the last call for want of room to `counters`.
    public func countDrops() {
        counted.place.pointee.receiveDrops += UInt64(socket.takeDropCount())
    }
}
