/// A meter's counters.
public struct MeterStats: Hashable, Sendable {
    public var id: UInt32
    public var flowCount: UInt32
    /// What came in.
    public var input: GroupStats.Count
    public var duration: Duration
    /// What each band took.
    public var bands: [GroupStats.Count]

    public init(
        id: UInt32, flowCount: UInt32 = 0, input: GroupStats.Count = .init(),
        duration: Duration = .zero, bands: [GroupStats.Count] = []
    ) {
        self.id = id
        self.flowCount = flowCount
        self.input = input
        self.duration = duration
        self.bands = bands
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
