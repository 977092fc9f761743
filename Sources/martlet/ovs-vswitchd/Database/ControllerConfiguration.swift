import OVSDBModel
import OpenFlow

/// A row of the `Controller` table, with what its bridge says of all its controllers.
struct ControllerConfiguration: Equatable, Sendable {
    enum ConnectionMode: String, Sendable {
        case inBand = "in-band"
        case outOfBand = "out-of-band"
    }

    /// `type` of ovs-vswitchd.conf.db(5).
    enum Kind: String, Sendable {
        case primary, service
    }

    /// Seconds (ovs-vswitchd.conf.db(5), `max_backoff`).
    static let defaultMaximumBackoff = 8
    /// Seconds (ovs-vswitchd.conf.db(5), `inactivity_probe`).
    static let defaultInactivityProbe = 5

    /// The row, for which ``ControllerReport`` tells what became of it.
    let id: UUID
    /// A connection method, such as `tcp:127.0.0.1:6653` or `punix:/run/x.sock`.
    var target: String
    var connectionMode = ConnectionMode.inBand
    /// Nil leaves it to whether the target is active or passive.
    var kind: Kind?
    /// The longest wait between attempts to connect, seconds.
    var maximumBackoff = Self.defaultMaximumBackoff
    /// Seconds of silence after which the peer is probed; 0 never probes.
    var inactivityProbe = Self.defaultInactivityProbe
    var enablesAsynchronousMessages = true
    /// `controller_rate_limit`, packets a second; nil does not limit.
    var rateLimit: Int?
    /// `controller_burst_limit`.
    var burstLimit: Int?
    /// `controller_queue_size`; nil leaves it to the bridge.
    var queueSize: Int?
    /// The differentiated services code point of its packets (`other_config:dscp`); nil for 48.
    var dscp: Int?
    /// `Bridge.protocols` as far as Martlet speaks them; all that it speaks where there are none.
    var versions = OpenFlowVersions.supported

    /// Whether the bridge depends on it: one that it connects to, unless `type` says otherwise.
    var isPrimary: Bool {
        switch kind {
        case .primary: true
        case .service: false
        case nil: !["punix:", "ptcp:", "pssl:"].contains { target.hasPrefix($0) }
        }
    }

    /// Whether what `other` says otherwise can be done on a connection that is there already.
    func needsNoConnection(for other: Self) -> Bool {
        target == other.target && versions == other.versions && isPrimary == other.isPrimary
            && inactivityProbe == other.inactivityProbe && dscp == other.dscp
    }

    init(id: UUID, target: String) {
        self.id = id
        self.target = target
    }
}

/// What the database is to show of a controller.
struct ControllerReport: Equatable, Sendable {
    /// `OFPCR_ROLE_*` as the database spells it.
    enum Role: String, Sendable {
        case other, master, slave
    }

    var isConnected = false
    var role: Role?
    /// `state`, `last_error`, `sec_since_connect`, `sec_since_disconnect`.
    var status: [String: String] = [:]
}
