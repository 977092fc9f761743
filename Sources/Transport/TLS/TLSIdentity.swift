import CLinux
import Glibc
import NIOCore
import NIOSSL

/// Who this process is on TLS connections, and whom it believes.
///
/// Nothing is read before the first connection that needs it, so tools that use none pay nothing.
/// From then on each connection looks whether a file has changed, and if so reads all of them
/// again; connections that exist go on as they are. It belongs to the control loop, or to the
/// only thread of a tool.
public final class TLSIdentity {
    /// How much a message matters.
    public enum Severity: Sendable {
        case error
        case warning
        case info
    }

    /// The identity of a process that has one only, which is nearly every process.
    public nonisolated(unsafe) static let shared = TLSIdentity()

    public var files = TLSFiles()
    /// Called before files are looked at, for those who find the names elsewhere.
    public var refresh: (() -> Void)?
    /// Takes messages for the log.
    public var report: (Severity, String) -> Void = { _, _ in }

    /// How long a peer that is told of the end may take to say so too.
    static let shutdownTimeout = TimeAmount.seconds(1)

    /// What a file was like when it was read.
    private struct Stamp: Hashable {
        var inode: UInt64 = 0
        var byteCount: Int64 = 0
        var seconds = 0
        var nanoseconds = 0

        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            inode = UInt64(status.st_ino)
            byteCount = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private struct Loaded {
        let files: TLSFiles
        let stamps: [Stamp]
        let client: NIOSSLContext
        let server: NIOSSLContext
    }

    private var loaded: Loaded?

    public init() {}

    /// Whether a file of authorities has yet to be got from the first peer.
    private var isBootstrapping: Bool {
        guard case .firstSeen(let path) = files.trust else { return false }
        return access(path, F_OK) != 0
    }

    // MARK: Handlers

    /// The handler for a connection that we opened.
    func makeClientHandler(host: String) throws(TransportError) -> NIOSSLClientHandler {
        let contexts = try contexts()
        let isName = (try? SocketAddress(ipAddress: host, port: 0)) == nil && !host.isEmpty
        do {
            return try NIOSSLClientHandler(
                context: contexts.client, serverHostname: isName ? host : nil,
                customVerificationCallback: bootstrap, configuration: .init())
        } catch {
            throw TransportError(errno: EPROTO)
        }
    }

    /// The handler for a connection that we accepted.
    func makeServerHandler() throws(TransportError) -> NIOSSLServerHandler {
        let contexts = try contexts()
        guard let bootstrap else { return NIOSSLServerHandler(context: contexts.server) }
        return NIOSSLServerHandler(
            context: contexts.server, customVerificationCallback: bootstrap)
    }

    /// Takes the authority from the peer's chain, and ends the connection: the next one is
    /// checked against it.
    private var bootstrap: NIOSSLCustomVerificationCallback? {
        guard isBootstrapping, case .firstSeen(let path) = files.trust else { return nil }
        nonisolated(unsafe) let report = report
        return { chain, promise in
            Self.storeAuthority(of: chain, in: path, report)
            promise.succeed(.failed)
        }
    }

    private static func storeAuthority(
        of chain: [NIOSSLCertificate], in path: String, _ report: (Severity, String) -> Void
    ) {
        guard let last = chain.last, let octets = try? last.toDERBytes() else {
            report(.error, "peer did not present a certificate")
            return
        }
        guard CertificateSubject(der: octets)?.isSelfIssued == true else {
            report(
                .error,
                "could not bootstrap CA cert: peer sent a certificate that is not self-signed")
            return
        }
        // Another process may be doing the same: whoever makes the file first has it.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
        guard descriptor >= 0 else {
            let reason = TransportError.text(of: errno)
            report(.error, "could not bootstrap CA cert: creating \(path) failed: \(reason)")
            return
        }
        defer { close(descriptor) }
        let text = Array(PEM.certificate(octets).utf8)
        guard write(descriptor, text, text.count) == text.count else {
            let reason = TransportError.text(of: errno)
            report(.error, "could not bootstrap CA cert: writing \(path) failed: \(reason)")
            unlink(path)
            return
        }
        report(.info, "successfully bootstrapped CA cert to \(path)")
        report(.info, "killing successful connection to retry using CA cert")
    }

    /// Tells of a handshake that came to nothing, as the operator has to look at certificates.
    func report(_ error: any Error, during call: String) {
        guard !TransportError.isMereEnd(error) else { return }
        report(.warning, "\(call): \(Self.reason(of: error))")
    }

    /// `certificate verify failed` for what the library calls
    /// `... error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at FILE:LINE`.
    private static func reason(of error: any Error) -> String {
        let text = "\(error)"
        guard let start = text.firstRange(of: "OPENSSL_internal:") else { return text }
        let name = text[start.upperBound...].prefix { $0.isUppercase || $0 == "_" || $0.isNumber }
        let words = String(name.map { $0 == "_" ? " " : $0 })
        return "error:SSL routines::" + words.lowercased()
    }

    // MARK: Loading

