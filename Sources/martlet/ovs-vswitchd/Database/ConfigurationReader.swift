import Addresses
import Daemon
import FlowModel
import OVSDBClient
import OVSDBModel
import OpenFlow
import Pipeline
import Switch

/// Reads the switch's configuration out of the replica's rows.
///
/// A change of one port must not cost as much as all ports: what was read of a bridge is kept until
/// one of its rows changes in a column that matters.
final class ConfigurationReader {
    /// The columns that are followed; those that only the switch itself writes are left out.
    static let columns: [String: [String]] = [
        "Open_vSwitch": ["bridges", "next_cfg", "cur_cfg", "other_config"],
        "Bridge": [
            "name", "ports", "controller", "datapath_type", "fail_mode", "flood_vlans",
            "protocols", "other_config", "datapath_id",
        ],
        "Port": ["name", "interfaces", "tag", "trunks", "vlan_mode", "other_config"],
        "Interface": [
            "name", "type", "options", "ofport_request", "mac", "mtu_request", "error", "ofport",
        ],
        "Controller": [
            "target", "connection_mode", "type", "max_backoff", "inactivity_probe",
            "controller_rate_limit", "controller_burst_limit", "enable_async_messages",
            "is_connected", "role",
        ],
    ]

    /// Columns that the switch writes, whose changes mean nothing to it.
    private static let results: Set<String> = [
        "cur_cfg", "datapath_id", "error", "ofport", "is_connected", "role",
    ]

    private struct Reading {
        var bridge: BridgeConfiguration
        var controllers: [ControllerConfiguration]
        var versions: OpenFlowVersions
        /// The rows that it was made of.
        var sources: [UUID]
    }

    private let replica: DatabaseReplica
    private var readings: [UUID: Reading] = [:]
    private var owners: [UUID: UUID] = [:]
    private let log = LogModule("bridge")

    init(_ replica: DatabaseReplica) { self.replica = replica }

    /// Forgets what `notices` make stale.
    ///
    /// - Returns: whether the configuration has changed.
    func note(_ notices: [RowNotice]) -> Bool {
        var isChanged = false
        for notice in notices {
            guard let columns = Self.columns[notice.table] else { continue }
            let matters =
                notice.old == nil || notice.new == nil
                || columns.contains { !Self.results.contains($0) && notice.changes($0) }
            guard matters else { continue }
            isChanged = true
            let bridge = notice.table == "Bridge" ? notice.uuid : owners[notice.uuid]
            if let bridge { forget(bridge) }
        }
        return isChanged
    }

    private func forget(_ bridge: UUID) {
        guard let reading = readings.removeValue(forKey: bridge) else { return }
        for source in reading.sources { owners[source] = nil }
    }

    /// The configuration, or nil while the database has no row to hang it from.
    func read() -> DatabaseConfiguration? {
        guard let root = replica.singleton("Open_vSwitch") else { return nil }
        var result = DatabaseConfiguration()
        result.serial = root["next_cfg"].integer ?? 0
        let other = root["other_config"].stringMap
        if let value = other["max-idle"].flatMap(Milliseconds.init) {
            result.switchConfiguration.maximumIdle = value
        }
        if let value = other["flow-limit"].flatMap(Int.init) {
            result.switchConfiguration.flowLimit = value
        }
        if let value = other["stats-update-interval"].flatMap(Int.init) {
            result.statisticsInterval = max(
                value, DatabaseConfiguration.minimumStatisticsInterval)
        }
        for id in root["bridges"].uuids {
            guard let reading = readings[id] ?? makeReading(id) else { continue }
            result.switchConfiguration.bridges.append(reading.bridge)
            if !reading.controllers.isEmpty {
                result.controllers[reading.bridge.name] = reading.controllers
            }
            result.versions[reading.bridge.name] = reading.versions
        }
        result.switchConfiguration.bridges.sort { $0.name < $1.name }
        return result
    }

    // MARK: Bridges

