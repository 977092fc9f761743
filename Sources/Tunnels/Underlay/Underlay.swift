public import Addresses

/// What outer packets need to know of the networks below: routes, neighbours, and who listens.
public final class Underlay {
    public static let standardPorts: ClosedRange<UInt16> = 32768...61000

    public var routes = RouteTable()
    public var neighbours = NeighbourTable()
    public var listeners = ListenerTable()
    /// Where the source ports of UDP come from.
    public var sourcePorts = standardPorts
    /// The addresses of each device, which routes leave with.
    public var addresses: [UnderlayAddress] = []

    public init() {}

    /// The address of a device from which `destination` is best reached: one of its network, and
    /// else the first of its family.
    public func source(on device: String, for destination: IPAddress) -> IPAddress? {
        let candidates = addresses.filter {
            $0.device == device && $0.address.isIPv4 == destination.isIPv4
        }
        let near = candidates.first {
            $0.address.prefix($0.prefixLength) == destination.prefix($0.prefixLength)
        }
        return (near ?? candidates.first)?.address
    }
}
