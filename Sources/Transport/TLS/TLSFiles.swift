/// The files and choices by which TLS connections are made, as operators name them.
public struct TLSFiles: Hashable, Sendable {
    /// Whom to trust.
    public enum Trust: Hashable, Sendable {
        /// Nothing was said, so no connection is made.
        case unset
        /// Everybody: certificates are not checked (`--ca-cert=none`).
        case anybody
        /// Whoever has a certificate that an authority in this file signed.
        case authority(String)
        /// As ``authority(_:)``; while there is no such file, the first peer's authority is
        /// believed and written into it.
        case firstSeen(String)

    }

    public var privateKey = ""
    public var certificate = ""
    public var trust = Trust.unset
    /// Authorities that are sent to peers after our own certificate.
    public var peerAuthority = ""
    /// `TLSv1,TLSv1.1,TLSv1.2` in any order; empty for what the library offers.
    public var protocols = ""
    /// Ciphers in OpenSSL's notation; empty for what the library offers.
    public var ciphers = ""

    public init() {}

    /// The file of authorities, if one is believed.
    public var authority: String? {
        switch trust {
        case .unset, .anybody: nil
        case .authority(let path), .firstSeen(let path): path
        }
    }

    var paths: [String] {
        [privateKey, certificate, authority ?? "", peerAuthority].filter { !$0.isEmpty }
    }
}
