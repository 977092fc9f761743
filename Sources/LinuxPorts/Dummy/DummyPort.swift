import CLinux
public import Datapath
import Synchronization

/// A port without a device, for tests: frames come from commands and sockets, and go to sockets
/// and files.
///
/// Frames longer than a datagram of Ethernet pass as they are; partial checksums and super-packets
/// do not, since nobody behind the port would finish them.
///
/// *Thread safety*: any thread; one lock is held around all.
public final class DummyPort: PacketPort, @unchecked Sendable {
    /// Where the port's frames come from and go to.
    public struct Options: Equatable, Sendable {
        /// Keeps the frames of both directions (`options:pcap`).
        public var pcap: String?
        /// Keeps the frames sent (`options:tx_pcap`).
        public var sentPcap: String?
        /// Keeps the frames received (`options:rxq_pcap`).
        public var receivedPcap: String?
        /// Listens for any number of peers: `punix:FILE` (`options:pstream`).
        public var passiveStream: String?
        /// Connects to one peer, and again when it goes: `unix:FILE` (`options:stream`).
        public var activeStream: String?
        /// Queues in which frames may arrive (`options:n_rxq`).
        public var queueCount = 1
        /// Whether threads that poll are to serve it (type `dummy-pmd`), and the NUMA node that it
        /// says it is on (`options:numa_id`).
        public var isPolled = false
        public var numa = 0

        public init() {}
    }

    /// What `netdev-dummy/conn-state` tells.
    public enum ConnectionState: String, Sendable {
        case connected, disconnected, unknown
    }

    /// Frames that may wait to be received; more are dropped.
    static let maxQueuedFrames = 4096

    public let name: String
    public let offloads: PortOffloads = []
    public var counters: PortCounters { lock.withLock { _ in counted } }
    public let options: Options
    /// Whether ``sent`` keeps the frames that are sent, for tests.
    public var keepsSent = false
    public private(set) var sent: [[UInt8]] = []
    /// Microseconds since 1970, as captures have them; a test may stop it.
    public var clock: () -> Int64 = { clinux_realtime_microseconds() }

    /// Frames that wait in a queue.
    private struct Waiting {
        var frames: [[UInt8]] = []
        var start = 0
    }

    /// A queue but the first.
    private final class Queue: ReceiveQueue {
        private unowned let port: DummyPort
        private let index: Int

        init(_ port: DummyPort, _ index: Int) {
            self.port = port
            self.index = index
        }

        var readinessDescriptor: Int32 { -1 }

        func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
            port.lock.withLock { _ in port.receive(into: batch, from: pool, queue: index) }
        }
    }

    private let lock = Mutex(())
    private var counted = PortCounters()
    private var waiting: [Waiting]
    private var others: [Queue] = []
    private let streams: StreamSet?
    private let receivedFile: CaptureFile?
    private let sentFile: CaptureFile?

    public var readinessDescriptor: Int32 { streams?.epoll ?? -1 }

    public init(name: String, options: Options = Options()) throws(SystemError) {
        self.name = name
        self.options = options
        let both = try Self.file(options.pcap)
        let received = try Self.file(options.receivedPcap)
        let sent = try Self.file(options.sentPcap)
        receivedFile = both ?? received
        sentFile = both ?? sent
        let count = max(1, min(options.queueCount, QueuedPort.maximumQueues))
        waiting = Array(repeating: Waiting(), count: count)
        let hasStreams = options.passiveStream != nil || options.activeStream != nil
        streams =
            hasStreams
            ? try StreamSet(
                name: name, passive: options.passiveStream, active: options.activeStream) : nil
        others = (1..<count).map { Queue(self, $0) }
    }

    private static func file(_ path: String?) throws(SystemError) -> CaptureFile? {
        guard let path else { return nil }
        return try CaptureFile(path: path)
    }

    public var connectionState: ConnectionState {
        guard let streams, options.activeStream != nil else { return .unknown }
        return streams.isConnected ? .connected : .disconnected
    }

    public var queues: [any ReceiveQueue] { [self] + others }

    /// Lets `frame` arrive in a queue of the port.
    ///
    /// - Returns: whether there was room for it.
    @discardableResult
    public func inject(_ frame: [UInt8], queue: Int = 0) -> Bool {
        lock.withLock { _ in append(frame, queue) }
    }

    private func append(_ frame: [UInt8], _ queue: Int) -> Bool {
        guard queue < waiting.count,
            waiting[queue].frames.count - waiting[queue].start < Self.maxQueuedFrames,
            (14...0xffff).contains(frame.count)
        else {
            counted.receiveDrops += 1
            return false
        }
        waiting[queue].frames.append(frame)
        return true
    }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        lock.withLock { _ in
            if let streams { streams.poll { frame in _ = append(frame, 0) } }
            return receive(into: batch, from: pool, queue: 0)
        }
    }

    private func receive(into batch: PacketBatch, from pool: PacketPool, queue: Int) -> Bool {
        while batch.room > 0 && waiting[queue].start < waiting[queue].frames.count {
            let frame = waiting[queue].frames[waiting[queue].start]
            waiting[queue].frames[waiting[queue].start] = []
            waiting[queue].start += 1
            batch.append(pool.make(frame))
            counted.receivedPackets += 1
            counted.receivedOctets += UInt64(frame.count)
            if let receivedFile {
                frame.withUnsafeBytes { receivedFile.append($0, at: clock()) }
            }
        }
        guard waiting[queue].start == waiting[queue].frames.count else { return true }
        waiting[queue].frames.removeAll(keepingCapacity: true)
        waiting[queue].start = 0
        return false
    }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        lock.withLock { _ in send(packets) }
    }

    private func send(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        for packet in packets {
            let frame = UnsafeRawBufferPointer(start: packet.start, count: packet.byteCount)
            counted.sentPackets += 1
            counted.sentOctets += UInt64(frame.count)
            if keepsSent { sent.append([UInt8](frame)) }
            if let sentFile { sentFile.append(frame, at: clock()) }
            if let streams { counted.sendDrops += streams.send(frame) }
        }
    }

    /// Forgets the frames that were kept.
    public func removeSent() -> [[UInt8]] {
        lock.withLock { _ in
            defer { sent = [] }
            return sent
        }
    }
}
