public import FlowModel

/// Something below the datapath that forwards packets of some flows by itself, as the kernel does.
///
/// The datapath holds all flows, and an offload copies of those that it can carry out. What it
/// cannot, and what finds no flow there, comes up as any packet does. So a flow that an offload
/// refuses costs speed and nothing else, and no more than one place knows what a flow is.
///
/// Flows have the numbers of their slots, which are used again when a flow has gone.
public protocol FlowOffload: AnyObject {
    /// Takes a flow over, gives it other actions, or gives it up if they cannot be carried out.
    func put(_ slot: Int, key: SparseKey, mask: SparseKey, actions: [DatapathAction])

    /// Gives a flow up, after the last ``collect(_:)``.
    func remove(_ slot: Int)

    /// What a flow has counted since the last call; `nil` for nothing.
    func collect(_ slot: Int) -> OffloadedCounts?

    /// Why a flow was not taken over, for commands; `nil` if it was.
    func refusal(of slot: Int) -> String?
}

/// What an offload has counted of a flow.
public struct OffloadedCounts: Hashable, Sendable {
    public var packets: UInt64
    public var octets: UInt64
    public var tcpFlags: UInt16
    /// How many milliseconds ago the last packet came.
    public var age: UInt64

    public init(packets: UInt64, octets: UInt64, tcpFlags: UInt16, age: UInt64) {
        self.packets = packets
        self.octets = octets
        self.tcpFlags = tcpFlags
        self.age = age
    }
}
