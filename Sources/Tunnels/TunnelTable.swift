public import Addresses

/// What tells the tunnel of a packet that came out of a datapath port of tunnels.
public struct TunnelIdentity: Hashable, Sendable {
    public let datapathPort: UInt32
    public let local: IPAddress
    public let remote: IPAddress
    public let key: UInt64
    /// Whether the packet has no Ethernet header.
    public let isBare: Bool

    public init(
        datapathPort: UInt32, local: IPAddress, remote: IPAddress, key: UInt64, isBare: Bool
    ) {
        self.datapathPort = datapathPort
        self.local = local
        self.remote = remote
        self.key = key
        self.isBare = isBare
    }
}

/// Finds the tunnel that a packet came through.
///
/// What a tunnel leaves to flows is left out of its place in the table; a lookup tries the dozen of
/// ways to leave something out, from what is said most exactly to what is said least, so that
/// its cost does not grow with the number of tunnels.
public struct TunnelTable<Port> {
    /// What stands where a tunnel takes any value.
    private enum Local: Hashable {
        case fixed(IPAddress)
        case any
        case flow
    }

    private struct Place: Hashable {
        let datapathPort: UInt32
        let key: UInt64?
        let remote: IPAddress?
        let local: Local
        let payload: TunnelSettings.Payload
    }

    private var ports: [Place: (settings: TunnelSettings, port: Port)] = [:]

    public init() {}

    public var count: Int { ports.count }

    private static func place(_ settings: TunnelSettings, _ datapathPort: UInt32) -> Place {
        let local: Local =
            switch settings.local {
            case .flow: .flow
            case .fixed(let address): address.isNone ? .any : .fixed(address)
            }
        return Place(
            datapathPort: datapathPort, key: settings.inKey.value, remote: settings.remote.value,
            local: local, payload: settings.payload)
    }

    /// The port that takes the same packets, if there is one.
    public func conflict(with settings: TunnelSettings, datapathPort: UInt32) -> Port? {
        ports[Self.place(settings, datapathPort)]?.port
    }

    public mutating func insert(_ port: Port, _ settings: TunnelSettings, datapathPort: UInt32) {
        ports[Self.place(settings, datapathPort)] = (settings, port)
    }

    public mutating func remove(_ settings: TunnelSettings, datapathPort: UInt32) {
        ports[Self.place(settings, datapathPort)] = nil
    }

    public func lookup(_ identity: TunnelIdentity) -> Port? {
        for payload in [identity.isBare ? .packets : .frames, TunnelSettings.Payload.any] {
            for key in [identity.key, nil] {
                for remote in [identity.remote, nil] {
                    if let port = lookup(identity, key, remote, payload) { return port }
                }
            }
        }
        return nil
    }

    private func lookup(
        _ identity: TunnelIdentity, _ key: UInt64?, _ remote: IPAddress?,
        _ payload: TunnelSettings.Payload
    ) -> Port? {
        for local in [.fixed(identity.local), .any, Local.flow] {
            let place = Place(
                datapathPort: identity.datapathPort, key: key, remote: remote, local: local,
                payload: payload)
            if let found = ports[place] { return found.port }
        }
        return nil
    }
}
