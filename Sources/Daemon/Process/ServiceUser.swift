import CLinux
import Glibc
import Transport

/// The user that a daemon becomes once it is told to (`--user=USER:GROUP`).
struct ServiceUser {
    private let name: String
    private let id: uid_t
    private let group: gid_t

    /// What every daemon keeps: `CAP_NET_BIND_SERVICE` and `CAP_IPC_LOCK` (capabilities(7)).
    private static let capabilities: UInt64 = 1 << 10 | 1 << 14
    /// What those keep that handle packets: `CAP_NET_BROADCAST`, `CAP_NET_ADMIN` and
    /// `CAP_NET_RAW`.
    private static let packetCapabilities: UInt64 = 1 << 11 | 1 << 12 | 1 << 13

    /// Looks up `USER`, `USER:GROUP` or `:GROUP`; nil where the text names nobody.
    ///
    /// - Parameter subject: What errors begin with, as those of Open vSwitch do.
    init?(_ text: String, subject: String) throws(ProgramError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let groupName = parts.count > 1 ? String(parts[1]) : ""
        guard !parts[0].isEmpty || !groupName.isEmpty else { return nil }
        guard geteuid() == 0 else {
            throw ProgramError("\(subject): only root can use --user option")
        }
        let user = parts[0].isEmpty ? getpwuid(geteuid()) : getpwnam(String(parts[0]))
        guard let user else {
            throw ProgramError("\(subject): user \(parts[0]) not found, aborting.")
        }
        name = String(cString: user.pointee.pw_name)
        id = user.pointee.pw_uid
        let ownGroup = user.pointee.pw_gid
        guard !groupName.isEmpty else {
            group = ownGroup
            return
        }
        guard let entry = getgrnam(groupName) else {
            throw ProgramError("\(subject): group \(groupName) not found, aborting.")
        }
        group = entry.pointee.gr_gid
        var isMember = group == ownGroup
        var member = entry.pointee.gr_mem
        while let text = member?.pointee {
            isMember = isMember || String(cString: text) == name
            member = member?.advanced(by: 1)
        }
        guard isMember else {
            throw ProgramError(
                "\(subject): Invalid --user option \(text) (user \(name) is not in group "
                    + "\(groupName)), aborting.")
        }
    }

    /// Makes the process the user's, with the few capabilities that it needs.
    ///
    /// - Precondition: the process has one thread.
    func become(handlesPackets: Bool) throws(ProgramError) {
        let kept = Self.capabilities | (handlesPackets ? Self.packetCapabilities : 0)
        let error = clinux_become_user(name, id, group, kept)
        guard error == 0 else {
            throw ProgramError("cannot become user \(name) (\(TransportError.text(of: error)))")
        }
    }
}
