import CLinux

/// The sockets of one dummy port, behind one descriptor that is readable when there is work.
///
/// Frames that are sent go to every peer.
final class StreamSet {
    /// What an event belongs to.
    private static let listenerMark: UInt64 = 0
    private static let timerMark: UInt64 = 1
    /// A peer that refuses is tried again after so many milliseconds.
    private static let retryMilliseconds: UInt32 = 1000
    /// Peers of a listening port; more are refused.
    static let maxPeers = 64

    let epoll: Int32
    private let listener: Int32
    private let listenerPath: String?
    private let timer: Int32
    private let peerPath: String?
    private var peers: [UInt64: FrameStream] = [:]
    private var nextMark: UInt64 = 2
    /// The peer that the port connected to.
    private var activeMark: UInt64?

    /// Opens what the specifications `punix:FILE` and `unix:FILE` name.
    init(name: String, passive: String?, active: String?) throws(SystemError) {
        listenerPath = try Self.path(of: passive, prefix: "punix:")
        peerPath = try Self.path(of: active, prefix: "unix:")
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .last("epoll_create1", name) }
        timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        guard timer >= 0 else {
            let error = SystemError.last("timerfd_create", name)
            close(epoll)
            throw error
        }
        if let listenerPath {
            unlink(listenerPath)
            listener = clinux_unix_stream(listenerPath, 0)
            guard listener >= 0 else {
                let error = SystemError.last("bind", listenerPath)
                close(epoll)
                close(timer)
                throw error
            }
            _ = clinux_epoll_control(
                epoll,
                EPOLL_CTL_ADD,
                listener,
                EPOLLIN.rawValue,
                Self.listenerMark
            )
        } else {
            listener = -1
        }
        _ = clinux_epoll_control(epoll, EPOLL_CTL_ADD, timer, EPOLLIN.rawValue, Self.timerMark)
        if peerPath != nil { connect() }
    }

    deinit {
        close(epoll)
        close(timer)
        if listener >= 0 { close(listener) }
        if let listenerPath { unlink(listenerPath) }
    }

    private static func path(of text: String?, prefix: String) throws(SystemError) -> String? {
        guard let text else { return nil }
        guard text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count else {
            throw SystemError(code: EAFNOSUPPORT, call: "socket", subject: text)
        }
        return String(text.dropFirst(prefix.count))
    }

    /// Whether the peer that the port connects to is there.
    var isConnected: Bool { activeMark != nil }

    /// Does what the sockets ask for, and hands each frame that has arrived to `receive`.
    func poll(_ receive: ([UInt8]) -> Void) {
        var events = [epoll_event](repeating: epoll_event(), count: 16)
        let count = epoll_wait(epoll, &events, Int32(events.count), 0)
        guard count > 0 else { return }
        for event in events[..<Int(count)] {
            switch event.data.u64 {
            case Self.listenerMark:
                accept()
            case Self.timerMark:
                var expirations: UInt64 = 0
                _ = read(timer, &expirations, 8)
                connect()
            default:
                serve(event.data.u64, receive)
            }
        }
    }

    private func serve(_ mark: UInt64, _ receive: ([UInt8]) -> Void) {
        guard let peer = peers[mark] else { return }
        peer.flush()
        peer.fill()
        while let frame = peer.next() { receive(Array(frame)) }
        update(peer, mark)
    }

    /// Waits for what the peer's state asks for, or forgets the peer.
    private func update(_ peer: FrameStream, _ mark: UInt64) {
        guard !peer.isClosed else {
            _ = clinux_epoll_control(epoll, EPOLL_CTL_DEL, peer.descriptor, 0, 0)
            peers[mark] = nil
            if activeMark == mark {
                activeMark = nil
                _ = clinux_set_timer(timer, Self.retryMilliseconds)
            }
            return
        }
        let wanted = EPOLLIN.rawValue | (peer.hasPending ? EPOLLOUT.rawValue : 0)
        _ = clinux_epoll_control(epoll, EPOLL_CTL_MOD, peer.descriptor, wanted, mark)
    }

    private func accept() {
        let descriptor = clinux_accept(listener)
        guard descriptor >= 0 else { return }
        guard peers.count < Self.maxPeers else {
            close(descriptor)
            return
        }
        _ = insert(descriptor)
    }

    private func connect() {
        guard let peerPath else { return }
        let descriptor = clinux_unix_stream(peerPath, 1)
        guard descriptor >= 0 else {
            _ = clinux_set_timer(timer, Self.retryMilliseconds)
            return
        }
        activeMark = insert(descriptor)
    }

    private func insert(_ descriptor: Int32) -> UInt64 {
        let mark = nextMark
        nextMark += 1
        peers[mark] = FrameStream(descriptor: descriptor)
        _ = clinux_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, mark)
        return mark
    }

    /// Sends `frame` to every peer.
    ///
    /// - Returns: how many had no room for it.
    func send(_ frame: UnsafeRawBufferPointer) -> UInt64 {
        var drops: UInt64 = 0
        for (mark, peer) in peers {
            let hadPending = peer.hasPending
            if !peer.send(frame) { drops += 1 }
            if peer.isClosed || peer.hasPending != hadPending { update(peer, mark) }
        }
        return drops
    }
}
