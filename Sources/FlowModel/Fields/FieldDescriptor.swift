/// Where a field lies in a ``FlowKey``: some adjacent bits of one word, or all of two.
public struct FieldLocation: Hashable, Sendable {
    /// The word, or the first (more significant) of two.
    public let word: Int
    /// The place of the least significant bit.
    public let shift: Int
    /// Bits; 128 for two words.
    public let width: Int

    public init(word: Int, shift: Int, width: Int) {
        self.word = word
        self.shift = shift
        self.width = width
    }

    static func at(_ word: Int, _ shift: Int, _ width: Int) -> Self {
        .init(word: word, shift: shift, width: width)
    }

    /// Whether a tunnel's option is there.
    public static func option(_ index: Int) -> Self { .at(KeyWord.optionsPresent, index, 1) }

    // What the datapath knows of a tunnel's outer header and no field matches.
    public static var tunnelTOS: Self { .at(KeyWord.tunnelFlags, 40, 8) }
    public static var tunnelTTL: Self { .at(KeyWord.tunnelFlags, 32, 8) }
    public static var tunnelSourcePort: Self { .at(KeyWord.packetType, 16, 16) }
    public static var tunnelDestinationPort: Self { .at(KeyWord.packetType, 0, 16) }
    /// `tun_flags`, and behind it "don't fragment", "has a checksum" and "has a key".
    public static var outerFlags: Self { .at(KeyWord.tunnelFlags, 48, 4) }
    public static var tunnelHasKey: Self { .at(KeyWord.tunnelFlags, 51, 1) }

    /// All of one word.
    public static func word(_ index: Int) -> Self { .at(index, 0, 64) }

    /// Ones in the field's bits, shifted down.
    public var ones: UInt128 { width == 128 ? .max : (1 << UInt128(width)) - 1 }
}

/// How OVS prints a field.
public enum FieldFormat: Sendable {
    case decimal, hexadecimal, ethernet, ipv4, ipv6
    case port, port32, tcpFlags, ctState, fragment, packetType, tunnelFlags
    /// A number of as many octets as the bridge's map says.
    case tunnelOption
}

/// What a packet must be for a field to have meaning.
public enum Prerequisite: Sendable {
    case none, ethernet, vlan, mpls, pbb, nsh, arp, ip, ipv4, ipv6, ct
    case tcp, udp, sctp, icmpv4, icmpv6, nd, ndSolicit, ndAdvert
}

/// A class of OXM and NXM type-length-values (OpenFlow 1.5 §7.2.3.3, ovs-fields(7)).
public enum WireClass: Sendable, Hashable {
    case nxm0, nxm1, openFlowBasic, packetRegisters, ericsson
    /// Experimenter classes.
    case onf, nxNSH, nxET

    public var number: UInt16 {
        switch self {
        case .nxm0: 0x0000
        case .nxm1: 0x0001
        case .openFlowBasic: 0x8000
        case .packetRegisters: 0x8001
        case .ericsson: 0x1000
        case .onf, .nxNSH, .nxET: 0xffff
        }
    }

    /// The experimenter ID that follows the header, if the class has one.
    public var experimenter: UInt32? {
        switch self {
        case .nxm0, .nxm1, .openFlowBasic, .packetRegisters, .ericsson: nil
        case .onf: 0x4f4e_4600
        case .nxNSH: 0x005a_d650
        case .nxET: 0x0000_2320
        }
    }
}

/// One name and number under which a field travels in OpenFlow messages.
public struct WireName: Sendable, Hashable {
    /// As in `load:1->NXM_NX_REG0[]`.
    public let name: String
    public let wireClass: WireClass
    /// The 7-bit field number within the class.
    public let number: UInt8

    init(_ name: String, _ wireClass: WireClass, _ number: UInt8) {
        self.name = name
        self.wireClass = wireClass
        self.number = number
    }
}

/// A row of the field table: all that any part of Martlet knows of a field.
public struct FieldDescriptor: Sendable {
    public struct Access: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        static var maskable: Self { .init(rawValue: 1) }
        static var writable: Self { .init(rawValue: 2) }
    }

    public let field: Field
    /// OVS's name.
    public let name: String
    /// OVS's other name.
    public let alias: String?
    /// Octets on the wire.
    public let byteCount: Int
    public let format: FieldFormat
    public let location: FieldLocation
    let access: Access
    public let prerequisite: Prerequisite
    /// The NXM name before the OXM names; the first is the one that subfields print.
    public let wireNames: [WireName]

    /// Whether any mask is allowed.
    public var isMaskable: Bool { access.contains(.maskable) }
    public var isWritable: Bool { access.contains(.writable) }
    /// Significant bits.
    public var width: Int { location.width }
}
