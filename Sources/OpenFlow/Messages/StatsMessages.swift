public import FlowModel

/// Asks for statistics or descriptions; "multipart" in OpenFlow 1.3 (§7.3.5).
public enum StatsRequest: Hashable, Sendable {
    case description
    case flow(FlowStatsRequest)
    case aggregate(FlowStatsRequest)
    case table
    /// ``PortNumber/none`` for every port.
    case port(PortNumber)
    /// `nil` for every queue.
    case queue(PortNumber, queueID: UInt32?)
    /// ``PortNumber/none`` for every port.
    case portDescription(PortNumber)
    case group(UInt32)
    case groupDescription(UInt32)
    case groupFeatures
    case meter(UInt32)
    case meterConfig(UInt32)
    case meterFeatures
    case tableFeatures
    /// OpenFlow 1.4 and later.
    case tableDescription
    /// OpenFlow 1.4 and later; ``PortNumber/none`` for every port, `nil` for every queue.
    case queueDescription(PortNumber, queueID: UInt32?)
    case flowMonitor([FlowMonitorRequest])
}

/// Answers a ``StatsRequest``, or a part of the answer.
public struct StatsReply: Hashable, Sendable {
    public enum Body: Hashable, Sendable {
        case description(SwitchDescription)
        case flow([FlowStatsEntry])
        case aggregate(AggregateStats)
        case table([TableStats])
        case port([PortStats])
        case queue([QueueStats])
        case portDescription([PortDescription])
        case group([GroupStats])
        case groupDescription([GroupDescription])
        case groupFeatures(GroupFeatures)
        case meter([MeterStats])
        case meterConfig([MeterConfig])
        case meterFeatures(MeterFeatures)
        case tableFeatures([TableFeatures])
        /// OpenFlow 1.4 and later.
        case tableDescription([TableMod])
        /// OpenFlow 1.4 and later.
        case queueDescription([QueueDescription])
        case flowMonitor([FlowUpdate])
    }

    public var body: Body
    /// Another part follows.
    public var hasMore: Bool

    public init(_ body: Body, hasMore: Bool = false) {
        self.body = body
        self.hasMore = hasMore
    }
}