    private func makeReading(_ id: UUID) -> Reading? {
        guard let row = replica.row("Bridge", id) else { return nil }
        var bridge = BridgeConfiguration(name: row["name"].string ?? "")
        let other = row["other_config"].stringMap
        bridge.datapathType = row["datapath_type"].string ?? ""
        bridge.failMode =
            row["fail_mode"].string.flatMap(Bridge.FailMode.init(rawValue:)) ?? .standalone
        bridge.floodVLANs = Set(row["flood_vlans"].integers.map { UInt16(truncatingIfNeeded: $0) })
        bridge.datapathID = other["datapath-id"].flatMap(Self.datapathID)
        bridge.hardwareAddress = other["hwaddr"].flatMap { EthernetAddress($0) }
        bridge.macAgingTime =
            other["mac-aging-time"].flatMap(Milliseconds.init) ?? MACTable.defaultAgingTime
        bridge.macTableSize =
            other["mac-table-size"].flatMap(Int.init).map { min(max($0, 10), 1_000_000) }
            ?? MACTable.defaultCapacity
        bridge.forwardsBPDUs = other["forward-bpdu"] == "true"
        bridge.description = other["dp-desc"]
        let versions = Self.versions(row["protocols"].strings)
        var sources: [UUID] = []
        let controllers = self.controllers(of: row, versions, &sources)
        bridge.hasControllers = !controllers.isEmpty
        for port in replica.rows(of: "Port", named: row["ports"]) {
            sources.append(port.uuid)
            bridge.ports.append(self.port(port, bridge: bridge.name, &sources))
        }
        for source in sources { owners[source] = id }
        let reading = Reading(
            bridge: bridge, controllers: controllers, versions: versions, sources: sources)
        readings[id] = reading
        return reading
    }

    /// Sixteen hexadecimal digits, or as `ovs-vswitchd.conf.db(5)` says also 0x and fewer.
    private static func datapathID(_ text: String) -> UInt64? {
        let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
        guard let value = UInt64(digits, radix: 16), value != 0,
            text.hasPrefix("0x") || text.count == 16
        else { return nil }
        return value
    }

    private static func versions(_ names: [String]) -> OpenFlowVersions {
        let versions = names.compactMap { OpenFlowVersion(name: $0) }
        guard !versions.isEmpty else { return .supported }
        return versions.reduce(into: []) { $0.formUnion(OpenFlowVersions($1)) }
    }

    private func controllers(
        of bridge: Row, _ versions: OpenFlowVersions, _ sources: inout [UUID]
    ) -> [ControllerConfiguration] {
        replica.rows(of: "Controller", named: bridge["controller"]).map { row in
            sources.append(row.uuid)
            var controller = ControllerConfiguration(
                id: row.uuid, target: row["target"].string ?? "")
            controller.versions = versions
            if let mode = row["connection_mode"].string {
                controller.connectionMode = .init(rawValue: mode) ?? .inBand
            }
            controller.kind = row["type"].string.flatMap { .init(rawValue: $0) }
            if let backoff = row["max_backoff"].integer {
                controller.maximumBackoff = max(1, Int(backoff / 1000))
            }
            if let probe = row["inactivity_probe"].integer {
                controller.inactivityProbe = Int((probe + 999) / 1000)
            }
            controller.rateLimit = row["controller_rate_limit"].integer.map { Int($0) }
            controller.burstLimit = row["controller_burst_limit"].integer.map { Int($0) }
            controller.enablesAsynchronousMessages =
                row["enable_async_messages"].boolean ?? true
            return controller
        }
    }

    // MARK: Ports

    private func port(
        _ row: Row, bridge: String, _ sources: inout [UUID]
    ) -> PortConfiguration {
        var port = PortConfiguration(name: row["name"].string ?? "")
        let tag = row["tag"].integer.map { UInt16(truncatingIfNeeded: $0) }
        let trunks = row["trunks"].integers.map { UInt16(truncatingIfNeeded: $0) }
        port.vlanMode =
            row["vlan_mode"].string.flatMap(Bundle.VLANMode.init(rawValue:))
            ?? (tag == nil ? .trunk : .access)
        port.tag = tag ?? 0
        port.trunks = trunks.isEmpty ? nil : Set(trunks)
        if port.vlanMode == .access && !trunks.isEmpty {
            log.warning("port \(port.name): ignoring trunks in favor of implicit vlan")
            port.trunks = nil
        }
        for interface in replica.rows(of: "Interface", named: row["interfaces"]) {
            sources.append(interface.uuid)
            port.interfaces.append(self.interface(interface, bridge: bridge))
        }
        return port
    }

    private func interface(_ row: Row, bridge: String) -> InterfaceConfiguration {
        var interface = InterfaceConfiguration(
            name: row["name"].string ?? "", type: row["type"].string ?? "",
            options: row["options"].stringMap)
        if interface.name == bridge && interface.type.isEmpty { interface.type = "internal" }
        interface.requestedNumber = row["ofport_request"].integer.map {
            PortNumber(UInt16(truncatingIfNeeded: $0))
        }
        interface.hardwareAddress = row["mac"].string.flatMap { EthernetAddress($0) }
        interface.requestedMTU = row["mtu_request"].integer.map { Int($0) }
        return interface
    }
}
