import Daemon
import OVSDBEngine
import Transport

/// The files of TLS that `ovsdb-server` was given, some of which columns of its databases name.
///
/// Debian's start script gives them so: `--private-key=db:Open_vSwitch,SSL,private_key`. The names
/// are looked up whenever a connection is about to be made.
struct DatabaseIdentity {
    /// As they were given.
    private let files: TLSFiles
    private let server: DatabaseServer

    /// - Throws: the words for a column that does not exist.
    init(_ files: TLSFiles, _ server: DatabaseServer) throws(ControlError) {
        self.files = files
        self.server = server
        let names = [
            files.privateKey, files.certificate, files.authority ?? "", files.peerAuthority,
            files.protocols, files.ciphers,
        ]
        for name in names where name.hasPrefix(ColumnReference.prefix) {
            _ = try ColumnReference(name, in: server)
        }
    }

    /// The names as they are now.
    var current: TLSFiles {
        var result = files
        result.privateKey = resolve(files.privateKey)
        result.certificate = resolve(files.certificate)
        result.peerAuthority = resolve(files.peerAuthority)
        result.protocols = resolve(files.protocols)
        result.ciphers = resolve(files.ciphers)
        guard let authority = files.authority else { return result }
        let path = resolve(authority)
        switch (path, files.trust) {
        case ("", _): result.trust = .unset
        case ("none", _): result.trust = .anybody
        case (_, .firstSeen): result.trust = .firstSeen(path)
        default: result.trust = .authority(path)
        }
        return result
    }

    private func resolve(_ name: String) -> String {
        guard name.hasPrefix(ColumnReference.prefix) else { return name }
        return (try? ColumnReference(name, in: server))?.firstText(in: server) ?? ""
    }

    /// Has the server's TLS connections use these files.
    func install(in identity: TLSIdentity = .shared) {
        identity.files = current
        identity.refresh = { [self, unowned identity] in identity.files = current }
    }
}
