import Addresses
import FlowModel
import Pipeline
import Tunnels

/// `ovs/route/...`.
extension VirtualSwitch {
    /// `ovs/route/add IP/PLEN DEVICE [GATEWAY] [pkt_mark=MARK]`.
    public func routeAdd(_ arguments: [String]) throws(CommandError) -> String {
        let (network, length) = try Self.network(arguments[0])
        var gateway = IPAddress.none
        var mark: UInt32 = 0
        for (index, argument) in arguments.dropFirst(2).enumerated() {
            if let value = Self.mark(argument) {
                mark = value
            } else if index == 0, let address = IPAddress(argument),
                address.isIPv4 == network.isIPv4
            {
                gateway = address
            } else {
                throw CommandError(index == 0 ? "Invalid pkt_mark or gateway" : "Invalid pkt_mark")
            }
        }
        let device = arguments[1]
        let underlay = self.network.underlay
        let near = gateway.isNone ? network : gateway
        guard let source = underlay.source(on: device, for: near) else {
            throw CommandError("Error while inserting route.")
        }
        var route = Route(
            network: network, length: length, device: device, gateway: gateway, source: source)
        route.mark = mark
        underlay.routes.insert(route)
        refreshListeners()
        self.network.bumpVersion()
        return "OK"
    }

    public func routeShow() -> String {
        // This host's own addresses go first.
        let routes = network.underlay.routes.routes
        return "Route Table:\n"
            + (routes.filter(\.isLocal) + routes.filter { !$0.isLocal })
            .map { $0.text + "\n" }.joined()
    }

    public func routeDelete(_ arguments: [String]) throws(CommandError) -> String {
        let (network, length) = try Self.network(arguments[0])
        var mark: UInt32 = 0
        if arguments.count > 1 {
            guard let value = Self.mark(arguments[1]) else {
                throw CommandError("Invalid pkt_mark")
            }
            mark = value
        }
        guard self.network.underlay.routes.remove(network: network, length: length, mark: mark)
        else { throw CommandError("Not found") }
        refreshListeners()
        self.network.bumpVersion()
        return "OK"
    }

    public func routeLookup(_ arguments: [String]) throws(CommandError) -> String {
        guard let address = IPAddress(arguments[0]) else {
            throw CommandError("Invalid parameters")
        }
        var mark: UInt32 = 0
        if arguments.count > 1 {
            guard let value = Self.mark(arguments[1]) else {
                throw CommandError("Invalid pkt_mark")
            }
            mark = value
        }
        guard let route = network.underlay.routes.lookup(address, mark: mark) else {
            throw CommandError("Not found")
        }
        return "src \(route.source)\ngateway \(route.gateway)\ndev \(route.device)\n"
    }

    private static func mark(_ text: String) -> UInt32? {
        guard text.hasPrefix("pkt_mark=") else { return nil }
        return UInt32(text.dropFirst("pkt_mark=".count))
    }

    /// `IP/PLEN`; without a length the whole address.
    private static func network(_ text: String) throws(CommandError) -> (IPAddress, Int) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { throw CommandError("Invalid parameters") }
        guard parts.count > 1 else { return (address, address.width) }
        guard let length = Int(parts[1]), (0...address.width).contains(length) else {
            throw CommandError("Invalid parameters")
        }
        return (address, length)
    }
}
