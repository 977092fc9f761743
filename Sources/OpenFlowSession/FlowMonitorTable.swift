import FlowModel
public import OpenFlow

/// The flow monitors of one controller (OpenFlow 1.4.1 §7.4.6.1).
///
/// Each change to the rules is put in with ``note(_:isOwn:matches:)``; what the controller is to be
/// told gathers until ``takeUpdates()``. A controller that does not read is not told everything at
/// length: the monitors pause, remember which rules have changed, and tell of each of those once
/// when the controller has read the rest. A rule that came and went meanwhile is never told of.
public struct FlowMonitorTable: Sendable {
    /// How many monitors a controller may have.
    public static var maxMonitorCount: Int { 1024 }
    /// Octets that wait for the controller above which updates stop, as in OVS.
    public static var pauseByteCount: Int { 128 * 1024 }

    /// A change to a rule.
    public struct Change: Sendable {
        public var flow: MonitoredFlow
        /// The transaction of the request that made it; 0 for none.
        public var xid: UInt32

        public init(_ flow: MonitoredFlow, xid: UInt32 = 0) {
            self.flow = flow
            self.xid = xid
        }
    }

    /// What makes a rule the same one.
    private struct Place: Hashable {
        let table: UInt8
        let priority: UInt16
        let match: Match
    }

    private var monitors: [UInt32: FlowMonitorRequest] = [:]
    private var updates: [FlowUpdate] = []
    /// Whether the updates at hand have one that stands for the controller's own changes.
    private var hasAbbreviation = false
    public private(set) var isPaused = false
    /// What is to be told when the controller reads again, and in which order it began.
    private var postponed: [Place: (order: Int, flow: MonitoredFlow)] = [:]
    private var postponedCount = 0

    public init() {}

    public var isEmpty: Bool { monitors.isEmpty }

    // MARK: Monitors

    /// Adds, changes or ends a monitor.
    public mutating func handle(_ request: FlowMonitorRequest) throws(OpenFlowError) {
        switch request.command {
        case .add:
            guard monitors[request.id] == nil else { throw .flowMonitorMonitorExists }
            guard monitors.count < Self.maxMonitorCount else { throw .flowMonitorUnknown }
            monitors[request.id] = request
        case .modify:
            guard monitors[request.id] != nil else { throw .flowMonitorUnknownMonitor }
            monitors[request.id] = request
        case .delete: try cancel(request.id)
        }
    }

    public mutating func cancel(_ id: UInt32) throws(OpenFlowError) {
        guard monitors.removeValue(forKey: id) != nil else { throw .flowMonitorUnknownMonitor }
    }

    // MARK: Changes

    /// Notes a change.
    ///
    /// - Parameters:
    ///   - isOwn: whether the controller itself has made it.
    ///   - sends: whether the rule sends to the port and the group that a monitor asks for.
    public mutating func note(
        _ change: Change, isOwn: Bool, sends: (FlowMonitorRequest) -> Bool
    ) {
        let wanted = Self.flag(change.flow.event)
        var flags: FlowMonitorRequest.Flags = []
        for monitor in monitors.values
        where monitor.flags.contains(wanted) && monitor.covers(change.flow) && sends(monitor) {
            flags.formUnion(monitor.flags)
        }
        guard !flags.isEmpty else { return }
        var flow = change.flow
        if !flags.contains(.actions) { flow.actions = [] }
        if isPaused, postpone(flow) { return }
        if isOwn && !flags.contains(.own) && !isPaused {
            guard !hasAbbreviation else { return }
            hasAbbreviation = true
            updates.append(.abbreviated(xid: change.xid))
        } else {
            updates.append(.full(flow))
        }
    }

    private static func flag(_ event: MonitoredFlow.Event) -> FlowMonitorRequest.Flags {
        switch event {
        case .initial: .initial
        case .added: .add
        case .deleted: .delete
        case .modified: .modify
        }
    }

    /// - Returns: whether the change is not to be told now.
    private mutating func postpone(_ flow: MonitoredFlow) -> Bool {
        let place = Place(table: flow.tableID, priority: flow.priority, match: flow.match)
        let earlier = postponed[place]
        if case .deleted = flow.event {
            postponed[place] = nil
            // The controller does not know a rule that came after the pause began.
            return earlier?.flow.event == .added
        }
        var flow = flow
        if earlier?.flow.event == .added { flow.event = .added }
        postponedCount += earlier == nil ? 1 : 0
        postponed[place] = (earlier?.order ?? postponedCount, flow)
        return true
    }

    /// What is to be told of the changes so far, of one request as a rule.
    public mutating func takeUpdates() -> [FlowUpdate] {
        defer { updates = [] }
        hasAbbreviation = false
        return updates
    }

    // MARK: Controllers that do not read

    /// Stops telling if too much waits for the controller.
    ///
    /// - Returns: whether the controller is to be told that.
    public mutating func pause(ifQueued byteCount: Int) -> Bool {
        guard !isPaused, !monitors.isEmpty, byteCount > Self.pauseByteCount else { return false }
        isPaused = true
        return true
    }

    /// Goes on when the controller has read everything.
    ///
    /// - Returns: what has changed meanwhile, to be told before that updates go on.
    public mutating func resume() -> [FlowUpdate] {
        guard isPaused else { return [] }
        isPaused = false
        defer {
            postponed = [:]
            postponedCount = 0
        }
        return postponed.values.sorted { $0.order < $1.order }.map { .full($0.flow) }
    }
}
