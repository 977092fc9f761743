import CLinux
import Synchronization

/// The thread that speaks to a hypervisor.
///
/// *Thread safety*: any thread may stop it.
final class VhostConnection: @unchecked Sendable {
    /// How long it waits before it connects again, in milliseconds.
    private static let retryMilliseconds: Int32 = 500

    private let name: String
    private let path: String
    private let role: VhostPort.Role
    private let device: VhostDevice
    /// The socket that listens, or -1.
    private let listener: Int32
    /// Becomes readable when the thread is to end.
    private let stopDescriptor: Int32
    private let failure = Mutex<String?>(nil)

    init(
        name: String, path: String, role: VhostPort.Role, _ device: VhostDevice
    ) throws(SystemError) {
        self.name = name
        self.path = path
        self.role = role
        self.device = device
        switch role {
        case .client: listener = -1
        case .server:
            Self.removeStaleSocket(path)
            listener = clinux_unix_stream(path, 0)
            guard listener >= 0 else { throw .last("bind(\(path))", name) }
        }
        stopDescriptor = eventfd(0, Int32(EFD_CLOEXEC))
        guard stopDescriptor >= 0 else {
            let error = SystemError.last("eventfd", name)
            if listener >= 0 { close(listener) }
            throw error
        }
    }

    deinit {
        if listener >= 0 { close(listener) }
        close(stopDescriptor)
    }

    /// Removes a socket that nobody listens on: its process has ended without removing it.
    private static func removeStaleSocket(_ path: String) {
        let peer = clinux_unix_stream(path, 1)
        if peer >= 0 {
            close(peer)
        } else if clinux_errno() == ECONNREFUSED {
            unlink(path)
        }
    }

    var lastFailure: String? { failure.withLock { $0 } }

    func start() {
        let hasStarted = BackgroundThread.start("vhost-user") { [self] in run() }
        if !hasStarted { failure.withLock { $0 = "no thread can be made" } }
    }

    /// Has the thread end; the socket's name is free at once.
    func stop() {
        if listener >= 0 { unlink(path) }
        var one: UInt64 = 1
        _ = write(stopDescriptor, &one, 8)
    }

    // MARK: The thread

    private func run() {
        while let peer = connect() {
            device.isConnected = true
            serve(peer)
            device.reset()
            device.isConnected = false
            close(peer)
        }
    }

    /// Waits until there is a peer.
    ///
    /// - Returns: `nil` if the thread is to end.
    private func connect() -> Int32? {
        while true {
            let milliseconds: Int32
            switch role {
            case .client:
                let peer = clinux_unix_stream(path, 1)
                if peer >= 0 { return peer }
                milliseconds = Self.retryMilliseconds
            case .server: milliseconds = -1
            }
            var descriptors = [stopDescriptor]
            if listener >= 0 { descriptors.append(listener) }
            let ready = clinux_poll_readable(descriptors, Int32(descriptors.count), milliseconds)
            if ready > 0 && ready & 1 != 0 { return nil }
            if ready > 0 && ready & 2 != 0 {
                let peer = clinux_accept(listener)
                if peer >= 0 { return peer }
            }
        }
    }

    /// Does what the peer asks for until it goes.
    private func serve(_ peer: Int32) {
        while true {
            var descriptors: [Int32] = []
            var byteCount = 0
            guard let header = receive(VhostMessage.headerByteCount, peer, &descriptors) else {
                return discard(descriptors)
            }
            guard var message = VhostMessage(header: header, payloadByteCount: &byteCount) else {
                failure.withLock { $0 = "the peer's message has no header of vhost-user" }
                return discard(descriptors)
            }
            guard let payload = receive(byteCount, peer, &descriptors) else {
                return discard(descriptors)
            }
            message.payload = payload
            switch device.handle(message, descriptors) {
            case .silence: continue
            case .reply(let octets):
                guard answer(octets, peer) else { return }
            case .failure(let reason):
                failure.withLock { $0 = reason }
                return
            }
        }
    }

    private func discard(_ descriptors: [Int32]) {
        for descriptor in descriptors { close(descriptor) }
    }

    /// Reads just so many octets, and takes the descriptors that come with them.
    ///
    /// - Returns: `nil` if the peer has gone or the thread is to end.
    private func receive(_ count: Int, _ peer: Int32, _ descriptors: inout [Int32]) -> [UInt8]? {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: count)
        var places = [Int32](repeating: -1, count: Int(CLINUX_MAX_DESCRIPTORS))
        while octets.count < count {
            let ready = clinux_poll_readable([stopDescriptor, peer], 2, -1)
            if ready < 0 && clinux_errno() == EINTR { continue }
            guard ready > 0, ready & 1 == 0 else { return nil }
            var number: Int32 = 0
            let received = clinux_receive_descriptors(
                peer, &buffer, count - octets.count, &places, &number)
            descriptors += places.prefix(Int(number))
            if received < 0 && [EAGAIN, EINTR].contains(clinux_errno()) { continue }
            guard received > 0, descriptors.count <= Int(CLINUX_MAX_DESCRIPTORS) else {
                return nil
            }
            octets += buffer.prefix(Int(received))
        }
        return octets
    }

    /// Answers are short: a peer that does not read them is left.
    private func answer(_ octets: [UInt8], _ peer: Int32) -> Bool {
        clinux_send_descriptors(peer, octets, octets.count, nil, 0) == octets.count
    }
}
