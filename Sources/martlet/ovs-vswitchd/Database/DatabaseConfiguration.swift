import OpenFlow
import Switch
import Transport

/// All that the database asks of the switch.
struct DatabaseConfiguration: Equatable, Sendable {
    var switchConfiguration = SwitchConfiguration()
    /// By bridge; a bridge without controllers has no entry.
    var controllers: [String: [ControllerConfiguration]] = [:]
    /// The files of TLS that the database names, in place of those of the command line.
    var tlsFiles: TLSFiles?
    /// `Bridge.protocols` by bridge, which holds for its management socket as well.
    var versions: [String: OpenFlowVersions] = [:]
    /// `Open_vSwitch.next_cfg`: what becomes `cur_cfg` once all this is applied.
    var serial: Int64 = 0
    /// `other_config:stats-update-interval`, milliseconds.
    var statisticsInterval = Self.defaultStatisticsInterval

    /// `other_config:enable-statistics`: whether the database tells of the machine too.
    var reportsSystem = false

    static let defaultStatisticsInterval = 5000
    /// What ovs-vswitchd.conf.db(5) gives as the minimum of `stats-update-interval`.
    static let minimumStatisticsInterval = 5000
}
