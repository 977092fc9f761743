/// A register of eBPF's machine.
///
/// r0 holds results, r1 to r5 arguments, which calls destroy; r6 to r9 outlive calls, and r10
/// points behind the 512 octets of the stack (RFC 9669 §2.1).
public enum Register: UInt8, Sendable, CaseIterable {
    case r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10
}

/// How much a load or a store moves.
public enum Width: UInt8, Sendable, CaseIterable {
    case word = 0x00
    case half = 0x08
    case octet = 0x10
    case double = 0x18

    /// In octets.
    public var byteCount: Int {
        switch self {
        case .octet: 1
        case .half: 2
        case .word: 4
        case .double: 8
        }
    }
}

/// What an arithmetic instruction does (RFC 9669 §4.1).
public enum Arithmetic: UInt8, Sendable, CaseIterable {
    case add = 0x00
    case subtract = 0x10
    case multiply = 0x20
    case divide = 0x30
    case or = 0x40
    case and = 0x50
    case shiftLeft = 0x60
    case shiftRight = 0x70
    case negate = 0x80
    case remainder = 0x90
    case xor = 0xa0
    case move = 0xb0
    case shiftRightArithmetic = 0xc0
}

/// When a jump is taken; comparisons take both sides without sign (RFC 9669 §4.3).
public enum Condition: UInt8, Sendable, CaseIterable {
    case always = 0x00
    case equal = 0x10
    case greater = 0x20
    case greaterOrEqual = 0x30
    case anyBit = 0x40
    case notEqual = 0x50
    case less = 0xa0
    case lessOrEqual = 0xb0
}

/// One instruction of 64 bits, as RFC 9669 §3.1 lays it out.
///
///      0        8        12       16               32                               64
///     +--------+--------+--------+----------------+--------------------------------+
///     |  code  |  dst   |  src   |     offset     |            constant            |
///     +--------+--------+--------+----------------+--------------------------------+
///
/// `dst` is the low half of its octet; offset and constant are in the machine's byte order, which
/// is taken to be little-endian.
public struct Instruction: Hashable, Sendable {
    public let code: UInt8
    public let destination: UInt8
    public let source: UInt8
    public let offset: Int16
    public let constant: Int32

    public init(
        _ code: UInt8, _ destination: Register = .r0, _ source: Register = .r0,
        offset: Int16 = 0, constant: Int32 = 0
    ) {
        self.init(
            code: code, destination: destination.rawValue, source: source.rawValue, offset: offset,
            constant: constant)
    }

    init(code: UInt8, destination: UInt8, source: UInt8, offset: Int16, constant: Int32) {
        self.code = code
        self.destination = destination
        self.source = source
        self.offset = offset
        self.constant = constant
    }

    /// - Parameter word: eight octets as they are given to the kernel.
    public init(encoded word: UInt64) {
        self.init(
            code: UInt8(truncatingIfNeeded: word),
            destination: UInt8(truncatingIfNeeded: word >> 8) & 0xf,
            source: UInt8(truncatingIfNeeded: word >> 12) & 0xf,
            offset: Int16(truncatingIfNeeded: word >> 16),
            constant: Int32(truncatingIfNeeded: word >> 32))
    }

    /// As it is given to the kernel.
    public var encoded: UInt64 {
        UInt64(code) | UInt64(destination) << 8 | UInt64(source) << 12
            | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: constant)) << 32
    }

    /// The kind of instruction, in the low three bits of the code.
    var instructionClass: UInt8 { code & 7 }

    /// Whether the constant has its upper half in the word behind.
    public var isWide: Bool { code == Self.wideCode }

    static var wideCode: UInt8 { 0x18 }
}

/// A function of the kernel that programs may call, by its number in `linux/bpf.h`.
public struct Helper: Hashable, Sendable {
    public let number: Int32
    public let name: String

    public static let mapLookup = Helper(number: 1, name: "bpf_map_lookup_elem")
    public static let storeOctets = Helper(number: 9, name: "bpf_skb_store_bytes")
    public static let replaceL3Checksum = Helper(number: 10, name: "bpf_l3_csum_replace")
    public static let replaceL4Checksum = Helper(number: 11, name: "bpf_l4_csum_replace")
    public static let tailCall = Helper(number: 12, name: "bpf_tail_call")
    public static let cloneRedirect = Helper(number: 13, name: "bpf_clone_redirect")
    public static let pushVLAN = Helper(number: 18, name: "bpf_skb_vlan_push")
    public static let popVLAN = Helper(number: 19, name: "bpf_skb_vlan_pop")
    public static let redirect = Helper(number: 23, name: "bpf_redirect")
    public static let loadOctets = Helper(number: 26, name: "bpf_skb_load_bytes")
    public static let pullData = Helper(number: 39, name: "bpf_skb_pull_data")
    public static let changeHead = Helper(number: 43, name: "bpf_skb_change_head")
    public static let redirectMap = Helper(number: 51, name: "bpf_redirect_map")
    public static let redirectPeer = Helper(number: 155, name: "bpf_redirect_peer")
    public static let coarseTime = Helper(number: 160, name: "bpf_ktime_get_coarse_ns")

    static let all: [Helper] = [
        mapLookup, storeOctets, replaceL3Checksum, replaceL4Checksum, tailCall, cloneRedirect,
        pushVLAN, popVLAN, redirect, loadOctets, pullData, changeHead, redirectMap, redirectPeer,
        coarseTime,
    ]
}
