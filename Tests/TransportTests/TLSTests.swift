import Dispatch
import Glibc
import TestSupport
import Testing

@testable import Transport

/// TLS as switches and controllers use it: both ends have certificates, and names do not matter.
@Suite(.serialized, .enabled(if: Certificates.isAvailable))
struct TLSTests {
    private let certificates = Certificates()
    private let authority: String
    private let server: TLSIdentity
    private let client: TLSIdentity

    init() {
        authority = certificates.makeAuthority("ca")
        server = Self.identity(
            certificates.makeParty("server", by: "ca"), .authority(authority))
        client = Self.identity(
            certificates.makeParty("client", by: "ca"), .authority(authority))
    }

    private static func identity(
        _ party: Certificates.Party, _ trust: TLSFiles.Trust
    ) -> TLSIdentity {
        let identity = TLSIdentity()
        identity.files.privateKey = party.key
        identity.files.certificate = party.certificate
        identity.files.trust = trust
        return identity
    }

    /// What became of a connection: what each end was told.
    private struct Outcome: Equatable {
        var peer: String?
        var received: [UInt8] = []
        var failure: String?
        var clientEnd: String?
        var messages: [String] = []
    }

    /// Connects once; the client sends three octets, and the server one more back.
    private func converse() -> Outcome {
        var outcome = Outcome()
        server.report = { outcome.messages.append("server: " + $1) }
        client.report = { outcome.messages.append("client: " + $1) }
        runLoop { loop, finish in
            let listener = try StreamListener(
                try StreamTarget("pssl:0:127.0.0.1", defaultPort: nil), loop: loop, tls: server
            ) { stream in
                #expect(stream.name.hasPrefix("ssl:127.0.0.1:"))
                outcome.peer = stream.peerCommonName
                stream.onReceive = { stream.send($0 + [9]) }
            }
            let target = try StreamTarget(
                "ssl:127.0.0.1:\(listener.boundPort ?? 0)", defaultPort: nil)
            StreamClient.connect(to: target, loop: loop, tls: client) { stream in
                stream.onReceive = { octets in
                    outcome.received += octets
                    listener.close()
                    stream.close()
                }
                stream.onClose = { error in
                    outcome.clientEnd = error?.reason ?? "closed"
                    finish()
                }
                stream.send([1, 2, 3])
            } onFailure: { error in
                outcome.failure = error.reason
                listener.close()
                finish()
            }
        }
        return outcome
    }

    @Test func `octets go both ways between parties that trust each other`() {
        let outcome = converse()
        #expect(outcome.peer == "client")
        #expect(outcome.received == [1, 2, 3, 9])
        #expect(outcome.clientEnd == "closed")
        #expect(outcome.messages == [])
    }

    @Test func `a server of a strange authority is refused`() {
        client.files.trust = .authority(certificates.makeAuthority("other"))
        let outcome = converse()
        #expect(outcome.failure == "Protocol error")
        #expect(outcome.received == [])
    }

