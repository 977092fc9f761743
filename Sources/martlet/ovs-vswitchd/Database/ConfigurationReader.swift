import Addresses
import Daemon
import Datapath
import Glibc
import FlowModel
import OVSDBClient
import OVSDBModel
import OpenFlow
import OpenVSwitchRows
import Pipeline
import Switch
import Transport

/// Reads the switch's configuration out of the replica's rows.
///
/// A change of one port must not cost as much as all ports: what was read of a bridge is kept until
/// one of its rows changes in a column that matters.
final class ConfigurationReader {
    /// The columns that are followed; those that only the switch itself writes are left out.
    static let tables = [
        MonitoredTable(
            OpenVSwitchRow.bridges, OpenVSwitchRow.nextCfg, OpenVSwitchRow.otherConfig,
            OpenVSwitchRow.ssl, OpenVSwitchRow.managerOptions, OpenVSwitchRow.datapaths),
        MonitoredTable(DatapathRow.ctZones), MonitoredTable(CTZoneRow.timeoutPolicy),
        MonitoredTable(CTTimeoutPolicyRow.timeouts),
        MonitoredTable(ManagerRow.target, ManagerRow.connectionMode),
        MonitoredTable(
            SSLRow.privateKey, SSLRow.certificate, SSLRow.caCert, SSLRow.bootstrapCACert),
        MonitoredTable(
            BridgeRow.name, BridgeRow.ports, BridgeRow.controller, BridgeRow.datapathType,
            BridgeRow.failMode, BridgeRow.floodVLANs, BridgeRow.protocols, BridgeRow.otherConfig,
            BridgeRow.flowTables, BridgeRow.ipfix),
        MonitoredTable(FlowSampleCollectorSetRow.bridge),
        MonitoredTable(
            FlowTableRow.name, FlowTableRow.flowLimit, FlowTableRow.overflowPolicy,
            FlowTableRow.groups, FlowTableRow.prefixes),
        MonitoredTable(
            PortRow.name, PortRow.interfaces, PortRow.tag, PortRow.trunks, PortRow.vlanMode,
            PortRow.cvlans, PortRow.otherConfig),
        interfaces,
        MonitoredTable(
            ControllerRow.target, ControllerRow.connectionMode, ControllerRow.type,
            ControllerRow.maxBackoff, ControllerRow.inactivityProbe,
            ControllerRow.controllerRateLimit, ControllerRow.controllerBurstLimit,
            ControllerRow.controllerQueueSize, ControllerRow.enableAsyncMessages,
            ControllerRow.localIP, ControllerRow.otherConfig),
    ]

    private static let interfaces = MonitoredTable(
        InterfaceRow.name, InterfaceRow.type, InterfaceRow.options, InterfaceRow.ofportRequest,
        InterfaceRow.mac, InterfaceRow.mtuRequest, InterfaceRow.otherConfig, InterfaceRow.bfd,
        InterfaceRow.ingressPolicingRate, InterfaceRow.ingressPolicingBurst,
        InterfaceRow.ingressPolicingKpktsRate, InterfaceRow.ingressPolicingKpktsBurst,
        // What the switch itself wrote; a restarted one keeps the numbers.
        InterfaceRow.ofport)

    private struct Reading {
        var bridge: BridgeConfiguration
        var controllers: [ControllerConfiguration]
        var channels: ChannelSettings
        /// Whether nothing is reached over the bridge itself.
        var isOutOfBand: Bool
    }

    let replica: DatabaseReplica
    private let datapathTypes: Set<String>
    private var readings: [UUID: Reading] = [:]
    private var ports: [UUID: PortConfiguration] = [:]
    /// The port of an interface, the bridge of a port, a controller or a table.
    var owners: [UUID: UUID] = [:]
    /// Bridges that were read anew since ``takeChangedBridges()``.
    private var changedBridges: Set<String> = []
    let log = LogModule("bridge")

    /// - Parameter datapathTypes: those that bridges may ask for, besides the default.
    init(_ replica: DatabaseReplica, datapathTypes: [String]) {
        self.replica = replica
        self.datapathTypes = Set(datapathTypes + [""])
    }

