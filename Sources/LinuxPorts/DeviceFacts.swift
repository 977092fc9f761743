import CLinux
public import FlowModel
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
    public var modes = LinkModes()

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
            facts.modes.current = PortFeatures(
                megabits: megabits, isFull: facts.duplex != .half, ofPort: link.port)
            if link.autoneg != 0 { facts.modes.current.insert(.autonegotiation) }
            facts.modes.supported = PortFeatures(ethtool: link.supported)
            facts.modes.advertised = PortFeatures(ethtool: link.advertising)
            facts.modes.peer = PortFeatures(ethtool: link.lp_advertising)
        }
        return facts
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension PortFeatures {
    /// The mode of a link, where its speed has one.
    init(megabits: UInt32, isFull: Bool, ofPort port: UInt8) {
        switch megabits {
        case 10: self = isFull ? .full10M : .half10M
        case 100: self = isFull ? .full100M : .half100M
        case 1000: self = isFull ? .full1G : .half1G
        case 10_000: self = .full10G
        case 40_000: self = .full40G
        case 100_000: self = .full100G
        case 1_000_000: self = .full1T
        default: self = []
        }
        if port == UInt8(PORT_TP) { insert(.copper) }
        if port == UInt8(PORT_FIBRE) { insert(.fiber) }
    }

    /// From the bits that ethtool(8) calls link modes (`ADVERTISED_*` of linux/ethtool.h).
    init(ethtool bits: UInt32) {
        let known: [(bit: Int, feature: PortFeatures)] = [
            (0, .half10M), (1, .full10M), (2, .half100M), (3, .full100M), (4, .half1G),
            (5, .full1G), (6, .autonegotiation), (7, .copper), (10, .fiber), (12, .full10G),
            (13, .pause), (14, .asymmetricPause),
        ]
        self = []
        for (bit, feature) in known where bits & 1 << bit != 0 { insert(feature) }
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
