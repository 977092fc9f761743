/// What a meter does with packets above a rate.
public struct MeterBand: Hashable, Sendable {
    public enum Kind: UInt16, Hashable, Sendable {
        case drop = 1
        /// Raises the drop precedence within the packet's DSCP class.
        case dscpRemark = 2
    }

    public var kind: Kind
    /// Kilobits or packets a second, as the meter's flags say.
    public var rate: UInt32
    /// Kilobits or packets, where the meter has ``MeterConfig/Flags/burst``.
    public var burst: UInt32
    /// By how much ``Kind/dscpRemark`` raises the drop precedence.
    public var precedenceLevel: UInt8

    public init(kind: Kind, rate: UInt32, burst: UInt32 = 0, precedenceLevel: UInt8 = 0) {
        self.kind = kind
        self.rate = rate
        self.burst = burst
        self.precedenceLevel = precedenceLevel
    }
}

/// A meter as it is configured (OpenFlow 1.3.5 §7.3.4.4).
public struct MeterConfig: Hashable, Sendable {
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static var kbps: Self { .init(rawValue: 1 << 0) }
        public static var pktps: Self { .init(rawValue: 1 << 1) }
        public static var burst: Self { .init(rawValue: 1 << 2) }
        public static var stats: Self { .init(rawValue: 1 << 3) }
        public static var known: Self { .init(rawValue: 0xf) }
    }

    /// The highest number that a meter can have.
    public static var maximum: UInt32 { 0xffff_0000 }
    /// Meters of the slow path and of the controller, and what stands for all meters.
    public static var slowPath: UInt32 { 0xffff_fffd }
    public static var controller: UInt32 { 0xffff_fffe }
    public static var all: UInt32 { 0xffff_ffff }

    public var id: UInt32
    public var flags: Flags
    public var bands: [MeterBand]

    public init(id: UInt32, flags: Flags = [], bands: [MeterBand] = []) {
        self.id = id
        self.flags = flags
        self.bands = bands
    }
}

/// Adds, changes or removes a meter.
public struct MeterMod: Hashable, Sendable {
    public enum Command: UInt16, Hashable, Sendable {
        case add = 0
        case modify = 1
        case delete = 2
    }

    public var command: Command
    public var config: MeterConfig

    public init(command: Command, config: MeterConfig) {
        self.command = command
        self.config = config
    }
}