    /// Forgets what `notices` make stale.
    ///
    /// - Returns: whether the configuration has changed.
    func note(_ notices: [RowNotice]) -> Bool {
        var isChanged = false
        for notice in notices where !Self.isOwn(notice) {
            isChanged = true
            switch notice.table {
            case BridgeRow.table.name: readings[notice.uuid] = nil
            case ControllerRow.table.name, FlowTableRow.table.name:
                if let bridge = owners[notice.uuid] { readings[bridge] = nil }
            case FlowSampleCollectorSetRow.table.name: readings = [:]
            case PortRow.table.name: forgetPort(notice.uuid)
            case InterfaceRow.table.name:
                if let port = owners[notice.uuid] { forgetPort(port) }
            default: break
            }
            if notice.new == nil { owners[notice.uuid] = nil }
        }
        return isChanged
    }

    /// Whether all that has changed is what the switch wrote.
    private static func isOwn(_ notice: RowNotice) -> Bool {
        guard let change = ChangeNotice<InterfaceRow>(notice), change.old != nil, change.new != nil,
            change.changes(InterfaceRow.ofport)
        else { return false }
        return !interfaces.columns.contains {
            $0 != InterfaceRow.ofport.name && notice.changes($0)
        }
    }

    private func forgetPort(_ id: UUID) {
        ports[id] = nil
        if let bridge = owners[id] { readings[bridge] = nil }
    }

    /// The bridges that have been read since this was last asked for.
    func takeChangedBridges() -> Set<String> {
        defer { changedBridges = [] }
        return changedBridges
    }

    /// The configuration, or nil while the database has no row to hang it from.
    func read() -> DatabaseConfiguration? {
        guard let root = replica[OpenVSwitchRow.self].first else { return nil }
        var result = DatabaseConfiguration()
        result.serial = Int64(root.nextCfg)
        let other = root.otherConfig
        if let value = other["max-idle"].flatMap(Milliseconds.init) {
            result.switchConfiguration.maximumIdle = value
        }
        if let value = other["max-revalidator"].flatMap(Milliseconds.init) {
            result.switchConfiguration.maximumRevalidator = max(
                value, VirtualSwitch.leastRevalidator)
        }
        if let value = other["vlan-limit"].flatMap(Int.init), value >= 0 {
            // None means no limit but the key's own.
            result.switchConfiguration.maximumTags = value == 0 ? 2 : min(value, 2)
        }
        result.usesKernel = other["system-datapath"] == "ebpf"
        if let value = other["flow-limit"].flatMap(Int.init) {
            result.switchConfiguration.flowLimit = value
        }
        result.switchConfiguration.caches = CacheSettings(other)
        result.switchConfiguration.threads = ThreadSettings(other)
        result.switchConfiguration.zoneTimeouts = zoneTimeouts(root)
        if let value = other["stats-update-interval"].flatMap(Int.init) {
            result.statisticsInterval = max(
                value, DatabaseConfiguration.minimumStatisticsInterval)
        }
        result.reportsSystem = other["enable-statistics"] == "true"
        if let value = other["bundle-idle-timeout"].flatMap(Int.init) {
            result.bundleIdleTimeout = max(1, value)
        }
        result.tlsFiles = tlsFiles(root)
        let managers = managerRemotes(root)
        for id in root.bridges {
            guard let reading = readings[id.uuid] ?? makeReading(id) else { continue }
            guard Self.isFileName(reading.bridge.name) else {
                log.warning("ignoring bridge with invalid name \(reading.bridge.name)")
                continue
            }
            guard datapathTypes.contains(reading.bridge.datapathType) else {
                log.error(
                    "failed to create bridge \(reading.bridge.name): "
                        + TransportError.text(of: EAFNOSUPPORT))
                continue
            }
            var bridge = reading.bridge
            if !reading.isOutOfBand { bridge.inBand.remotes.formUnion(managers) }
            result.switchConfiguration.bridges.append(bridge)
            if !reading.controllers.isEmpty {
                result.controllers[reading.bridge.name] = reading.controllers
            }
            result.channels[reading.bridge.name] = reading.channels
        }
        result.switchConfiguration.bridges.sort { $0.name < $1.name }
        return result
    }

