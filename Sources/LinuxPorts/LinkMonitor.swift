import CLinux
public import Netlink
import Synchronization

/// What happened to a network device.
public enum LinkEvent: Sendable {
    /// The device is new, or something about it has changed.
    case changed(LinkMessage)
    /// The device has gone, or has moved to another network namespace.
    case removed(index: Int32, name: String)
}

/// Tells of each change of the network devices of this network namespace, from a thread of its own.
///
/// It starts with an event for each device that exists. Where the kernel had to drop messages, the
/// devices are asked for anew, so that no state is lost, though states in between may be.
///
/// *Thread safety*: may be used from any thread. The handler is called on the monitor's thread.
public final class LinkMonitor: Sendable {
    private let wakeDescriptor: Int32
    private let thread: Mutex<pthread_t?>

    public init(_ handler: @escaping @Sendable ([LinkEvent]) -> Void) throws(SystemError) {
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else { throw .last("eventfd", "link monitor") }
        let watch: LinkWatch
        do {
            watch = try LinkWatch(wakeDescriptor: wakeDescriptor, handler: handler)
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
                clinux_begin_thread("links")
                Unmanaged<LinkWatch>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            throw SystemError(code: code, call: "pthread_create", subject: "link monitor")
        }
        thread.withLock { [started] in $0 = started }
    }

    deinit {
        stop()
        close(wakeDescriptor)
    }

    /// Ends the thread and waits for its end; no event comes afterwards.
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
private final class LinkWatch {
    private let wakeDescriptor: Int32
    private let handler: @Sendable ([LinkEvent]) -> Void
    /// Told of changes.
    private let events: LinkSocket
    /// Asked for all devices.
    private let requests: LinkSocket
    private var names: [Int32: String] = [:]

    init(wakeDescriptor: Int32, handler: @escaping @Sendable ([LinkEvent]) -> Void)
        throws(SystemError)
    {
        self.wakeDescriptor = wakeDescriptor
        self.handler = handler
        events = try LinkSocket(groups: LinkSocket.linkGroup)
        requests = try LinkSocket()
    }

    func run() {
        tell(everything())
        while true {
            var entries = [
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&entries, 2, -1)
            if ready < 0 { continue }
            if entries[0].revents != 0 { return }
            if entries[1].revents != 0 { tell(changes()) }
        }
    }

    private func tell(_ events: [LinkEvent]) {
        if !events.isEmpty { handler(events) }
    }

    /// The changes that wait, in order.
    private func changes() -> [LinkEvent] {
        var found: [LinkEvent] = []
        do {
            while true {
                let messages = try events.receive()
                if messages.isEmpty { return found }
                for message in messages {
                    if let event = event(of: message) { found.append(event) }
                }
            }
        } catch {
            return found + everything()
        }
    }

    private func event(of message: NetlinkMessage) -> LinkEvent? {
        guard let link = try? LinkMessage(message.body) else { return nil }
        switch message.kind {
        case .newLink:
            names[link.index] = link.name
            return .changed(link)
        case .deleteLink:
            guard let name = names.removeValue(forKey: link.index) else { return nil }
            return .removed(index: link.index, name: name)
        default:
            return nil
        }
    }

    /// An event for each device, and for each that has gone.
    private func everything() -> [LinkEvent] {
        guard let links = try? requests.links() else { return [] }
        var found: [LinkEvent] = []
        let present = Set(links.map(\.index))
        for (index, name) in names where !present.contains(index) {
            found.append(.removed(index: index, name: name))
        }
        names = Dictionary(links.map { ($0.index, $0.name) }, uniquingKeysWith: { $1 })
        return found + links.map { .changed($0) }
    }
}
