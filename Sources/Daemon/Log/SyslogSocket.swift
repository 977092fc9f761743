import Glibc

/// How log lines reach the system's log.
enum SyslogMethod: Hashable {
    /// As the C library does: a datagram to `/dev/log`, in the old form.
    case library
    case unix(String)
    /// `HOST[:PORT]`, which need not be a good one: then nothing is sent.
    case udp(String)
    case null

    init?(text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            .map(String.init)
        switch (parts.first, parts.count) {
        case ("libc", 1): self = .library
        case ("null", 1): self = .null
        case ("unix", 2): self = .unix(parts[1])
        case ("udp", 2): self = .udp(parts[1])
        default: return nil
        }
    }
}

/// Where a syslog daemon listens for datagrams: `HOST:PORT`, with an IPv6 address in brackets.
struct SyslogAddress: Hashable {
    /// The port of syslog (RFC 5426 §3.3).
    static let standardPort: UInt16 = 514

    let host: Substring
    let port: UInt16

    /// Why a text is no address, in the words of Open vSwitch.
    struct Failure: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    /// - Parameter defaultPort: taken where the text has none; nil if it must.
    init(_ text: String, defaultPort: UInt16?) throws(Failure) {
        let digits: Substring?
        if text.first == "[", let end = text.firstIndex(of: "]") {
            host = text[..<end].dropFirst()
            let rest = text[end...].dropFirst()
            digits = rest.first == ":" ? rest.dropFirst() : nil
        } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            host = text[..<colon]
            digits = text[colon...].dropFirst()
        } else {
            host = text[...]
            digits = nil
        }
        guard let digits else {
            guard let defaultPort else { throw Failure(description: "port must be specified") }
            port = defaultPort
            return
        }
        guard let port = digits.isEmpty ? defaultPort ?? 0 : UInt16(digits) else {
            throw Failure(description: "bad port number \"\(digits)\"")
        }
        self.port = port
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

    /// Nil where the host is no address; names are not looked up.
    init?(_ address: SyslogAddress) {
        let host = String(address.host)
        let port = address.port
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
