public import FlowModel

/// Names a flow of a datapath for as long as it is there.
///
/// Slots are used again; the generation tells their flows apart. Each forwarding thread has flows
/// of its own.
public struct FlowID: Hashable, Sendable {
    public let slot: UInt32
    public let generation: UInt32
    /// The number of the datapath.
    public let thread: UInt16

    public func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(slot) | UInt64(generation) << 32 ^ UInt64(thread) << 22)
    }
}

/// What a flow has counted.
public struct FlowStatistics: Hashable, Sendable {
    public var packets: UInt64 = 0
    /// Octets of frames; a super-packet counts with its whole length.
    public var octets: UInt64 = 0
    /// When the last packet came, in the caller's milliseconds; `nil` for never.
    public var lastUsed: UInt64?
    /// All flags of TCP packets seen.
    public var tcpFlags: UInt16 = 0

    public init() {}
}

/// A flow as it was put in, and what it has counted.
public struct DatapathFlow: Sendable {
    public let id: FlowID
    /// The key under the mask.
    public let key: SparseKey
    public let mask: SparseKey
    public let actions: [DatapathAction]
    public let statistics: FlowStatistics
    public let place: FlowPlace
}

/// Where packets of a flow are forwarded.
public enum FlowPlace: Hashable, Sendable {
    /// By the datapath itself, which has nothing below it.
    case datapath
    /// By what is below the datapath.
    case offload
    /// By the datapath itself, since what is below it cannot: a reason.
    case refused(String)
}

/// What a datapath has counted of lookups.
public struct DatapathStatistics: Hashable, Sendable {
    /// Packets that found a flow.
    public var hits: UInt64 {
        simpleHits + exactMatchHits + signatureHits + megaflowHits + offloadedHits
    }
    /// Packets of ports whose flows are all simple.
    public var simpleHits: UInt64 = 0
    public var exactMatchHits: UInt64 = 0
    public var signatureHits: UInt64 = 0
    /// Packets that an offload forwarded.
    public var offloadedHits: UInt64 = 0
    public var megaflowHits: UInt64 = 0
    /// Packets that went up for want of a flow.
    public var misses: UInt64 = 0
    /// Packets that should have gone up, and were dropped because too many waited.
    public var lost: UInt64 = 0
    /// Subtables that were looked at for the packets that found a megaflow.
    public var maskLookups: UInt64 = 0
    public var receivedPackets: UInt64 = 0
    public var recirculations: UInt64 = 0
    /// Packets handed to ports, and how often a port was called for them.
    public var sentPackets: UInt64 = 0
    public var sentBatches: UInt64 = 0
    /// Packets dropped because they were recirculated too often.
    public var recirculationDrops: UInt64 = 0
    /// Packets dropped because an action found no port.
    public var missingPortDrops: UInt64 = 0
    /// Packets dropped because their buffer had no room for another header.
    public var headroomDrops: UInt64 = 0
    /// Packets dropped because they could not be cut into segments for a port.
    public var segmentationDrops: UInt64 = 0
    /// Packets to tunnels of this host that were dropped because of their headers.
    public var tunnelPopDrops: UInt64 = 0
    /// Packets dropped because a tunnel's headers would have made them too long.
    public var tunnelPushDrops: UInt64 = 0
    /// Cycles that the owner took for packets that went up.
    public var upcallCycles: UInt64 = 0

    public init() {}

    /// Adds up what two threads have counted.
    public static func += (sum: inout Self, other: Self) {
        let counters: [WritableKeyPath<Self, UInt64>] = [
            \.simpleHits, \.exactMatchHits, \.signatureHits, \.megaflowHits, \.misses, \.lost,
            \.maskLookups, \.receivedPackets, \.recirculations, \.sentPackets, \.sentBatches,
            \.recirculationDrops, \.missingPortDrops, \.headroomDrops, \.segmentationDrops,
            \.tunnelPopDrops, \.tunnelPushDrops, \.upcallCycles,
        ]
        for counter in counters { sum[keyPath: counter] &+= other[keyPath: counter] }
    }
}

/// Why a datapath refuses a flow or a port.
public enum DatapathError: Error, Hashable, Sendable {
    /// There are as many flows as may be.
    case tooManyFlows(limit: Int)
    /// The number is not below ``UserspaceDatapath/maximumPorts``.
    case portNumberOutOfRange(UInt32)
    case portNumberInUse(UInt32)
    /// An action that the userspace datapath cannot perform; the name is OVS's.
    case unsupportedAction(String)
    /// There are more actions in a flow than may be.
    case tooManyActions(limit: Int)
    /// The flow has gone.
    case noSuchFlow
}

extension DatapathError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooManyFlows(let limit): "the datapath holds its limit of \(limit) flows"
        case .portNumberOutOfRange(let number):
            "datapath port \(number) is not below \(UserspaceDatapath.maximumPorts)"
        case .portNumberInUse(let number): "datapath port \(number) is in use"
        case .unsupportedAction(let name):
            "the userspace datapath does not support the action \(name)"
        case .tooManyActions(let limit): "a flow may have at most \(limit) datapath actions"
        case .noSuchFlow: "the flow is no longer in the datapath"
        }
    }
}
