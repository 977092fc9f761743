import Transport

/// The options that say who a program is on TLS connections and whom it believes.
extension CommonOptions {
    /// Obeys an option of TLS; files are read when the first connection needs them.
    ///
    /// - Returns: whether it is one.
    public static func handleTLS(_ option: OptionParser.Found) -> Bool {
        let identity = TLSIdentity.shared
        let value = option.value ?? ""
        switch option.name {
        case "private-key": identity.files.privateKey = value
        case "certificate": identity.files.certificate = value
        case "ca-cert": identity.files.trust = value == "none" ? .anybody : .authority(value)
        case "bootstrap-ca-cert": identity.files.trust = .firstSeen(value)
        case "peer-ca-cert": identity.files.peerAuthority = value
        case "ssl-protocols": identity.files.protocols = value
        case "ssl-ciphers": identity.files.ciphers = value
        default: return false
        }
        return true
    }

    /// Makes the log the place for what goes wrong with certificates and handshakes.
    static func reportTLS() {
        let log = LogModule("stream_ssl")
        TLSIdentity.shared.report = { severity, message in
            switch severity {
            case .error: log.error(message)
            case .warning: log.warning(message)
            case .info: log.info(message)
            }
        }
    }

    /// What `--help` says about ``tls``.
    public static let tlsHelp = """

        PKI configuration (required to use SSL):
          -p, --private-key=FILE  file with private key
          -c, --certificate=FILE  file with certificate for private key
          -C, --ca-cert=FILE      file with peer CA certificate
          --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create
          --peer-ca-cert=FILE     file with CA certificate to send to peers
        SSL options:
          --ssl-protocols=PROTOS  list of SSL protocols to enable
          --ssl-ciphers=CIPHERS   list of SSL ciphers to enable

        """
}
