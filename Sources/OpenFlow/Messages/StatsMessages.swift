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
        /// The answers that a switch without groups and meters gives.
        case noGroups, noGroupDescriptions, noMeters, noMeterConfigs
        case groupFeatures(GroupFeatures)
        case meterFeatures(MeterFeatures)
        case tableFeatures([TableFeatures])
    }

    public var body: Body
    /// Another part follows.
    public var hasMore: Bool

    public init(_ body: Body, hasMore: Bool = false) {
        self.body = body
        self.hasMore = hasMore
    }
}

/// Which groups a switch can have, by type: all, select, indirect, fast failover.
public struct GroupFeatures: Hashable, Sendable {
    public var types: UInt32
    public var capabilities: UInt32
    public var maxGroups: [UInt32]
    public var actions: [UInt32]

    public init(
        types: UInt32 = 0, capabilities: UInt32 = 0, maxGroups: [UInt32] = [0, 0, 0, 0],
        actions: [UInt32] = [0, 0, 0, 0]
    ) {
        self.types = types
        self.capabilities = capabilities
        self.maxGroups = maxGroups
        self.actions = actions
    }
}

/// Which meters a switch can have.
public struct MeterFeatures: Hashable, Sendable {
    public var maxMeters: UInt32
    public var bandTypes: UInt32
    public var capabilities: UInt32
    public var maxBands: UInt8
    public var maxColor: UInt8

    public init(
        maxMeters: UInt32 = 0, bandTypes: UInt32 = 0, capabilities: UInt32 = 0,
        maxBands: UInt8 = 0, maxColor: UInt8 = 0
    ) {
        self.maxMeters = maxMeters
        self.bandTypes = bandTypes
        self.capabilities = capabilities
        self.maxBands = maxBands
        self.maxColor = maxColor
    }
}
