import OVSDBModel

/// A bridge, real or fake, as the bridge commands speak of it.
///
/// A *fake bridge* is a port with a VLAN tag and `fake_bridge` set: the ports of its real bridge
/// which have the same tag count as its own.
final class BridgeView {
    let name: String
    /// The row of the real bridge.
    let row: Row
    /// The real bridge around a fake one.
    let parent: BridgeView?
    let vlan: Int64
    /// Fake bridges by VLAN.
    fileprivate(set) var children: [Int64: BridgeView] = [:]
    /// By name, without the local port.
    fileprivate(set) var ports: [String: PortView] = [:]

    init(name: String, row: Row, parent: BridgeView? = nil, vlan: Int64 = 0) {
        self.name = name
        self.row = row
        self.parent = parent
        self.vlan = vlan
    }
}

final class PortView {
    let name: String
    let row: Row
    unowned let bridge: BridgeView
    fileprivate(set) var interfaces: [InterfaceView] = []

    init(name: String, row: Row, bridge: BridgeView) {
        self.name = name
        self.row = row
        self.bridge = bridge
    }
}

final class InterfaceView {
    let name: String
    let row: Row
    unowned let port: PortView

    init(row: Row, port: PortView) {
        name = row.name
        self.row = row
        self.port = port
    }
}

/// Bridges, ports and interfaces by name, kept in step with the changes of the bridge and port
/// commands.
///
/// The database commands may change the same rows in any way; after them the view is made anew.
final class NetworkView {
    private let replica: Replica
    private(set) var bridges: [String: BridgeView] = [:]
    private(set) var ports: [String: PortView] = [:]
    private(set) var interfaces: [String: InterfaceView] = [:]

    /// - Parameter isNarrow: Whether the replica holds only rows that the commands name: then the
    ///   bridges among them are all that is seen.
    init(_ replica: Replica, isNarrow: Bool) {
        self.replica = replica
        if isNarrow {
            for row in replica.rows(of: "Bridge") { _ = addBridge(row) }
            return
        }
        guard let root = replica.rows(of: "Open_vSwitch").first else { return }
        for uuid in root["bridges"].uuids {
            guard let row = replica.row(uuid, in: "Bridge") else { continue }
            add(bridge: row)
        }
    }

    private func add(bridge row: Row) {
        let bridge = BridgeView(name: row.name, row: row)
        bridges[bridge.name] = bridge
        let rows = row["ports"].uuids.compactMap { replica.row($0, in: "Port") }
        for port in rows where Self.isFakeBridge(port) {
            addFakeBridge(named: port.name, in: bridge, vlan: port["tag"].integer ?? 0)
        }
        for port in rows where !Self.isFakeBridge(port) && port.name != bridge.name {
            let child = port["tag"].integer.flatMap { bridge.children[$0] }
            add(port: port, to: child ?? bridge)
        }
    }

    static func isFakeBridge(_ port: Row) -> Bool {
        port["fake_bridge"].boolean == true
            && port["tag"].integer.map { 0...VLAN.maximum ~= $0 } == true
    }
}

/// Numbers of VLANs.
enum VLAN {
    static let maximum: Int64 = 4095
}

// MARK: - Changes

extension NetworkView {
    func addBridge(_ row: Row) -> BridgeView {
        let bridge = BridgeView(name: row.name, row: row)
        bridges[bridge.name] = bridge
        return bridge
    }

    @discardableResult
    func addFakeBridge(named name: String, in parent: BridgeView, vlan: Int64) -> BridgeView {
        let bridge = BridgeView(name: name, row: parent.row, parent: parent, vlan: vlan)
        bridges[name] = bridge
        parent.children[vlan] = bridge
        return bridge
    }

    @discardableResult
    func add(port row: Row, to bridge: BridgeView) -> PortView {
        let port = PortView(name: row.name, row: row, bridge: bridge)
        bridge.ports[port.name] = port
        ports[port.name] = port
        for uuid in row["interfaces"].uuids {
            if let row = replica.row(uuid, in: "Interface") { add(interface: row, to: port) }
        }
        return port
    }

    func add(interface row: Row, to port: PortView) {
        let interface = InterfaceView(row: row, port: port)
        port.interfaces.append(interface)
        interfaces[interface.name] = interface
    }

    func remove(_ interface: InterfaceView) {
        interfaces[interface.name] = nil
        interface.port.interfaces.removeAll { $0 === interface }
    }

    func remove(_ port: PortView) {
        for interface in port.interfaces { interfaces[interface.name] = nil }
        ports[port.name] = nil
        port.bridge.ports[port.name] = nil
    }

    func remove(_ bridge: BridgeView) {
        for child in bridge.children.values { remove(child) }
        for port in Array(bridge.ports.values) { remove(port) }
        bridges[bridge.name] = nil
        bridge.parent?.children[bridge.vlan] = nil
    }
}

// MARK: - Lookup

extension NetworkView {
    func bridge(named name: String) throws(ControlError) -> BridgeView {
        guard let bridge = bridges[name] else { throw ControlError("no bridge named \(name)") }
        return bridge
    }

    /// A bridge of its own, which can have a controller and a fail mode.
    func realBridge(named name: String) throws(ControlError) -> BridgeView {
        let bridge = try bridge(named: name)
        if bridge.parent != nil { throw ControlError("\(name) is a fake bridge") }
        return bridge
    }

    func port(named name: String) throws(ControlError) -> PortView {
        guard let port = ports[name] else { throw ControlError("no port named \(name)") }
        return port
    }

    func interface(named name: String) throws(ControlError) -> InterfaceView {
        guard let interface = interfaces[name] else {
            throw ControlError("no interface named \(name)")
        }
        return interface
    }

    /// Throws where a name is taken; `purpose` says what it was wanted for.
    func checkFree(_ name: String, for purpose: String) throws(ControlError) {
        let holder: String
        if bridges[name] != nil {
            holder = "a bridge named \(name) already exists"
        } else if let port = ports[name] {
            holder = "a port named \(name) already exists on bridge \(port.bridge.name)"
        } else if let interface = interfaces[name] {
            holder =
                "an interface named \(name) already exists on bridge \(interface.port.bridge.name)"
        } else {
            return
        }
        throw ControlError("\(purpose) because \(holder)")
    }
}
