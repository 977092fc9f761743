public import Addresses
public import FlowModel

/// A port as the switch describes it (OpenFlow 1.0 §5.2.1, 1.3.5 §7.2.1).
public struct PortDescription: Hashable, Sendable {
    /// How many octets of a name OpenFlow carries, the last being zero.
    public static var maxNameByteCount: Int { 16 }

    public var number: PortNumber
    public var hardwareAddress: EthernetAddress
    public var name: String
    public var config: PortConfig
    public var state: PortState
    public var current: PortFeatures
    public var advertised: PortFeatures
    public var supported: PortFeatures
    public var peer: PortFeatures
    /// Kilobits a second.
    public var currentSpeed: UInt32
    public var maxSpeed: UInt32

    public init(
        number: PortNumber, hardwareAddress: EthernetAddress, name: String,
        config: PortConfig = [], state: PortState = [], current: PortFeatures = [],
        advertised: PortFeatures = [], supported: PortFeatures = [], peer: PortFeatures = [],
        currentSpeed: UInt32 = 0, maxSpeed: UInt32 = 0
    ) {
        self.number = number
        self.hardwareAddress = hardwareAddress
        self.name = name
        self.config = config
        self.state = state
        self.current = current
        self.advertised = advertised
        self.supported = supported
        self.peer = peer
        self.currentSpeed = currentSpeed
        self.maxSpeed = maxSpeed
    }
}

/// What a port does: the bits of OpenFlow 1.1, and those that only 1.0 has for the spanning tree.
public struct PortState: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static var linkDown: Self { .init(rawValue: 1 << 0) }
    public static var blocked: Self { .init(rawValue: 1 << 1) }
    public static var live: Self { .init(rawValue: 1 << 2) }
    public static var stpLearn: Self { .init(rawValue: 1 << 8) }
    public static var stpForward: Self { .init(rawValue: 2 << 8) }
    public static var stpBlock: Self { .init(rawValue: 3 << 8) }
}

extension PortFeatures {
    /// The bits of OpenFlow 1.0, which has none for 40 Gbit/s and more.
    var openFlow10: UInt32 { rawValue & 0x7f | rawValue >> 4 & 0xf80 }

    init(openFlow10 bits: UInt32) {
        self.init(rawValue: bits & 0x7f | (bits & 0xf80) << 4)
    }
}

/// Tells that a port came, went or changed.
public struct PortStatus: Hashable, Sendable {
    public enum Reason: UInt8, Hashable, Sendable {
        case add = 0
        case delete = 1
        case modify = 2
    }

    public var reason: Reason
    public var port: PortDescription

    public init(reason: Reason, port: PortDescription) {
        self.reason = reason
        self.port = port
    }
}

/// Changes a port's configuration.
public struct PortMod: Hashable, Sendable {
    public var port: PortNumber
    public var hardwareAddress: EthernetAddress
    public var config: PortConfig
    /// The bits of ``config`` that count.
    public var mask: PortConfig
    /// Empty to leave what the port advertises.
    public var advertised: PortFeatures

    public init(
        port: PortNumber, hardwareAddress: EthernetAddress, config: PortConfig,
        mask: PortConfig, advertised: PortFeatures = []
    ) {
        self.port = port
        self.hardwareAddress = hardwareAddress
        self.config = config
        self.mask = mask
        self.advertised = advertised
    }
}

/// A port's counters; all ones where the port does not keep one.
public struct PortStats: Hashable, Sendable {
    public var port: PortNumber
    public var receivedPackets: UInt64 = .max
    public var transmittedPackets: UInt64 = .max
    public var receivedBytes: UInt64 = .max
    public var transmittedBytes: UInt64 = .max
    public var receiveDropped: UInt64 = .max
    public var transmitDropped: UInt64 = .max
    public var receiveErrors: UInt64 = .max
    public var transmitErrors: UInt64 = .max
    public var receiveFrameErrors: UInt64 = .max
    public var receiveOverrunErrors: UInt64 = .max
    public var receiveCRCErrors: UInt64 = .max
    public var collisions: UInt64 = .max
    /// How long the port has been there; OpenFlow 1.3 and later.
    public var duration: Duration?

    public init(port: PortNumber) { self.port = port }
}

/// A queue's counters.
public struct QueueStats: Hashable, Sendable {
    public var port: PortNumber
    public var queueID: UInt32
    public var transmittedBytes: UInt64
    public var transmittedPackets: UInt64
    public var transmitErrors: UInt64
    public var duration: Duration?

    public init(
        port: PortNumber, queueID: UInt32, transmittedBytes: UInt64 = 0,
        transmittedPackets: UInt64 = 0, transmitErrors: UInt64 = 0, duration: Duration? = nil
    ) {
        self.port = port
        self.queueID = queueID
        self.transmittedBytes = transmittedBytes
        self.transmittedPackets = transmittedPackets
        self.transmitErrors = transmitErrors
        self.duration = duration
    }
}

/// A queue, and what it is configured to do.
public struct QueueDescription: Hashable, Sendable {
    public var port: PortNumber
    public var queueID: UInt32
    /// What the queue gets at least, in tenths of a percent of the link.
    public var minRate: UInt16?
    /// What the queue gets at most, likewise.
    public var maxRate: UInt16?

    public init(port: PortNumber, queueID: UInt32) {
        self.port = port
        self.queueID = queueID
    }
}

/// The queues of a port, before OpenFlow 1.4.
public struct QueueConfig: Hashable, Sendable {
    public var port: PortNumber
    public var queues: [QueueDescription]

    public init(port: PortNumber, queues: [QueueDescription] = []) {
        self.port = port
        self.queues = queues
    }
}
