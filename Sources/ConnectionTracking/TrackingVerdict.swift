/// What the tracker says of a packet, and what is to be done with it.
public struct TrackingVerdict {
    public var state = ConnectionState()
    /// Whether the packet is an ICMP error: the packet within is translated too, the other way.
    public let isRelated: Bool
    var translation: TranslationKind = []
    /// The tuple that a translated packet has.
    public var target = ConnectionKey()
    /// The number of the change of its payload, for ``ConnectionTracker/takeEdit(of:)``, or 0.
    var edit: UInt32 = 0
    /// What is added to the sequence number and the acknowledgement of a segment.
    public var sequenceDelta: Int32 = 0
    public var acknowledgementDelta: Int32 = 0
    /// How the numbers that the segment acknowledges were changed on their way.
    public var acknowledged = SequenceSkew()

    init(isRelated: Bool) { self.isRelated = isRelated }

    /// Whether the segment changes besides its addresses and ports.
    @inline(__always)
    public var changesStream: Bool {
        edit != 0 || sequenceDelta != 0 || acknowledgementDelta != 0 || acknowledged.isOn
    }
    /// Whether its payload changes.
    public var hasEdit: Bool { edit != 0 }
    public var isTranslated: Bool { !translation.isEmpty }
    public var translatesSource: Bool { translation.contains(.source) }
    public var translatesDestination: Bool { translation.contains(.destination) }
}

/// What was counted since the start.
public struct TrackingStatistics: Equatable, Sendable {
    /// Packets that belong nowhere.
    public var invalid: UInt64 = 0
    /// Connections that found no room.
    public var full: UInt64 = 0
    /// Connections for which no free address and port was found.
    public var exhaustions: UInt64 = 0
}
