/// An OpenFlow port number (OpenFlow 1.0 §5.2.1), 16 bits wide as OVS keeps it.
///
/// OpenFlow 1.1 and later use 32 bits on the wire, with the reserved ports at 0xfffffff8 and up.
public struct PortNumber: Hashable, Sendable, Comparable {
    public let value: UInt16

    @inlinable public init(_ value: UInt16) { self.value = value }

    /// The first number that no port has.
    public static var maximum: Self { .init(0xff00) }
    /// Not in an action set: `unset`.
    public static var unset: Self { .init(0xfff7) }
    public static var inPort: Self { .init(0xfff8) }
    public static var table: Self { .init(0xfff9) }
    public static var normal: Self { .init(0xfffa) }
    public static var flood: Self { .init(0xfffb) }
    public static var all: Self { .init(0xfffc) }
    public static var controller: Self { .init(0xfffd) }
    public static var local: Self { .init(0xfffe) }
    public static var none: Self { .init(0xffff) }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// Whether the number names a function instead of a port.
    public var isReserved: Bool { value >= Self.unset.value }

    /// The 32-bit form of OpenFlow 1.1.
    public var wide: UInt32 { isReserved ? UInt32(value) | 0xffff_0000 : UInt32(value) }

    /// The port of a 32-bit number, if it is one that OVS supports.
    public init?(wide: UInt32) {
        if wide < UInt32(Self.maximum.value) {
            self.init(UInt16(wide))
        } else if wide >= UInt32(Self.maximum.value) | 0xffff_0000 {
            self.init(UInt16(truncatingIfNeeded: wide))
        } else {
            return nil
        }
    }

    private static let names: [(Self, String)] = [
        (.unset, "UNSET"), (.inPort, "IN_PORT"), (.table, "TABLE"), (.normal, "NORMAL"),
        (.flood, "FLOOD"), (.all, "ALL"), (.controller, "CONTROLLER"), (.local, "LOCAL"),
        (.none, "NONE"),
    ]

    /// The reserved port of that name in any case.
    public init?(reservedName name: some StringProtocol) {
        let name = name.uppercased()
        guard let match = Self.names.first(where: { $0.1 == name }) else {
            if name == "ANY" {
                self = .none
                return
            }
            return nil
        }
        self = match.0
    }

    /// The name of a reserved port.
    public var reservedName: String? {
        isReserved ? Self.names.first { $0.0 == self }?.1 : nil
    }
}

extension PortNumber: CustomStringConvertible {
    public var description: String { reservedName ?? String(value) }
}

/// What the controller wants of a port; the bits of OpenFlow 1.0 §5.2.1, of which later versions
/// keep a few.
public struct PortConfig: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static var down: Self { .init(rawValue: 1 << 0) }
    public static var noSTP: Self { .init(rawValue: 1 << 1) }
    public static var noReceive: Self { .init(rawValue: 1 << 2) }
    public static var noReceiveSTP: Self { .init(rawValue: 1 << 3) }
    public static var noFlood: Self { .init(rawValue: 1 << 4) }
    public static var noForward: Self { .init(rawValue: 1 << 5) }
    public static var noPacketIn: Self { .init(rawValue: 1 << 6) }
}

/// Link modes; the bits of OpenFlow 1.1 §A.2.1.
public struct PortFeatures: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static var half10M: Self { .init(rawValue: 1 << 0) }
    public static var full10M: Self { .init(rawValue: 1 << 1) }
    public static var half100M: Self { .init(rawValue: 1 << 2) }
    public static var full100M: Self { .init(rawValue: 1 << 3) }
    public static var half1G: Self { .init(rawValue: 1 << 4) }
    public static var full1G: Self { .init(rawValue: 1 << 5) }
    public static var full10G: Self { .init(rawValue: 1 << 6) }
    public static var full40G: Self { .init(rawValue: 1 << 7) }
    public static var full100G: Self { .init(rawValue: 1 << 8) }
    public static var full1T: Self { .init(rawValue: 1 << 9) }
    public static var other: Self { .init(rawValue: 1 << 10) }
    public static var copper: Self { .init(rawValue: 1 << 11) }
    public static var fiber: Self { .init(rawValue: 1 << 12) }
    public static var autonegotiation: Self { .init(rawValue: 1 << 13) }
    public static var pause: Self { .init(rawValue: 1 << 14) }
    public static var asymmetricPause: Self { .init(rawValue: 1 << 15) }
}

/// What the link of a port does, and what it could do.
public struct LinkModes: Hashable, Sendable {
    public var current: PortFeatures = []
    public var advertised: PortFeatures = []
    public var supported: PortFeatures = []
    /// What the other end advertises.
    public var peer: PortFeatures = []

    public init() {}
}
