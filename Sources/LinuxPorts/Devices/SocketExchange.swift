import CLinux
import Synchronization

/// A packet socket that is opened to take another one's place.
///
/// Making a ring waits in the kernel until no CPU looks at the socket any more, tens of
/// milliseconds in which a forwarding thread would forward nothing: a thread of its own does it.
/// The socket is deaf until its owner takes it, so that no frame is received twice.
///
/// *Thread safety*: every method may be called from any thread.
final class SocketExchange: Sendable {
    /// How far the opening is.
    enum Outcome {
        case opening
        case open(PacketSocket)
        case failed
    }

    private let state = Mutex(Outcome.opening)

    /// Starts to open a socket for `target` in the network namespace of `former`, with a ring if
    /// there is a permit.
    init(
        _ target: PacketSocket.Target, permit: RingPermit?, insteadOf former: PacketSocket
    ) {
        let namespace = clinux_socket_namespace(former.descriptor)
        let hasStarted = BackgroundThread.start("socket-opener") { [self] in
            defer { if namespace >= 0 { close(namespace) } }
            if namespace >= 0 { _ = clinux_enter_network_namespace(namespace) }
            let socket = try? PacketSocket(target, permit: permit, isDeaf: true)
            state.withLock { $0 = socket.map { .open($0) } ?? .failed }
        }
        guard !hasStarted else { return }
        if namespace >= 0 { close(namespace) }
        state.withLock { $0 = .failed }
    }

    var outcome: Outcome { state.withLock { $0 } }
}

/// A thread for one piece of work that waits in the kernel.
enum BackgroundThread {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Calls `body` on a new thread.
    ///
    /// - Returns: whether there is one.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let start = Unmanaged.passRetained(Start(name, body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                clinux_begin_thread(start.name)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
