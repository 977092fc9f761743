import Pipeline

/// A datapath as commands see it.
///
/// There is one datapath for all bridges; OVS has one for each `datapath_type`, and scripts expect
/// to see the bridges under the name of theirs.
public struct DatapathKind: Hashable, Sendable {
    /// `system` or `netdev`.
    public let type: String

    init(type: String) { self.type = type }

    init(_ configuration: BridgeConfiguration) {
        type = configuration.datapathType.isEmpty ? "system" : configuration.datapathType
    }

    public var name: String { "ovs-\(type)" }
    public var fullName: String { "\(type)@\(name)" }

    /// The datapaths that have bridges, by name.
    public static func all(of virtualSwitch: VirtualSwitch) -> [DatapathKind] {
        Set(virtualSwitch.bridges.values.map { DatapathKind($0.configuration) })
            .sorted { $0.type < $1.type }
    }

    /// Whether a `dpctl` command means this one: without a type, the name is of type `system`.
    func isMeant(by name: String) -> Bool {
        name == fullName || type == "system" && name == self.name
    }

    /// Whether `ofproto/trace` means this one.
    func isCalled(_ name: String) -> Bool { name == type || name == self.name }
}

extension VirtualSwitch {
    /// The datapath of that name, or the only one without a name; for `dpctl` commands.
    public func datapath(named name: String?) throws(CommandError) -> DatapathKind {
        let kinds = DatapathKind.all(of: self)
        if let name {
            if let kind = kinds.first(where: { $0.isMeant(by: name) }) {
                return kind
            }
            throw CommandError("ovs-vswitchd: datapath not found (Invalid argument)")
        }
        if kinds.count == 1 { return kinds[0] }
        let reason = kinds.isEmpty ? "no datapaths exist" : "multiple datapaths, specify one"
        throw CommandError(
            "ovs-vswitchd: \(reason)\novs-vswitchd: datapath not found (Invalid argument)")
    }

    /// The bridges of a datapath, by name.
    func bridges(of kind: DatapathKind) -> [ManagedBridge] {
        bridges.values.filter { DatapathKind($0.configuration) == kind }
            .sorted { $0.name < $1.name }
    }

    /// The datapath that a datapath port belongs to.
    func kind(ofPort number: UInt32) -> DatapathKind? {
        let name =
            network.portsByDatapathNumber[number]?.bridge.name
            ?? tunnels.devices.values.first { $0.number == number }?.bridge
        return name.flatMap { bridges[$0] }
            .map { DatapathKind($0.configuration) }
    }
}
