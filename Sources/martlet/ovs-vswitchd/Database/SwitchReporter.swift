import Addresses
import Datapath
import LinuxPorts
import Netlink
import OVSDBClient
import OVSDBModel
import Switch

/// Composes what the database is to show of the switch.
struct SwitchReporter {
    let runtime: SwitchRuntime
    let replica: DatabaseReplica
    let writer: DatabaseWriter

    /// What does not change while the daemon runs.
    func reportIdentity() {
        guard let root = replica.singleton("Open_vSwitch") else { return }
        writer.report(
            RowReport(
                table: "Open_vSwitch", id: root.uuid,
                columns: [
                    "ovs_version": "3.1.0",
                    "db_version": .init(.string(OpenVSwitchSchema.schema.version)),
                    "datapath_types": .init(strings: ["netdev", "system"]),
                    "iface_types": .init(strings: runtime.devices.types),
                    "dpdk_initialized": false,
                ]))
    }

    /// Says that the configuration of that number is in force.
    func reportSerial(_ serial: Int64) {
        guard let root = replica.singleton("Open_vSwitch") else { return }
        writer.report(
            RowReport(
                table: "Open_vSwitch", id: root.uuid, columns: ["cur_cfg": .init(.integer(serial))])
        )
    }

    /// Reports every bridge and interface; what is unchanged costs a comparison.
    func reportState() {
        let links = self.links()
        runtime.lock.withLock {
            for row in replica.rows(of: "Bridge").values {
                guard let managed = runtime.virtualSwitch.bridges[row["name"].string ?? ""] else {
                    continue
                }
                writer.report(
                    RowReport(
                        table: "Bridge", id: row.uuid,
                        columns: ["datapath_id": .init(.string(Self.text(managed.datapathID)))]))
                reportInterfaces(of: managed, row, links)
            }
        }
    }

    /// Sixteen digits.
    private static func text(_ datapathID: UInt64) -> String {
        let digits = String(datapathID, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func links() -> [String: LinkMessage] {
        guard runtime.devices.hasDevices,
            let all = try? LinkSocket().links()
        else { return [:] }
        return Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    private func reportInterfaces(
        of managed: ManagedBridge, _ bridge: Row, _ links: [String: LinkMessage]
    ) {
        for port in replica.rows(of: "Port", named: bridge["ports"]) {
            for row in replica.rows(of: "Interface", named: port["interfaces"]) {
                let name = row["name"].string ?? ""
                guard let interface = managed.interfaces[name] else { continue }
                var columns = Self.columns(of: interface)
                if interface.datapathNumber != nil {
                    columns.merge(state(of: name, links[name])) { $1 }
                } else if interface.report.error == nil {
                    columns.merge(["admin_state": "up", "link_state": "up"]) { $1 }
                }
                writer.report(RowReport(table: "Interface", id: row.uuid, columns: columns))
            }
        }
    }

    private static func columns(of interface: ManagedInterface) -> [String: Datum] {
        let report = interface.report
        return [
            "ofport": .init(.integer(Int64(report.number))),
            "error": report.error.map { .init(.string($0)) } ?? .empty,
            "mac_in_use": report.hardwareAddress.map { .init(.string($0.description)) } ?? .empty,
        ]
    }

    /// What the device says of itself.
    private func state(of name: String, _ link: LinkMessage?) -> [String: Datum] {
        guard let link else {
            let isUp = runtime.devices.isUp(name)
            return [
                "admin_state": .init(.string(isUp ? "up" : "down")),
                "link_state": .init(.string(isUp ? "up" : "down")), "mtu": 1500, "ifindex": 0,
            ]
        }
        var columns: [String: Datum] = [
            "admin_state": .init(.string(link.flags.contains(.up) ? "up" : "down")),
            "link_state": .init(.string(link.isRunning ? "up" : "down")),
            "ifindex": .init(.integer(Int64(link.index))),
        ]
        if let mtu = link.mtu { columns["mtu"] = .init(.integer(Int64(mtu))) }
        if let address = link.address {
            columns["mac_in_use"] = .init(.string(address.description))
        }
        return columns
    }

    /// Reports what devices have counted, and what drivers say.
    func reportStatistics() {
        runtime.devices.refreshCounters()
        let links = self.links()
        for row in replica.rows(of: "Interface").values {
            let name = row["name"].string ?? ""
            var columns: [String: Datum] = [:]
            if let link = links[name], let counters = link.statistics {
                let isInternal = runtime.devices.isInternal(name)
                let seen = isInternal ? counters.seenFromSwitch : counters
                columns["statistics"] = .init(
                    map: seen.columns.map { (.string($0.key), .integer(Int64(clamping: $0.value))) }
                )
            } else if let counters = runtime.devices.counters(name) {
                columns["statistics"] = .init(
                    map: counters.columns.map {
                        (.string($0.key), .integer(Int64(clamping: $0.value)))
                    })
            }
            if !columns.isEmpty {
                writer.report(RowReport(table: "Interface", id: row.uuid, columns: columns))
            }
        }
    }

    func reportControllers(
        _ reports: [(configuration: ControllerConfiguration, report: ControllerReport)]
    ) {
        for (configuration, report) in reports {
            writer.report(
                RowReport(
                    table: "Controller", id: configuration.id,
                    columns: [
                        "is_connected": .init(.boolean(report.isConnected)),
                        "role": report.role.map { .init(.string($0.rawValue)) } ?? .empty,
                        "status": .init(report.status),
                    ]))
        }
    }
}

extension PortCounters {
    /// Keys of the `statistics` column (ovs-vswitchd.conf.db(5), `Interface`).
    fileprivate var columns: [(key: String, value: UInt64)] {
        [
            ("rx_packets", receivedPackets), ("rx_bytes", receivedOctets),
            ("rx_errors", receiveErrors), ("rx_dropped", receiveDrops),
            ("tx_packets", sentPackets), ("tx_bytes", sentOctets),
            ("tx_errors", sendErrors), ("tx_dropped", sendDrops),
        ]
    }
}
