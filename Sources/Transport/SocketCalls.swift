import Glibc

/// A socket address as the system calls want it.
struct SystemSocketAddress {
    let family: CInt
    private let storage: sockaddr_storage
    private let byteCount: socklen_t

    private init(_ family: CInt, _ byteCount: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { fill($0.baseAddress!) }
        storage.ss_family = sa_family_t(family)
        self.family = family
        self.storage = storage
        self.byteCount = socklen_t(byteCount)
    }

    /// The address of a socket file.
    init(path: String) throws(TransportError) {
        try StreamTarget.checkLength(ofPath: path)
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        let octets = Array(path.utf8)
        self.init(AF_UNIX, offset + octets.count + 1) { base in
            (base + offset).copyMemory(from: octets, byteCount: octets.count)
        }
    }

    /// The address of a numeric host, or of any host where `host` is empty; nil for a name.
    init?(numericHost host: String, port: UInt16) {
        let text = host.isEmpty ? "0.0.0.0" : host
        var ipv4 = in_addr()
        var ipv6 = in6_addr()
        if inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(AF_INET, MemoryLayout<sockaddr_in>.size) { base in
                let address = base.assumingMemoryBound(to: sockaddr_in.self)
                address.pointee.sin_port = port.bigEndian
                address.pointee.sin_addr = ipv4
            }
        } else if inet_pton(AF_INET6, text, &ipv6) == 1 {
            self.init(AF_INET6, MemoryLayout<sockaddr_in6>.size) { base in
                let address = base.assumingMemoryBound(to: sockaddr_in6.self)
                address.pointee.sin6_port = port.bigEndian
                address.pointee.sin6_addr = ipv6
            }
        } else {
            return nil
        }
    }

    /// Looks a name up, and waits for the answer.
    init(resolving host: String, port: UInt16) throws(TransportError) {
        if let numeric = SystemSocketAddress(numericHost: host, port: port) {
            self = numeric
            return
        }
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0, let first = list, let address = first.pointee.ai_addr else {
            // All that genuine programs say of a name that nobody knows.
            throw TransportError(errno: EAFNOSUPPORT, subject: host)
        }
        defer { freeaddrinfo(first) }
        let byteCount = Int(first.pointee.ai_addrlen)
        self.init(first.pointee.ai_family, byteCount) { base in
            base.copyMemory(from: address, byteCount: byteCount)
        }
    }

    func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, byteCount) }
        }
    }
}

/// Sockets before an event loop has them.
enum SocketCalls {
    /// Connections that wait to be accepted; what genuine daemons use for a control socket, and
    /// enough for a burst of tools.
    static let backlog: CInt = 64

    /// Only the owner and the group may talk to a daemon.
    static let unixSocketMode: mode_t = 0o750

    /// The differentiated services code point of control traffic, as genuine programs mark theirs:
    /// CS6 (RFC 4594 §3.2).
    static let controlDSCP = 48

    /// Marks the packets of a socket, and of those that it accepts.
    static func setDSCP(_ dscp: Int, of descriptor: CInt, family: CInt) {
        var octet = CInt(dscp << 2)
        let size = socklen_t(MemoryLayout<CInt>.size)
        if family == AF_INET6 {
            _ = setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_TCLASS, &octet, size)
        }
        if family != AF_UNIX { _ = setsockopt(descriptor, CInt(IPPROTO_IP), IP_TOS, &octet, size) }
    }

    static func open(_ family: CInt) throws(TransportError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw TransportError(errno: errno) }
        return descriptor
    }

    /// A listening socket; a socket file in the way is replaced.
    static func listen(
        on address: StreamAddress, dscp: Int = controlDSCP
    ) throws(TransportError) -> CInt {
        let system: SystemSocketAddress
        switch address {
        case .unix(let path):
            system = try SystemSocketAddress(path: path)
            removeStaleSocket(path)
        case .tcp(let host, let port):
            guard let numeric = SystemSocketAddress(numericHost: host, port: port) else {
                throw TransportError("\"\(host)\" is not a valid IP address", errno: EINVAL)
            }
            system = numeric
        }
        let descriptor = try open(system.family)
        if case .tcp = address {
            var one: CInt = 1
            let size = socklen_t(MemoryLayout<CInt>.size)
            _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
            setDSCP(dscp, of: descriptor, family: system.family)
        }
        guard system.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let error = TransportError(errno: errno)
            _ = Glibc.close(descriptor)
            throw error
        }
        if case .unix(let path) = address { _ = chmod(path, unixSocketMode) }
        return descriptor
    }

    /// Unlinks what is at `path` only if it is a socket.
    static func removeStaleSocket(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        _ = unlink(path)
    }

    /// The TCP port that `descriptor` is bound to.
    static func boundPort(_ descriptor: CInt) -> UInt16? {
        var storage = sockaddr_storage()
        var byteCount = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &byteCount)
            }
        }
        guard status == 0 else { return nil }
        return withUnsafeBytes(of: storage) { octets in
            switch CInt(storage.ss_family) {
            case AF_INET: UInt16(bigEndian: octets.load(as: sockaddr_in.self).sin_port)
            case AF_INET6: UInt16(bigEndian: octets.load(as: sockaddr_in6.self).sin6_port)
            default: nil
            }
        }
    }
}
