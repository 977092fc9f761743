import Glibc

/// Where a stream leads: a socket in the file system, or a TCP port of a host.
public enum StreamAddress: Hashable, Sendable {
    case unix(path: String)
    /// `host` is a numeric address without brackets, or a name; empty means any.
    case tcp(host: String, port: UInt16)
}

/// A connection method as operators write it: `unix:FILE`, `tcp:HOST[:PORT]`,
/// `ssl:HOST[:PORT]`, `punix:FILE`, `ptcp:[PORT][:HOST]`, `pssl:[PORT][:HOST]`.
///
/// Relative file names are below the run directory. An IPv6 address stands in brackets.
public struct StreamTarget: Hashable, Sendable, CustomStringConvertible {
    /// The longest path that `sockaddr_un` takes, without its final NUL.
    public static let maximumUnixPathByteCount = 107
    /// The port of OVSDB (RFC 7047 §1), where a TCP method names none.
    public static let ovsdbPort: UInt16 = 6640
    /// The port of OpenFlow.
    public static let openFlowPort: UInt16 = 6653

    /// The method as it was written.
    public let name: String
    public let address: StreamAddress
    /// Whether it says to listen.
    public let isPassive: Bool
    /// Whether the stream is encrypted by TLS.
    public let usesTLS: Bool

    public var description: String { name }

    /// Whether the peer may be on another machine.
    public var isOnNetwork: Bool { if case .tcp = address { true } else { false } }

    /// The host of a TCP address.
    var host: String { if case .tcp(let host, _) = address { host } else { "" } }

    public init(
        name: String, address: StreamAddress, isPassive: Bool, usesTLS: Bool = false
    ) {
        self.name = name
        self.address = address
        self.isPassive = isPassive
        self.usesTLS = usesTLS
    }

    /// The socket at `path`, to connect to.
    public static func unix(path: String) -> StreamTarget {
        StreamTarget(name: "unix:" + path, address: .unix(path: path), isPassive: false)
    }

    /// Parses an active or passive method.
    ///
    /// - Parameter defaultPort: the port where TCP names none; nil makes a port mandatory.
    public init(
        _ text: String, defaultPort: UInt16?, directories: InstallDirectories = .current
    ) throws(TransportError) {
        guard let colon = text.firstIndex(of: ":") else {
            throw Self.unknown(text)
        }
        let rest = text[text.index(after: colon)...]
        let method = text[..<colon]
        let address: StreamAddress
        switch method {
        case "unix", "punix":
            address = try Self.unixAddress(String(rest), in: text, directories)
        case "tcp", "ssl":
            address = try Self.activeAddress(rest, in: text, defaultPort)
        case "ptcp", "pssl":
            address = try Self.passiveAddress(rest, in: text, defaultPort)
        default:
            throw Self.unknown(text)
        }
        self.init(
            name: text, address: address, isPassive: method.first == "p",
            usesTLS: method.hasSuffix("ssl"))
    }

    /// Whether `text` begins as a method does that listens.
    public static func isPassive(_ text: String) -> Bool {
        ["ptcp:", "pssl:", "punix:"].contains { text.hasPrefix($0) }
    }

    /// Whether `text` begins as a method does that connects.
    public static func isActive(_ text: String) -> Bool {
        ["tcp:", "ssl:", "unix:"].contains { text.hasPrefix($0) }
    }

    private static func unknown(_ text: String) -> TransportError {
        TransportError(errno: EAFNOSUPPORT, subject: text)
    }

    private static func unixAddress(
        _ name: String, in text: String, _ directories: InstallDirectories
    ) throws(TransportError) -> StreamAddress {
        guard !name.isEmpty else {
            throw TransportError("a socket's file name is missing", errno: EINVAL, subject: text)
        }
        let path = directories.socketPath(name)
        try checkLength(ofPath: path)
        return .unix(path: path)
    }

    /// Refuses a path that no socket address can hold.
    static func checkLength(ofPath path: String) throws(TransportError) {
        guard path.utf8.count <= maximumUnixPathByteCount else {
            throw TransportError(
                "Unix socket name \(path) is longer than maximum "
                    + "\(maximumUnixPathByteCount) bytes", errno: ENAMETOOLONG)
        }
    }

    /// `HOST[:PORT]`.
    private static func activeAddress(
        _ rest: Substring, in text: String, _ defaultPort: UInt16?
    ) throws(TransportError) -> StreamAddress {
        let whole = rest + (lacksPort(text) ? defaultPort.map { ":\($0)" } ?? "" : "")
        let (host, port) = splitHost(whole)
        let number = try portNumber(port, in: text, nil)
        guard !host.isEmpty, !isBrokenAddress(host) else {
            throw TransportError(errno: EAFNOSUPPORT, subject: text)
        }
        return .tcp(host: host, port: number)
    }

    /// Whether a method to connect by names no port: by the parts between colons, as genuine
    /// programs count them, or by the bracket that ends an IPv6 address.
    public static func lacksPort(_ text: String) -> Bool {
        guard text.hasPrefix("tcp:") || text.hasPrefix("ssl:") else { return false }
        let rest = text.dropFirst(4)
        return rest.split(separator: ":").count < 2 || rest.first == "[" && rest.last == "]"
    }

    /// Whether a host is spelled as an IPv4 address is and is none; no name looks so.
    private static func isBrokenAddress(_ host: String) -> Bool {
        host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || 0x30...0x39 ~= $0 }
            && SystemSocketAddress(numericHost: host, port: 0) == nil
    }

    /// `[PORT][:HOST]`.
    private static func passiveAddress(
        _ rest: Substring, in text: String, _ defaultPort: UInt16?
    ) throws(TransportError) -> StreamAddress {
        let port = rest.prefix { $0 != ":" }
        let host = splitHost(rest.dropFirst(port.count + 1)).host
        let number = try portNumber(port.isEmpty ? nil : port, in: text, defaultPort)
        return .tcp(host: host, port: number)
    }

    /// Takes the brackets off, and what follows the colon after the host.
    private static func splitHost(_ text: Substring) -> (host: String, port: Substring?) {
        if text.first == "[", let end = text.firstIndex(of: "]") {
            let after = text[text.index(after: end)...]
            let host = text[text.index(after: text.startIndex)..<end]
            return (String(host), after.first == ":" ? after.dropFirst() : nil)
        }
        // More than one colon without brackets are an IPv6 address, and no port.
        guard let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") else {
            return (String(text), nil)
        }
        return (String(text[..<colon]), text[text.index(after: colon)...])
    }

    private static func portNumber(
        _ text: Substring?, in target: String, _ defaultPort: UInt16?
    ) throws(TransportError) -> UInt16 {
        guard let text else {
            if let defaultPort { return defaultPort }
            throw TransportError(
                errno: EAFNOSUPPORT, detail: "port must be specified", subject: target)
        }
        guard let port = UInt16(text) else {
            throw TransportError(
                errno: EAFNOSUPPORT, detail: "bad port number \"\(text)\"", subject: target)
        }
        return port
    }
}
