public import Addresses

/// A way to outer addresses.
public struct Route: Hashable, Sendable {
    /// Where the route came from.
    public enum Origin: Hashable, Sendable {
        /// The kernel has it.
        case system
        /// `ovs/route/add`.
        case user
    }

    /// The first address of the network.
    public let network: IPAddress
    /// Leading bits that matter, of 32 or 128.
    public let length: Int
    public let isIPv4: Bool
    public let device: String
    public let gateway: IPAddress
    /// The address that packets leave with.
    public let source: IPAddress
    /// Whether the address is one of this host.
    public var isLocal = false
    /// The mark that packets need to have; 0 for those without.
    public var mark: UInt32 = 0
    public var origin = Origin.user
    /// Of two system routes to one network, the one with the lower metric is taken.
    public var metric: UInt32 = 0

    /// - Parameter gateway: `.none` if the network is the device's own.
    public init(
        network: IPAddress, length: Int, device: String, gateway: IPAddress = .none,
        source: IPAddress
    ) {
        self.network = network.prefix(length)
        self.length = length
        isIPv4 = network.isIPv4
        self.device = device
        self.gateway = gateway
        self.source = source
    }

    func leads(to address: IPAddress, mark: UInt32) -> Bool {
        address.isIPv4 == isIPv4 && self.mark == mark && address.prefix(length) == network
    }

    /// As `ovs/route/show` prints it.
    public var text: String {
        var text = origin == .system ? "Cached: " : "User: "
        text += "\(network)/\(length)"
        if mark != 0 { text += " MARK \(mark)" }
        text += " dev \(device)"
        if !gateway.isNone { text += " GW \(gateway)" }
        text += " SRC \(source)"
        if isLocal { text += " local" }
        return text
    }
}

/// The ways that outer packets take: longest prefix first.
///
/// A hash table for each length of prefix in use: a lookup costs as many probes as there are
/// lengths, whatever the number of routes.
public struct RouteTable: Sendable {
    private struct Key: Hashable {
        let network: IPAddress
        let mark: UInt32
    }

    private struct Level {
        let isIPv4: Bool
        let length: Int
        var routes: [Key: [Route]] = [:]
    }

    /// The longest prefix first, of IPv4 before IPv6.
    private var levels: [Level] = []

    public init() {}

    public var routes: [Route] {
        levels.flatMap { level in
            level.routes.values.flatMap { $0 }.sorted {
                ($0.network, $0.mark, $0.device) < ($1.network, $1.mark, $1.device)
            }
        }
    }

    /// Adds a route, in the place of one of the same origin to the same network.
    public mutating func insert(_ route: Route) {
        let key = Key(network: route.network, mark: route.mark)
        let index = index(of: route)
        var routes = levels[index].routes[key] ?? []
        routes.removeAll {
            $0.origin == route.origin
                && (route.origin == .user || ($0.metric, $0.device) == (route.metric, route.device))
        }
        routes.append(route)
        // What the user says goes first.
        routes.sort {
            ($0.origin == .user ? 0 : 1, $0.metric) < ($1.origin == .user ? 0 : 1, $1.metric)
        }
        levels[index].routes[key] = routes
    }

    private mutating func index(of route: Route) -> Int {
        if let index = levels.firstIndex(where: {
            $0.isIPv4 == route.isIPv4 && $0.length == route.length
        }) {
            return index
        }
        let level = Level(isIPv4: route.isIPv4, length: route.length)
        let index = levels.firstIndex { Self.rank($0) < Self.rank(level) } ?? levels.count
        levels.insert(level, at: index)
        return index
    }

    /// As the mapped addresses of IPv4 have it, whose prefixes begin behind 96 bits.
    private static func rank(_ level: Level) -> Int { level.length + (level.isIPv4 ? 96 : 0) }

    /// Removes what the user has added.
    ///
    /// - Returns: whether there was such a route.
    @discardableResult
    public mutating func remove(network: IPAddress, length: Int, mark: UInt32) -> Bool {
        let key = Key(network: network.prefix(length), mark: mark)
        guard
            let index = levels.firstIndex(where: {
                $0.isIPv4 == network.isIPv4 && $0.length == length
            }), var routes = levels[index].routes[key],
            let place = routes.firstIndex(where: { $0.origin == .user })
        else { return false }
        routes.remove(at: place)
        levels[index].routes[key] = routes.isEmpty ? nil : routes
        if levels[index].routes.isEmpty { levels.remove(at: index) }
        return true
    }

    /// Takes the routes that the kernel has now.
    public mutating func replaceSystemRoutes(_ routes: [Route]) {
        let own = self.routes.filter { $0.origin == .user }
        levels = []
        for route in routes + own { insert(route) }
    }

    public func lookup(_ address: IPAddress, mark: UInt32 = 0) -> Route? {
        for level in levels where level.isIPv4 == address.isIPv4 {
            let key = Key(network: address.prefix(level.length), mark: mark)
            if let route = level.routes[key]?.first { return route }
        }
        return nil
    }

    /// The devices that routes lead to.
    public var devices: Set<String> {
        Set(levels.flatMap { $0.routes.values.flatMap { $0.map(\.device) } })
    }
}
