import CLinux
public import Datapath

/// A port without a device, for tests: frames come from commands and sockets, and go to sockets
/// and files.
///
/// Frames longer than a datagram of Ethernet pass as they are; partial checksums and super-packets
/// do not, since nobody behind the port would finish them.
///
/// *Thread safety*: none; the forwarding thread owns the port.
public final class DummyPort: PacketPort {
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
    public private(set) var counters = PortCounters()
    public let options: Options
    /// Whether ``sent`` keeps the frames that are sent, for tests.
    public var keepsSent = false
    public private(set) var sent: [[UInt8]] = []
    /// Microseconds since 1970, as captures have them; a test may stop it.
    public var clock: () -> Int64 = { clinux_realtime_microseconds() }

    private var queue: [[UInt8]] = []
    private var queueStart = 0
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
        guard options.passiveStream != nil || options.activeStream != nil else {
            streams = nil
            return
        }
        streams = try StreamSet(
            name: name,
            passive: options.passiveStream,
            active: options.activeStream
        )
    }

    private static func file(_ path: String?) throws(SystemError) -> CaptureFile? {
        guard let path else { return nil }
        return try CaptureFile(path: path)
    }

    public var connectionState: ConnectionState {
        guard let streams, options.activeStream != nil else { return .unknown }
        return streams.isConnected ? .connected : .disconnected
    }

    /// Lets `frame` arrive at the port.
    ///
    /// - Returns: whether there was room for it.
    @discardableResult
    public func inject(_ frame: [UInt8]) -> Bool {
        guard queue.count - queueStart < Self.maxQueuedFrames,
            (14...0xffff).contains(frame.count)
        else {
            counters.receiveDrops += 1
            return false
        }
        queue.append(frame)
        return true
    }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        if let streams {
            streams.poll { frame in
                inject(frame)
            }
        }
        while batch.room > 0 && queueStart < queue.count {
            let frame = queue[queueStart]
            queue[queueStart] = []
            queueStart += 1
            batch.append(pool.make(frame))
            counters.receivedPackets += 1
            counters.receivedOctets += UInt64(frame.count)
            if let receivedFile {
                frame.withUnsafeBytes { receivedFile.append($0, at: clock()) }
            }
        }
        if queueStart == queue.count {
            queue.removeAll(keepingCapacity: true)
            queueStart = 0
        }
        return queueStart < queue.count
    }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        for packet in packets {
            let frame = UnsafeRawBufferPointer(start: packet.start, count: packet.byteCount)
            counters.sentPackets += 1
            counters.sentOctets += UInt64(frame.count)
            if keepsSent { sent.append([UInt8](frame)) }
            if let sentFile { sentFile.append(frame, at: clock()) }
            if let streams { counters.sendDrops += streams.send(frame) }
        }
    }

    /// Forgets the frames that were kept.
    public func removeSent() -> [[UInt8]] {
        defer { sent = [] }
        return sent
    }
}
