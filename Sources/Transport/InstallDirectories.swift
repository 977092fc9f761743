import Glibc

/// Where daemons and tools of Open vSwitch meet: sockets, logs, databases, schemas.
///
/// The variables are those that the genuine programs read, so a test that moves one kind of program
/// into a directory of its own moves the other kind with it.
public struct InstallDirectories: Hashable, Sendable {
    /// Sockets and pid files.
    public var run = "/var/run/openvswitch"
    public var log = "/var/log/openvswitch"
    /// The database file.
    public var database = "/etc/openvswitch"
    public var systemConfiguration = "/etc"
    /// Schemas and scripts.
    public var packageData = "/usr/share/openvswitch"

    public init() {}

    /// The directories that the environment names, and the usual ones for the rest.
    ///
    /// `OVS_DBDIR` left out lies below `OVS_SYSCONFDIR`.
    public init(environment lookup: (String) -> String?) {
        if let path = lookup("OVS_RUNDIR") { run = path }
        if let path = lookup("OVS_LOGDIR") { log = path }
        if let path = lookup("OVS_SYSCONFDIR") {
            systemConfiguration = path
            database = path + "/openvswitch"
        }
        if let path = lookup("OVS_DBDIR") { database = path }
        if let path = lookup("OVS_PKGDATADIR") { packageData = path }
    }

    /// The directories of this process, read from its environment once.
    public static let current = InstallDirectories { name in
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// `name` itself if it is absolute, else below `directory`.
    public static func path(_ name: String, in directory: String) -> String {
        name.hasPrefix("/") ? name : directory + "/" + name
    }

    /// Where `unix:` and `punix:` look for a socket: relative names are below ``run``.
    public func socketPath(_ name: String) -> String { Self.path(name, in: run) }
}
