import CLinux
public import Datapath

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
/// *Thread safety*: none; the forwarding thread owns the port.
public final class AFPacketPort: PacketPort {
    /// How the device does.
    public enum Condition: Sendable {
        case working
        /// The device is down; the socket works again when it comes up.
        case down
        /// The device does not exist any more. The port yields nothing from now on.
        case vanished
    }

    public let name: String
    public let index: Int32
    public let offloads: PortOffloads
    public private(set) var counters = PortCounters()
    public private(set) var condition = Condition.working

    private var target: PacketSocket.Target
    private var socket: PacketSocket
    /// The ring of `socket`, if it has one.
    private var ring: FrameRing?
    private var receiver = FrameReceiver()
    private let sender = FrameSender()
    private var pace = ReceivePace()
    /// A socket that is being opened to take the place of `socket`.
    private var exchange: SocketExchange?
    /// The socket before `socket`, deaf but not empty yet, and its ring.
    private var former: PacketSocket?
    private var formerRing: FrameRing?
    private var isFormerEmpty = false

    public var hasVanished: Bool { condition == .vanished }

    public var readinessDescriptor: Int32 { condition == .vanished ? -1 : socket.descriptor }

    /// Whether frames are received by a ring.
    var hasRing: Bool { socket.ring != nil }

    /// Opens the device `name` of this network namespace, and makes it promiscuous.
    public init(name: String) throws(SystemError) {
        let device = Device(name)
        guard let index = device.index else {
            throw SystemError(code: ENODEV, call: "if_nametoindex", subject: name)
        }
        self.name = name
        self.index = index
        offloads =
            KernelVersion.running.segmentsUDP
            ? [.checksum, .tcpSegmentation, .udpSegmentation] : [.checksum, .tcpSegmentation]
        target = .init(name: name, index: index, bypassesQueueing: device.cutsSuperPackets())
        socket = try PacketSocket(target)
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
                &reception, into: batch, pool: pool, counters: &counters, large: &receiver)
        } else {
            reception = receiver.receive(
                from: socket.descriptor, into: batch, pool: pool, counters: &counters)
            if exchange == nil, pace.count(batch, from: before) { requestSocket(hasRing: true) }
        }
        switch reception.code {
        case 0:
            condition = .working
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
                &reception, into: batch, pool: pool, counters: &counters, large: &receiver)
        } else {
            reception = receiver.receive(
                from: former.descriptor, into: batch, pool: pool, counters: &counters)
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
            condition = exists ? .down : .vanished
            return false
        default:
            // One frame whose offloads the header cannot tell, as an encapsulated super-packet.
            counters.receiveErrors += 1
            return true
        }
    }

    private var exists: Bool { Device(name).index == index }

    // MARK: Sending

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        guard condition != .vanished else {
            counters.sendDrops += UInt64(packets.count)
            return
        }
        let failure = sender.send(packets, to: socket.descriptor, counters: &counters)
        if failure.refusedSuperPacket, target.bypassesQueueing, !Device(name).cutsSuperPackets() {
            // Somebody switched the device's segmentation off: the kernel shall do it.
            target.bypassesQueueing = false
            socket.takeQueueing()
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
            if !target.bypassesQueueing { opened.takeQueueing() }
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

    /// Closes the socket that was replaced, and gives up a ring that little has come by.
    public func age() {
        if let former, isFormerEmpty {
            counters.receiveDrops += UInt64(former.takeDropCount())
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
        counters.receiveDrops += UInt64(socket.takeDropCount())
    }
}
