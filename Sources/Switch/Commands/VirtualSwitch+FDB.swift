import Addresses
import FlowModel
import FlowSyntax
public import Pipeline

/// `fdb/...`: the addresses that bridges have learned.
extension VirtualSwitch {
    public func fdbShow(
        _ arguments: [String], now: Milliseconds
    ) throws(CommandError) -> String {
        let managed = try bridge(arguments[0])
        var text = " port  VLAN  MAC                Age\n"
        let entries = managed.bridge.macTable.entries.sorted { $0.value.order < $1.value.order }
        for (key, entry) in entries {
            let number = entry.bundle.ports.first?.number ?? .none
            let port = number == .local ? "LOCAL" : pad(String(number.value), 5)
            let age = entry.isStatic ? "static" : pad(String((now - entry.used) / 1000), 3)
            text += "\(port) \(pad(String(key.vlan), 5))  \(key.address)  \(age)\n"
        }
        return text
    }

    public func fdbFlush(_ arguments: [String]) throws(CommandError) -> String {
        for managed in try selected(arguments) {
            managed.bridge.macTable.flush()
            network.bumpVersion()
        }
        return "table successfully flushed"
    }

    public func fdbStatsShow(_ arguments: [String]) throws(CommandError) -> String {
        let managed = try bridge(arguments[0])
        let table = managed.bridge.macTable
        return """
            Statistics for bridge "\(managed.name)":
              Current/maximum MAC entries in the table: \(table.entries.count)/\(table.capacity)
              Current static MAC entries in the table : \(table.staticCount)
              Total number of learned MAC entries     : \(table.learnedCount)
              Total number of expired MAC entries     : \(table.expiredCount)
              Total number of evicted MAC entries     : \(table.evictedCount)
              Total number of port moved MAC entries  : \(table.movedCount)

            """
    }

    public func fdbStatsClear(_ arguments: [String]) throws(CommandError) -> String {
        for managed in try selected(arguments) { managed.bridge.macTable.clearStatistics() }
        return "statistics successfully cleared"
    }

    /// `fdb/add BRIDGE PORT VLAN MAC`.
    public func fdbAdd(
        _ arguments: [String], now: Milliseconds
    ) throws(CommandError) -> String {
        let managed = try bridge(arguments[0])
        guard let port = managed.bridge.port(named: arguments[1]) else {
            throw CommandError("software error, odp port is present but no ofp port")
        }
        let key = try macKey(vlan: arguments[2], address: arguments[3])
        let previous = managed.bridge.macTable.insertStatic(key, on: port.bundle, now: now)
        network.bumpVersion()
        guard let previous else { return "" }
        let number = previous.bundle.ports.first?.number ?? .none
        let kind = previous.isStatic ? "static" : "dynamic"
        return "Overriding already existing \(kind) entry on \(FlowNames().text(of: number))"
    }

    /// `fdb/del BRIDGE VLAN MAC`.
    public func fdbDelete(_ arguments: [String]) throws(CommandError) -> String {
        let managed = try bridge(arguments[0])
        let key = try macKey(vlan: arguments[1], address: arguments[2])
        guard managed.bridge.macTable.entries[key]?.isStatic == true else {
            throw CommandError("could not find static mac entry")
        }
        _ = managed.bridge.macTable.remove(key)
        network.bumpVersion()
        return ""
    }

    private func macKey(vlan: String, address: String) throws(CommandError) -> MACTable.Key {
        guard let address = EthernetAddress(address) else {
            throw CommandError("bad MAC address")
        }
        guard let vlan = UInt16(vlan), vlan < 4096 else { throw CommandError("bad VLAN") }
        return MACTable.Key(address: address, vlan: vlan)
    }

    // MARK: Arguments

    func bridge(_ name: String) throws(CommandError) -> ManagedBridge {
        guard let managed = bridges[name] else { throw CommandError("no such bridge") }
        return managed
    }

    /// The bridge that the arguments name, or all.
    func selected(_ arguments: [String]) throws(CommandError) -> [ManagedBridge] {
        guard let name = arguments.first else {
            return bridges.values.sorted { $0.name < $1.name }
        }
        return [try bridge(name)]
    }
}

/// `text` with spaces before it.
func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}
