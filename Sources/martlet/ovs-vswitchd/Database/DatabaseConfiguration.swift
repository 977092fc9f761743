import OpenFlow
import Switch
import Transport

/// What a bridge's management socket serves, and its controllers where their rows say nothing.
struct ChannelSettings: Equatable, Sendable {
    /// `Bridge.protocols`, as far as Martlet speaks them.
    var versions = OpenFlowVersions.supported
    /// `other_config:controller-queue-size`.
    var queueSize = PacketInQueue.defaultSize
}

/// All that the database asks of the switch.
struct DatabaseConfiguration: Equatable, Sendable {
    var switchConfiguration = SwitchConfiguration()
    /// By bridge; a bridge without controllers has no entry.
    var controllers: [String: [ControllerConfiguration]] = [:]
    /// The files of TLS that the database names, in place of those of the command line.
    var tlsFiles: TLSFiles?
    /// By bridge.
    var channels: [String: ChannelSettings] = [:]
    /// `other_config:bundle-idle-timeout`, seconds.
    var bundleIdleTimeout = Self.defaultBundleIdleTimeout
    /// `Open_vSwitch.next_cfg`: what becomes `cur_cfg` once all this is applied.
    var serial: Int64 = 0
    /// `other_config:system-datapath` is `ebpf`: bridges of the type `system` are the kernel's.
    var usesKernel = false
    /// `other_config:stats-update-interval`, milliseconds.
    var statisticsInterval = Self.defaultStatisticsInterval

    /// `other_config:enable-statistics`: whether the database tells of the machine too.
    var reportsSystem = false

    static let defaultBundleIdleTimeout = 10
    static let defaultStatisticsInterval = 5000
    /// What ovs-vswitchd.conf.db(5) gives as the minimum of `stats-update-interval`.
    static let minimumStatisticsInterval = 5000
}