    @Test func `a client of a strange authority is refused`() {
        certificates.makeAuthority("other")
        let stranger = certificates.makeParty("client", by: "other")
        client.files.privateKey = stranger.key
        client.files.certificate = stranger.certificate
        let outcome = converse()
        #expect(outcome.peer == nil)
        #expect(outcome.failure == "Protocol error" || outcome.clientEnd == "Protocol error")
        #expect(
            outcome.messages.contains(
                "server: SSL_accept: error:SSL routines::certificate verify failed"))
    }

    @Test func `a party that asks for no certificates takes any`() {
        client.files.trust = .anybody
        let outcome = converse()
        #expect(outcome.received == [1, 2, 3, 9])
        #expect(
            outcome.messages == [
                "client: Peer certificate validation disabled (this is a security risk)"
            ])
    }

    @Test func `the first server's authority is kept, and holds from then on`() {
        server.files.peerAuthority = authority
        let path = certificates.path("seen.pem")
        client.files.trust = .firstSeen(path)
        let first = converse()
        #expect(first.failure == "Protocol error")
        #expect(first.messages.contains("client: successfully bootstrapped CA cert to \(path)"))
        #expect(certificates.contains("seen.pem"))
        #expect(converse().received == [1, 2, 3, 9])
        certificates.makeAuthority("other")
        let impostor = certificates.makeParty("server", by: "other")
        server.files.privateKey = impostor.key
        server.files.certificate = impostor.certificate
        server.files.trust = .anybody
        #expect(converse().failure == "Protocol error")
    }

    @Test func `a server that does not send its authority cannot be learned from`() {
        let path = certificates.path("seen.pem")
        client.files.trust = .firstSeen(path)
        #expect(converse().failure == "Protocol error")
        #expect(!certificates.contains("seen.pem"))
    }

    @Test func `files that change are read again`() {
        #expect(converse().received == [1, 2, 3, 9])
        // The authority is another now, under the same file name.
        certificates.makeAuthority("ca")
        #expect(converse().failure == "Protocol error")
        let renewed = certificates.makeParty("server", by: "ca")
        #expect(renewed.key == server.files.privateKey)
        _ = certificates.makeParty("client", by: "ca")
        #expect(converse().received == [1, 2, 3, 9])
    }

    @Test func `what is missing or wrong is named`() {
        let party = client.files
        func messages(_ change: (inout TLSFiles) -> Void) -> [String] {
            client.files = party
            change(&client.files)
            return converse().messages
        }
        #expect(
            messages { $0 = TLSFiles() } == [
                "client: Private key must be configured to use SSL",
                "client: Certificate must be configured to use SSL",
                "client: CA certificate must be configured to use SSL",
            ])
        #expect(
            messages { $0.privateKey = "/nonexistent" } == [
                "client: SSL_use_PrivateKey_file: error:80000002:system library::"
                    + "No such file or directory",
                "client: Private key must be configured to use SSL",
            ])
        #expect(
            messages { $0.privateKey = server.files.privateKey } == [
                "client: Private key does not match certificate public key"
            ])
        #expect(
            messages { $0.protocols = "TLSv1.2,TLSv9" } == [
                "client: TLSv9: SSL protocol not recognized"
            ])
        #expect(
            messages { $0.ciphers = "HIGH:!ALL" } == [
                "client: SSL_CTX_set_cipher_list: no cipher match"
            ])
    }

    @Test func `protocols and ciphers can be narrowed`() {
        client.files.protocols = "TLSv1.2"
        client.files.ciphers = "ECDHE+AES256:!SHA"
        #expect(converse().received == [1, 2, 3, 9])
        server.files.protocols = "TLSv1.3"
        #expect(converse().failure == "Protocol error")
    }

    @Test(arguments: [true, false])
    func `a tool without a loop talks to a server`(isTrusted: Bool) {
        if !isTrusted { client.files.trust = .authority(certificates.makeAuthority("other")) }
        nonisolated(unsafe) let identity = client
        nonisolated(unsafe) var received: [UInt8] = []
        nonisolated(unsafe) var failure: String?
        runLoop { loop, finish in
            let listener = try StreamListener(
                try StreamTarget("pssl:0:127.0.0.1", defaultPort: nil), loop: loop, tls: server
            ) { stream in
                stream.onReceive = { octets in
                    stream.send(octets + [9])
                    stream.close()
                }
            }
            let target = try StreamTarget(
                "ssl:127.0.0.1:\(listener.boundPort ?? 0)", defaultPort: nil)
            nonisolated(unsafe) let end = {
                listener.close()
                finish()
            }
            DispatchQueue.global().async {
                do throws(TransportError) {
                    let stream = try BlockingStream(
                        connectingTo: target, timeout: .seconds(20), identity: identity)
                    try stream.send([1, 2, 3])
                    while case let octets = try stream.receive(), !octets.isEmpty {
                        received += octets
                    }
                } catch {
                    failure = error.reason
                }
                loop.post { end() }
            }
        }
        #expect(received == (isTrusted ? [1, 2, 3, 9] : []))
        #expect(failure == (isTrusted ? nil : "Protocol error"))
    }
}

struct CipherListTests {
    @Test func `the default of Open vSwitch chooses ciphers that authenticate`() throws {
        let list = try #require(CipherList("HIGH:!aNULL:!MD5"))
        #expect(list.names.count == 14)
    }

    @Test(arguments: ["", "foo", "!ALL:ALL", "HIGH:!ALL", "ALL:-ALL", "+ALL", ":::"])
    func `a list that chooses nothing is none`(text: String) {
        #expect(CipherList(text) == nil)
    }

    @Test func `order, conjunction and bans count`() throws {
        let list = try #require(
            CipherList("AES256-SHA, kRSA+AESGCM:AES128-SHA:+AES256-SHA:!AES128-SHA @STRENGTH"))
        #expect(list.names == ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES256-SHA"])
    }
}

struct CertificateSubjectTests {
    /// A certificate up to its subject: version, serial number, signature, issuer, validity.
    private static func certificate(_ issuer: [UInt8], _ subject: [UInt8]) -> [UInt8] {
        let body: [UInt8] =
            [0xa0, 3, 2, 1, 2, 2, 1, 7, 0x30, 0] + issuer + [0x30, 0] + subject
        return [0x30, UInt8(body.count + 3), 0x30, 0x81, UInt8(body.count)] + body
    }

    private static func name(_ text: String) -> [UInt8] {
        let value = Array(text.utf8)
        let count = UInt8(value.count)
        return [0x30, count + 11, 0x31, count + 9, 0x30, count + 7, 6, 3, 0x55, 4, 3, 0x0c, count]
            + value
    }

    @Test func `the subject's common name is found`() throws {
        let octets = Self.certificate(Self.name("ca"), Self.name("hv1"))
        let subject = try #require(CertificateSubject(der: octets))
        #expect(subject.commonName == "hv1")
        #expect(!subject.isSelfIssued)
    }

    @Test func `an authority's certificate is self-issued`() throws {
        let octets = Self.certificate(Self.name("ca"), Self.name("ca"))
        #expect(try #require(CertificateSubject(der: octets)).isSelfIssued)
    }

    @Test func `every shorter prefix is refused`() {
        let octets = Self.certificate(Self.name("ca"), Self.name("hv1"))
        for count in octets.indices {
            #expect(CertificateSubject(der: Array(octets[..<count])) == nil)
        }
    }

    @Test func `lengths beyond the octets are refused`() {
        #expect(CertificateSubject(der: [0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]) == nil)
        #expect(CertificateSubject(der: [0x30, 0x80, 0, 0]) == nil)
        #expect(CertificateSubject(der: [0x30, 0x89] + [UInt8](repeating: 1, count: 9)) == nil)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ])
    func `Base 64 is that of RFC 4648 section 10`(text: String, encoded: String) {
        #expect(PEM.base64(Array(text.utf8)[...]) == encoded)
    }
}
