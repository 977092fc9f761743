import CLinux
public import Netlink

/// A routing netlink socket of this network namespace.
///
/// *Thread safety*: none; one thread at a time.
public final class LinkSocket {
    /// The multicast group that tells of links.
    public static let linkGroup: UInt32 = 1
    /// Those that tell of addresses and routes of both families.
    public static let underlayGroups: UInt32 = 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10
    /// As large as the kernel's largest message for a device with many virtual functions.
    private static let datagramByteCount = 1 << 18
    /// An answer that has not come after so long will not come.
    private static let patienceMilliseconds: Int32 = 2000

    public let descriptor: Int32
    private var sequenceNumber: UInt32 = 0
    private var buffer = [UInt8](repeating: 0, count: LinkSocket.datagramByteCount)

    public init(groups: UInt32 = 0) throws(SystemError) {
        descriptor = clinux_netlink_socket(NETLINK_ROUTE)
        guard descriptor >= 0 else { throw .last("socket(AF_NETLINK)", "rtnetlink") }
        if clinux_bind_netlink(descriptor, groups) != 0 {
            let error = SystemError.last("bind", "rtnetlink")
            close(descriptor)
            throw error
        }
        _ = clinux_set_option(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    }

    deinit {
        close(descriptor)
    }

    /// The messages of the next datagram; none if nothing waits.
    ///
    /// - Throws: `ENOBUFS` if messages were lost; everything should be asked for anew.
    public func receive() throws(SystemError) -> [NetlinkMessage] {
        while true {
            let count = buffer.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count >= 0 {
                // What cannot be parsed was not sent by the kernel.
                return (try? NetlinkMessage.parse(Array(buffer[..<count]))) ?? []
            }
            switch clinux_errno() {
            case EINTR: continue
            case EAGAIN: return []
            default: throw .last("recv", "rtnetlink")
            }
        }
    }

    /// Sends `message`.
    public func send(_ message: NetlinkMessage) throws(SystemError) {
        let octets = message.octets
        let sent = octets.withUnsafeBytes { CLinux.send(descriptor, $0.baseAddress, $0.count, 0) }
        if sent < 0 { throw .last("send", "rtnetlink") }
    }

    /// Sends a request and waits for all that answers it, which the kernel makes at once.
    private func ask(_ make: (UInt32) -> NetlinkMessage) throws(SystemError) -> [NetlinkMessage] {
        sequenceNumber &+= 1
        let request = make(sequenceNumber)
        try send(request)
        var answers: [NetlinkMessage] = []
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Self.patienceMilliseconds)
            if ready < 0 && clinux_errno() == EINTR { continue }
            guard ready > 0 else {
                throw SystemError(code: ETIMEDOUT, call: "recv", subject: "rtnetlink")
            }
            for message in try receive() where message.sequenceNumber == sequenceNumber {
                if let code = message.errorCode {
                    guard code == 0 else {
                        throw SystemError(code: code, call: "rtnetlink", subject: "request")
                    }
                    return answers
                }
                if message.kind == .done { return answers }
                answers.append(message)
                if !message.flags.contains(.multipart) { return answers }
            }
        }
    }

    /// Every device of the namespace, with its counters.
    public func links() throws(SystemError) -> [LinkMessage] {
        try ask { LinkMessage.dumpRequest(sequenceNumber: $0) }
            .compactMap { $0.kind == .newLink ? try? LinkMessage($0.body) : nil }
    }

    /// Every route of the namespace.
    public func routes() throws(SystemError) -> [RouteMessage] {
        try ask { RouteMessage.dumpRequest(sequenceNumber: $0) }
            .compactMap { $0.kind == .newRoute ? try? RouteMessage($0.body) : nil }
    }

    /// Every address of the namespace.
    public func addresses() throws(SystemError) -> [AddressMessage] {
        try ask { AddressMessage.dumpRequest(sequenceNumber: $0) }
            .compactMap { $0.kind == .newAddress ? try? AddressMessage($0.body) : nil }
    }

    /// The device `name` with its counters; `nil` if there is none.
    public func link(named name: String) throws(SystemError) -> LinkMessage? {
        guard (1...Device.maxNameByteCount).contains(name.utf8.count) else { return nil }
        do {
            let answers = try ask { LinkMessage.request(name: name, sequenceNumber: $0) }
            return answers.first.flatMap { try? LinkMessage($0.body) }
        } catch {
            guard error.code == ENODEV else { throw error }
            return nil
        }
    }
}
