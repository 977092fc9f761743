import CLinux
public import Netlink
import Synchronization

/// What the kernel knows of the ways to other hosts.
public struct UnderlayState: Equatable, Sendable {
    public var links: [LinkMessage] = []
    public var addresses: [AddressMessage] = []
    public var routes: [RouteMessage] = []

    public init() {}
}

/// Tells of each change of routes and addresses of this network namespace, from a thread of its
/// own.
///
/// Each time the whole state is asked for and told: changes are rare, and come in bursts of which
/// only the end matters.
///
/// *Thread safety*: may be used from any thread. The handler is called on the monitor's thread.
public final class UnderlayMonitor: Sendable {
    private let wakeDescriptor: Int32
    private let thread: Mutex<pthread_t?>

    public init(_ handler: @escaping @Sendable (UnderlayState) -> Void) throws(SystemError) {
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else { throw .last("eventfd", "route monitor") }
        let watch: UnderlayWatch
        do {
            watch = try UnderlayWatch(wakeDescriptor: wakeDescriptor, handler: handler)
        } catch {
            close(wakeDescriptor)
            throw error
        }
        thread = Mutex(nil)
        let context = Unmanaged.passRetained(watch)
        var started = pthread_t()
        let code = pthread_create(
            &started,
            nil,
            { context in
                clinux_begin_thread("routes")
                Unmanaged<UnderlayWatch>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            throw SystemError(code: code, call: "pthread_create", subject: "route monitor")
        }
        thread.withLock { [started] in $0 = started }
    }

    deinit {
        stop()
        close(wakeDescriptor)
    }

    /// Ends the thread and waits for its end; nothing is told afterwards.
    public func stop() {
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let thread else { return }
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
        pthread_join(thread, nil)
    }
}

/// What the monitor's thread does.
private final class UnderlayWatch {
    private let wakeDescriptor: Int32
    private let handler: @Sendable (UnderlayState) -> Void
    private let events: LinkSocket
    private let requests: LinkSocket
    private var told = UnderlayState()

    init(wakeDescriptor: Int32, handler: @escaping @Sendable (UnderlayState) -> Void)
        throws(SystemError)
    {
        self.wakeDescriptor = wakeDescriptor
        self.handler = handler
        events = try LinkSocket(groups: LinkSocket.underlayGroups | LinkSocket.linkGroup)
        requests = try LinkSocket()
    }

    func run() {
        tell()
        while true {
            var entries = [
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&entries, 2, -1)
            if ready < 0 { continue }
            if entries[0].revents != 0 { return }
            guard entries[1].revents != 0 else { continue }
            // What the messages say is asked for; where some were lost too.
            while let messages = try? events.receive(), !messages.isEmpty {}
            tell()
        }
    }

    private func tell() {
        guard let links = try? requests.links(), let addresses = try? requests.addresses(),
            let routes = try? requests.routes()
        else { return }
        var state = UnderlayState()
        state.links = links.map {
            var link = $0
            link.statistics = nil
            return link
        }
        state.addresses = addresses
        state.routes = routes
        guard state != told else { return }
        told = state
        handler(state)
    }
}