    /// What the table SSL says, if it has a row.
    private func tlsFiles(_ root: OpenVSwitchRow) -> TLSFiles? {
        guard let reference = root.ssl, let row = replica[reference] else { return nil }
        var files = TLSFiles()
        files.privateKey = row.privateKey
        files.certificate = row.certificate
        if row.caCert == "none" {
            files.trust = .anybody
        } else if !row.caCert.isEmpty {
            files.trust = row.bootstrapCACert ? .firstSeen(row.caCert) : .authority(row.caCert)
        }
        return files
    }

    /// Whether a bridge's name can be part of its management socket's path.
    private static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.contains("/")
    }

    // MARK: Bridges

    private func hasFlowCollectors(_ bridge: BridgeRow) -> Bool {
        bridge.ipfix != nil
            || replica.rows(of: FlowSampleCollectorSetRow.table.name).values.contains {
                FlowSampleCollectorSetRow($0).bridge.uuid == bridge.uuid
            }
    }

    private func makeReading(_ reference: Reference<BridgeRow>) -> Reading? {
        guard let row = replica[reference] else { return nil }
        let id = row.uuid
        var bridge = BridgeConfiguration(name: row.name)
        let other = row.otherConfig
        bridge.datapathType = row.datapathType
        bridge.failMode =
            row.failMode.flatMap { Bridge.FailMode(rawValue: $0.rawValue) } ?? .standalone
        bridge.floodVLANs = Set(row.floodVLANs.map { UInt16(truncatingIfNeeded: $0) })
        bridge.datapathID = other["datapath-id"].flatMap(Self.datapathID)
        bridge.hardwareAddress = other["hwaddr"].flatMap { address($0, ofBridge: bridge.name) }
        bridge.fallbackAddress = Self.address(of: id)
        bridge.macAgingTime =
            other["mac-aging-time"].flatMap(Milliseconds.init) ?? MACTable.defaultAgingTime
        bridge.macTableSize =
            other["mac-table-size"].flatMap(Int.init).map { min(max($0, 10), 1_000_000) }
            ?? MACTable.defaultCapacity
        bridge.forwardsBPDUs = other["forward-bpdu"] == "true"
        bridge.hasFlowCollectors = hasFlowCollectors(row)
        bridge.description = other["dp-desc"]
        bridge.tables = tables(of: row)
        var channels = ChannelSettings(versions: Self.versions(row.protocols))
        if let size = other["controller-queue-size"].flatMap(Int.init) {
            channels.queueSize = min(max(size, 1), Self.maximumQueueSize)
        }
        let controllers = self.controllers(of: row, channels.versions)
        let isOutOfBand = other["disable-in-band"] == "true"
        bridge.inBand.queue = other["in-band-queue"].flatMap { UInt32($0) }
        if !isOutOfBand { bridge.inBand.remotes = Self.inBandRemotes(controllers) }
        bridge.hasControllers = controllers.contains(where: \.isPrimary)
        let ports = row.ports
        bridge.ports.reserveCapacity(ports.count)
        var hasLocalPort = false
        for reference in ports {
            owners[reference.uuid] = id
            guard let port = self.ports[reference.uuid] ?? makePort(reference, bridge: bridge.name)
            else { continue }
            hasLocalPort = hasLocalPort || port.name == bridge.name
            bridge.ports.append(port)
        }
        if !hasLocalPort { bridge.ports.append(Self.localPort(of: bridge.name)) }
        let reading = Reading(
            bridge: bridge, controllers: controllers, channels: channels, isOutOfBand: isOutOfBand)
        readings[id] = reading
        changedBridges.insert(bridge.name)
        return reading
    }

    /// The port that every bridge has, whether or not the database lists it.
    private static func localPort(of bridge: String) -> PortConfiguration {
        var port = PortConfiguration(name: bridge)
        port.interfaces = [InterfaceConfiguration(name: bridge, type: "internal")]
        return port
    }

    /// The address of a bridge that has no better one, made of its row's UUID as genuine makes it.
    private static func address(of id: UUID) -> EthernetAddress {
        let first = UInt32(truncatingIfNeeded: id.high >> 32).byteSwapped
        let second = UInt32(truncatingIfNeeded: id.high).byteSwapped
        let value = UInt64(first) << 16 | UInt64(second >> 16)
        return EthernetAddress(value & 0xfeff_ffff_ffff | 0x0200_0000_0000)
    }

    private func address(_ text: String, ofBridge bridge: String) -> EthernetAddress? {
        guard let address = EthernetAddress(text), !address.isZero else { return nil }
        guard !address.isMulticast else {
            log.error("bridge \(bridge): cannot set MAC address to multicast address \(text)")
            return nil
        }
        return address
    }

    /// Sixteen hexadecimal digits, or as `ovs-vswitchd.conf.db(5)` says also 0x and fewer.
    private static func datapathID(_ text: String) -> UInt64? {
        let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
        guard let value = UInt64(digits, radix: 16), value != 0,
            text.hasPrefix("0x") || text.count == 16
        else { return nil }
        return value
    }

    // MARK: Ports

    private func makePort(
        _ reference: Reference<PortRow>, bridge: String
    ) -> PortConfiguration? {
        guard let row = replica[reference] else { return nil }
        let id = row.uuid
        var port = PortConfiguration(name: row.name)
        let tag = row.tag.map { UInt16(truncatingIfNeeded: $0) }
        let trunks = row.trunks.map { UInt16(truncatingIfNeeded: $0) }
        port.vlanMode = tag == nil ? .trunk : .access
        if let name = row.vlanMode {
            if let mode = Bundle.VLANMode(rawValue: name.rawValue) {
                port.vlanMode = mode
            } else {
                port.vlanMode = .trunk
                log.warning("port \(port.name): VLAN mode \(name) is not supported, using trunk")
            }
        }
        port.tag = tag ?? 0
        port.priorityTags = Bundle.PriorityTags(text: row.otherConfig["priority-tags"])
        port.trunks = trunks.isEmpty ? nil : Set(trunks)
        let customers = row.cvlans.map { UInt16(truncatingIfNeeded: $0) }
        port.customerVLANs = customers.isEmpty ? nil : Set(customers)
        port.usesCustomerTPID = row.otherConfig["qinq-ethtype"] == "802.1q"
        if port.vlanMode == .access && !trunks.isEmpty {
            log.warning("port \(port.name): ignoring trunks in favor of implicit vlan")
            port.trunks = nil
        }
        for reference in row.interfaces {
            let interfaceID = reference.uuid
            guard owners[interfaceID] ?? id == id || ports[owners[interfaceID] ?? id] == nil else {
                log.warning("port \(port.name): an interface of its is another port's already")
                continue
            }
            owners[interfaceID] = id
            if let interface = interface(reference, bridge: bridge) {
                port.interfaces.append(interface)
            }
        }
        if port.interfaces.count > 1 {
            log.warning(
                "port \(port.name): bonding is not supported yet, the first interface carries all")
        }
        ports[id] = port
        return port
    }

    private func interface(
        _ reference: Reference<InterfaceRow>, bridge: String
    ) -> InterfaceConfiguration? {
        guard let row = replica[reference] else { return nil }
        var interface = InterfaceConfiguration(
            name: row.name, type: row.type, options: row.options)
        let isLocal = interface.name == bridge
        if isLocal { interface.type = "internal" }
        interface.requestedNumber = row.ofportRequest.map {
            PortNumber(UInt16(truncatingIfNeeded: $0))
        }
        if let text = row.mac {
            interface.hardwareAddress = address(text, of: interface.name, isLocal: isLocal)
        }
        interface.requestedMTU = row.mtuRequest
        interface.settings = PortSettings(row)
        interface.bfd = row.bfd
        return interface
    }

    private func address(_ text: String, of name: String, isLocal: Bool) -> EthernetAddress? {
        if isLocal {
            log.error(
                "interface \(name): ignoring mac in Interface record "
                    + "(use Bridge record to set local port's mac)")
            return nil
        }
        guard let address = EthernetAddress(text), !address.isZero, !address.isMulticast else {
            log.error("interface \(name): \(text) is no address that a device can have")
            return nil
        }
        return address
    }
}
