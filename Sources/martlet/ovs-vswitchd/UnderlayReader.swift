import Addresses
import LinuxPorts
import Netlink
import Tunnels

/// Turns what the kernel tells into routes and addresses for tunnels.
struct UnderlayReader {
    /// The kernel's tables that are followed.
    private static let mainTable: UInt32 = 254
    private static let localTable: UInt32 = 255
    private static let unicast: UInt8 = 1
    private static let local: UInt8 = 2

    private let names: [Int32: LinkMessage]
    let addresses: [UnderlayAddress]

    init(_ state: UnderlayState) {
        let names = Dictionary(
            state.links.map { ($0.index, $0) }, uniquingKeysWith: { $1 })
        addresses = state.addresses.compactMap { message in
            guard let link = names[Int32(bitPattern: message.index)] else { return nil }
            return UnderlayAddress(
                device: link.name, hardware: link.address ?? .zero,
                address: IPAddress(message.address), prefixLength: Int(message.prefixLength))
        }
        self.names = names
        routes = []
        routes = state.routes.compactMap { route(of: $0) }
    }

    private(set) var routes: [Route]

    private func route(of message: RouteMessage) -> Route? {
        guard [Self.mainTable, Self.localTable].contains(message.table),
            [Self.unicast, Self.local].contains(message.type),
            let index = message.index, let link = names[index]
        else { return nil }
        let network =
            message.destination.map { IPAddress($0) }
            ?? (message.family == 2 ? IPAddress(IPv4Address(0)) : IPAddress.none)
        let gateway = message.gateway.map { IPAddress($0) } ?? .none
        let near = gateway.isNone ? network : gateway
        guard
            let source = message.preferredSource.map({ IPAddress($0) })
                ?? source(on: link.name, for: near)
        else { return nil }
        // A route to a group is none to a tunnel's end.
        guard !network.isMulticast else { return nil }
        var route = Route(
            network: network, length: Int(message.prefixLength), device: link.name,
            gateway: gateway, source: source)
        route.isLocal = message.table == Self.localTable
        route.origin = .system
        route.metric = message.metric
        return route
    }

    private func source(on device: String, for address: IPAddress) -> IPAddress? {
        let candidates = addresses.filter {
            $0.device == device && $0.address.isIPv4 == address.isIPv4
        }
        let near = candidates.first {
            $0.address.prefix($0.prefixLength) == address.prefix($0.prefixLength)
        }
        return (near ?? candidates.first)?.address
    }
}

extension IPAddress {
    init(_ address: NetworkAddress) {
        switch address {
        case .ipv4(let address): self.init(address)
        case .ipv6(let address): self.init(address)
        }
    }
}
