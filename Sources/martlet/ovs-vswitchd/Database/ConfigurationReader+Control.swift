import Addresses
import Daemon
import FlowModel
import FlowSyntax
import OVSDBClient
import OVSDBModel
import OpenFlow
import OpenVSwitchRows
import Pipeline
import Switch
import Transport

/// What concerns controllers and tables.
extension ConfigurationReader {
    /// The longest queue of packets for a controller (ovs-vswitchd.conf.db(5)).
    static let maximumQueueSize = 512

    static func versions(_ names: [BridgeRow.Protocols]) -> OpenFlowVersions {
        let versions = names.compactMap { OpenFlowVersion(name: $0.rawValue) }
        guard !versions.isEmpty else { return .supported }
        return versions.reduce(into: []) { $0.formUnion(OpenFlowVersions($1)) }
    }

    func controllers(
        of bridge: BridgeRow, _ versions: OpenFlowVersions
    ) -> [ControllerConfiguration] {
        replica.rows(bridge.controller).map { row in
            owners[row.uuid] = bridge.uuid
            var controller = ControllerConfiguration(
                id: row.uuid, target: row.target)
            controller.versions = versions
            if let mode = row.connectionMode {
                controller.connectionMode = .init(rawValue: mode.rawValue) ?? .inBand
            }
            controller.kind = row.type.flatMap { .init(rawValue: $0.rawValue) }
            if let backoff = row.maxBackoff {
                controller.maximumBackoff = max(1, backoff / 1000)
            }
            if let probe = row.inactivityProbe {
                controller.inactivityProbe = (probe + 999) / 1000
            }
            controller.rateLimit = row.controllerRateLimit
            controller.burstLimit = row.controllerBurstLimit
            controller.queueSize = row.controllerQueueSize
            controller.dscp = row.otherConfig["dscp"].flatMap(Int.init)
                .flatMap { (0...63).contains($0) ? $0 : nil }
            if row.localIP != nil, controller.connectionMode == .inBand {
                log.warning(
                    "bridge \(bridge.name): local_ip of controllers is not supported yet; "
                        + "give the local port its address otherwise")
            }
            controller.enablesAsynchronousMessages = row.enableAsyncMessages ?? true
            return controller
        }
    }

    // MARK: In-band control

    /// The controllers that are reached over the bridge, as far as they have numeric addresses.
    static func inBandRemotes(
        _ controllers: [ControllerConfiguration]
    ) -> Set<InBandControl.Remote> {
        Set(
            controllers.filter { $0.connectionMode == .inBand }.compactMap {
                remote($0.target, defaultPort: StreamTarget.openFlowPort)
            })
    }

    /// The managers that are reached over whichever bridge leads to them.
    func managerRemotes(_ root: OpenVSwitchRow) -> Set<InBandControl.Remote> {
        Set(
            replica.rows(root.managerOptions).filter { $0.connectionMode != .outOfBand }
                .compactMap { Self.remote($0.target, defaultPort: StreamTarget.ovsdbPort) })
    }

    private static func remote(
        _ target: String, defaultPort: UInt16
    ) -> InBandControl.Remote? {
        guard let target = try? StreamTarget(target, defaultPort: defaultPort), !target.isPassive,
            case .tcp(let host, let port) = target.address, let address = IPv4Address(host)
        else { return nil }
        return InBandControl.Remote(address: address, port: port)
    }

    // MARK: Tables

    /// The fields that `prefixes` may name.
    private static let prefixFields: Set<Field> = [
        .tunnelID, .tunnelSource, .tunnelDestination, .tunnelIPv6Source, .tunnelIPv6Destination,
        .ipv4Source, .ipv4Destination, .ipv6Source, .ipv6Destination,
    ]

    func tables(of bridge: BridgeRow) -> [UInt8: TableSettings] {
        var tables: [UInt8: TableSettings] = [:]
        for (number, reference) in bridge.flowTables {
            guard let row = replica[reference], let table = UInt8(exactly: number) else { continue }
            owners[reference.uuid] = bridge.uuid
            var settings = TableSettings()
            settings.name = row.name
            settings.flowLimit = row.flowLimit
            settings.evicts = row.overflowPolicy == .evict
            settings.groups = row.groups.compactMap { text in
                if let subfield = SubfieldText.subfield(text) { return subfield }
                log.warning(
                    "bridge \(bridge.name) table \(number): error parsing 'groups' (\(text))")
                return nil
            }
            settings.prefixes = prefixes(row.prefixes, of: "bridge \(bridge.name): table \(number)")
            tables[table] = settings
        }
        return tables
    }

    private func prefixes(_ names: [String], of table: String) -> [Field]? {
        guard !names.isEmpty else { return nil }
        if names == ["none"] { return [] }
        var fields: [Field] = []
        for name in names {
            guard let field = FieldTable.field(named: name) else {
                log.warning("\(table): 'prefixes' with unknown field: \(name)")
                continue
            }
            guard Self.prefixFields.contains(field) else {
                log.warning("\(table): 'prefixes' with incompatible field: \(name)")
                continue
            }
            if !fields.contains(field) { fields.append(field) }
        }
        return fields
    }
}