    private func contexts() throws(TransportError) -> Loaded {
        refresh?()
        let stamps = files.paths.map(Stamp.init)
        if let loaded, loaded.files == files, loaded.stamps == stamps { return loaded }
        loaded = nil
        let result = try load(stamps)
        loaded = result
        return result
    }

    private func load(_ stamps: [Stamp]) throws(TransportError) -> Loaded {
        let key = loadKey()
        let chain = loadChain()
        if key == nil { report(.error, "Private key must be configured to use SSL") }
        if chain == nil { report(.error, "Certificate must be configured to use SSL") }
        if files.trust == .unset {
            report(.error, "CA certificate must be configured to use SSL")
        }
        guard let key, let chain, files.trust != .unset else {
            throw TransportError(errno: ENOPROTOOPT)
        }
        var client = TLSConfiguration.makeClientConfiguration()
        client.certificateChain = chain.map { .certificate($0) }
        client.privateKey = .privateKey(key)
        var server = TLSConfiguration.makeServerConfiguration(
            certificateChain: client.certificateChain, privateKey: .privateKey(key))
        let roots = loadRoots()
        configure(&client, roots)
        server.shutdownTimeout = client.shutdownTimeout
        server.trustRoots = client.trustRoots
        server.certificateVerification = client.certificateVerification
        server.minimumTLSVersion = client.minimumTLSVersion
        server.maximumTLSVersion = client.maximumTLSVersion
        server.cipherSuites = client.cipherSuites
        do {
            return Loaded(
                files: files, stamps: stamps, client: try NIOSSLContext(configuration: client),
                server: try NIOSSLContext(configuration: server))
        } catch {
            report(.error, "Private key does not match certificate public key")
            throw TransportError(errno: ENOPROTOOPT)
        }
    }

    private func configure(_ configuration: inout TLSConfiguration, _ roots: [NIOSSLCertificate]) {
        configuration.shutdownTimeout = Self.shutdownTimeout
        configuration.trustRoots = .certificates(roots)
        configuration.certificateVerification =
            files.trust == .anybody ? .none : .noHostnameVerification
        if let (lowest, highest) = versions {
            configuration.minimumTLSVersion = lowest
            configuration.maximumTLSVersion = highest
        }
        guard !files.ciphers.isEmpty else { return }
        if let list = CipherList(files.ciphers) {
            configuration.cipherSuites = list.names.joined(separator: ":")
        } else {
            report(.error, "SSL_CTX_set_cipher_list: no cipher match")
        }
    }

    private func loadKey() -> NIOSSLPrivateKey? {
        guard !files.privateKey.isEmpty else { return nil }
        do {
            return try NIOSSLPrivateKey(file: files.privateKey, format: .pem)
        } catch {
            report(
                .error,
                "SSL_use_PrivateKey_file: "
                    + Self.reason(files.privateKey, "1E08010C:DECODER routines::unsupported"))
            return nil
        }
    }

    private func loadChain() -> [NIOSSLCertificate]? {
        guard !files.certificate.isEmpty else { return nil }
        guard let own = try? NIOSSLCertificate.fromPEMFile(files.certificate), !own.isEmpty else {
            report(
                .error,
                "SSL_use_certificate_file: "
                    + Self.reason(files.certificate, "0A080009:SSL routines::PEM lib"))
            return nil
        }
        guard !files.peerAuthority.isEmpty else { return own }
        return own + loadAuthorities(files.peerAuthority)
    }

    private func loadRoots() -> [NIOSSLCertificate] {
        if files.trust == .anybody {
            report(
                .warning, "Peer certificate validation disabled (this is a security risk)")
        }
        guard let path = files.authority, !isBootstrapping else { return [] }
        return loadAuthorities(path)
    }

    private func loadAuthorities(_ path: String) -> [NIOSSLCertificate] {
        if let found = try? NIOSSLCertificate.fromPEMFile(path), !found.isEmpty { return found }
        report(
            .error,
            "failed to load client certificates from \(path): "
                + Self.reason(path, "0480006C:PEM routines::no start line"))
        return []
    }

    /// Why a file could not be used, in the words of OpenSSL, which operators look for.
    private static func reason(_ path: String, _ malformed: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return "error:\(malformed)"
        }
        let number = String(0x8000_0000 + UInt32(errno), radix: 16, uppercase: true)
        return "error:\(number):system library::\(TransportError.text(of: errno))"
    }

    /// The lowest and the highest version that operators want, or nil for no limits.
    private var versions: (TLSVersion, TLSVersion)? {
        let known: [(name: String, version: TLSVersion)] = [
            ("TLSv1", .tlsv1), ("TLSv1.1", .tlsv11), ("TLSv1.2", .tlsv12), ("TLSv1.3", .tlsv13),
        ]
        let words = files.protocols.split(whereSeparator: { ", \t".contains($0) })
        if let unknown = words.first(where: { word in !known.contains { $0.name == word } }) {
            report(.error, "\(unknown): SSL protocol not recognized")
            return nil
        }
        let wanted = known.filter { words.contains(Substring($0.name)) }
        guard let lowest = wanted.first, let highest = wanted.last else { return nil }
        return (lowest.version, highest.version)
    }
}
