public import FlowModel

/// What is left to be done with a packet that waits at a controller (`controller(pause)` of
/// ovs-actions(7)).
///
/// It goes out in NXT_PACKET_IN2 and comes back in NXT_RESUME. To the controller it is private; it
/// has the form that OVS gives it, so that OVS's tools can show it.
public struct Continuation: Hashable, Sendable {
    /// Actions that are done in the name of one rule.
    public struct Group: Hashable, Sendable {
        public var table: UInt8
        public var cookie: UInt64
        public var actions: [Action]

        public init(table: UInt8 = 0, cookie: UInt64 = 0, actions: [Action] = []) {
            self.table = table
            self.cookie = cookie
            self.actions = actions
        }
    }

    /// The bridge's own 16 octets.
    public var bridge: [UInt8] = []
    /// The values of `push`, the last one on top, each in as many octets as it needs.
    public var stack: [[UInt8]] = []
    public var isTracked = false
    public var groups: [Group] = []
    public var actionSet: [Action] = []
    /// The port of the datapath that the packet came in on.
    public var datapathPort: UInt32?

    public init() {}
}
