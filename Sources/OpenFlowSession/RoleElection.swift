public import OpenFlow

/// Which election of a primary controller is the latest (OpenFlow 1.3.5 §6.3.6).
///
/// All sessions of one bridge share one value, so that a controller that lost an election without
/// noticing cannot take the bridge back.
public struct RoleElection: Hashable, Sendable {
    /// The number of the latest election that a controller named.
    public private(set) var generationID: UInt64?

    public init() {}

    /// Lets a request through, unless it stems from an older election.
    public mutating func admit(_ wanted: Role) throws(OpenFlowError) {
        guard wanted.kind == .primary || wanted.kind == .secondary,
            let generation = wanted.generationID
        else { return }
        if let latest = generationID {
            // Numbers wrap around, so the distance counts.
            let distance = Int64(bitPattern: generation &- latest)
            guard distance >= 0 else { throw .roleStale }
        }
        generationID = generation
    }
}
