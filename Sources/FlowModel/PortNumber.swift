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
