import CLinux
public import Netlink

/// What a device's driver tells, for the `Interface` table's `link_speed`, `duplex` and `status`.
public struct DeviceFacts: Hashable, Sendable {
    public enum Duplex: String, Sendable {
        case half, full
    }

    public var driverName: String?
    public var driverVersion: String?
    public var firmwareVersion: String?
    /// Bits a second.
    public var linkSpeed: UInt64?
    public var duplex: Duplex?

    public init() {}

    /// The `status` column's keys that come from the driver.
    public var status: [(key: String, value: String)] {
        guard let driverName else { return [] }
        return [
            ("driver_name", driverName),
            ("driver_version", driverVersion ?? ""),
            ("firmware_version", firmwareVersion ?? ""),
        ]
    }
}

extension Device {
    /// What the driver tells; parts that it does not know are left out.
    public func facts() -> DeviceFacts {
        var facts = DeviceFacts()
        var driver = ethtool_drvinfo()
        driver.cmd = UInt32(ETHTOOL_GDRVINFO)
        if (try? request("ETHTOOL_GDRVINFO") { clinux_ethtool($0, name, &driver) }) != nil {
            facts.driverName = withUnsafeBytes(of: driver.driver, Self.text)
            facts.driverVersion = withUnsafeBytes(of: driver.version, Self.text)
            facts.firmwareVersion = withUnsafeBytes(of: driver.fw_version, Self.text)
        }
        var link = ethtool_cmd()
        link.cmd = UInt32(ETHTOOL_GSET)
        if (try? request("ETHTOOL_GSET") { clinux_ethtool($0, name, &link) }) != nil {
            let megabits = UInt32(link.speed_hi) << 16 | UInt32(link.speed)
            // All ones, in 16 or 32 bits, say that the speed is not known.
            if megabits != 0, megabits != 0xffff, megabits != .max {
                facts.linkSpeed = UInt64(megabits) * 1_000_000
            }
            facts.duplex = link.duplex == 0 ? .half : link.duplex == 1 ? .full : nil
        }
        return facts
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension LinkStatistics {
    /// The counters of an internal port: what its device sends, the switch receives.
    public var seenFromSwitch: LinkStatistics {
        var seen = LinkStatistics()
        seen.receivedPackets = sentPackets
        seen.receivedOctets = sentOctets
        seen.receiveErrors = sendErrors
        seen.receiveDrops = sendDrops
        seen.sentPackets = receivedPackets
        seen.sentOctets = receivedOctets
        seen.sendErrors = receiveErrors
        seen.sendDrops = receiveDrops
        return seen
    }

    /// The `statistics` column's keys and values, as OVS names them.
    public var columns: [(key: String, value: UInt64)] {
        [
            ("collisions", collisions),
            ("rx_bytes", receivedOctets),
            ("rx_crc_err", receiveChecksumErrors),
            ("rx_dropped", receiveDrops),
            ("rx_errors", receiveErrors),
            ("rx_frame_err", receiveFrameErrors),
            ("rx_missed_errors", receiveMissedErrors),
            ("rx_multicast_packets", multicast),
            ("rx_over_err", receiveOverErrors),
            ("rx_packets", receivedPackets),
            ("tx_bytes", sentOctets),
            ("tx_dropped", sendDrops),
            ("tx_errors", sendErrors),
            ("tx_packets", sentPackets),
        ]
    }
}
