import Glibc

/// How log lines reach the system's log.
enum SyslogMethod: Hashable {
    /// As the C library does: a datagram to `/dev/log`, in the old form.
    case library
    case unix(String)
    case udp(host: String, port: UInt16)
    case null

    init?(text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("libc", 1): self = .library
        case ("null", 1): self = .null
        case ("unix", 2): self = .unix(parts[1])
        case ("udp", 2):
            guard let (host, port) = Self.hostAndPort(parts[1]) else { return nil }
            self = .udp(host: host, port: port)
        default: return nil
        }
    }

    static func hostAndPort(_ text: String) -> (String, UInt16)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        return (host, port)
    }
}

/// A datagram socket to one syslog daemon; nobody waits for it.
struct SyslogSocket {
    private let descriptor: CInt

    /// Nil where nobody listens.
    init?(path: String) {
        var address = sockaddr_un()
        let octets = Array(path.utf8)
        guard octets.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        self.init(AF_UNIX, &address, MemoryLayout<sockaddr_un>.size)
    }

    init?(host: String, port: UInt16) {
        var ipv4 = sockaddr_in()
        var ipv6 = sockaddr_in6()
        if inet_pton(AF_INET, host, &ipv4.sin_addr) == 1 {
            ipv4.sin_family = sa_family_t(AF_INET)
            ipv4.sin_port = port.bigEndian
            self.init(AF_INET, &ipv4, MemoryLayout<sockaddr_in>.size)
        } else if inet_pton(AF_INET6, host, &ipv6.sin6_addr) == 1 {
            ipv6.sin6_family = sa_family_t(AF_INET6)
            ipv6.sin6_port = port.bigEndian
            self.init(AF_INET6, &ipv6, MemoryLayout<sockaddr_in6>.size)
        } else {
            return nil
        }
    }

    private init?(_ family: CInt, _ address: UnsafeRawPointer, _ byteCount: Int) {
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let pointer = address.assumingMemoryBound(to: sockaddr.self)
        guard connect(descriptor, pointer, socklen_t(byteCount)) == 0 else {
            _ = Glibc.close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    func send(_ line: String) {
        let octets = Array(line.utf8)
        _ = Glibc.send(descriptor, octets, octets.count, CInt(MSG_NOSIGNAL))
    }

    func close() { _ = Glibc.close(descriptor) }
}
