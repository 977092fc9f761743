public import FlowModel

/// The bits of `ct_state` (ovs-fields(7)).
public struct ConnectionFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static var new: Self { .init(rawValue: 0x01) }
    public static var established: Self { .init(rawValue: 0x02) }
    public static var related: Self { .init(rawValue: 0x04) }
    public static var reply: Self { .init(rawValue: 0x08) }
    public static var invalid: Self { .init(rawValue: 0x10) }
    public static var tracked: Self { .init(rawValue: 0x20) }
    public static var sourceNAT: Self { .init(rawValue: 0x40) }
    public static var destinationNAT: Self { .init(rawValue: 0x80) }

    static var translated: Self { [.sourceNAT, .destinationNAT] }
}

/// What is known of a packet's connection once `ct` has seen it.
public struct ConnectionState: Hashable, Sendable {
    public var flags: ConnectionFlags = []
    public var zone: UInt16 = 0
    /// Protocol of the connection's first packet: the `ct_nw_proto` octet.
    public var originalProtocol: UInt8 = 0
    public var mark: UInt32 = 0
    public var label: UInt128 = 0
    /// Addresses and ports of that packet: the words of a key that hold them.
    public var originalIPv4: UInt64 = 0
    public var originalIPv6Source: UInt128 = 0
    public var originalIPv6Destination: UInt128 = 0
    public var originalPorts: UInt64 = 0

    @inlinable @inline(__always)
    public init() {}

    /// Takes the tuple of the connection's first packet.
    mutating func setOriginal(_ key: ConnectionKey) {
        originalProtocol = key.ipProtocol
        originalPorts =
            key.isICMP
            ? UInt64(key.icmpType) << 48 | UInt64(key.icmpCode) << 32 : UInt64(key.ports) << 32
        if key.isIPv6 {
            originalIPv6Source = key.source
            originalIPv6Destination = key.destination
        } else {
            originalIPv4 = key.sourceLow << 32 | key.destinationLow
        }
    }

    /// What a key says, or `nil` if its packet was not tracked.
    public init?(_ key: PackedKey) {
        flags = .init(rawValue: UInt32(truncatingIfNeeded: key[word: KeyWord.datapathHash]))
        guard !flags.isEmpty else { return nil }
        let mark = key[word: KeyWord.ctMark]
        self.mark = UInt32(truncatingIfNeeded: mark >> 32)
        zone = UInt16(truncatingIfNeeded: mark >> 16)
        originalProtocol = UInt8(truncatingIfNeeded: mark >> 8)
        let pair = { (word: Int) in UInt128(key[word: word]) << 64 | UInt128(key[word: word + 1]) }
        label = pair(KeyWord.ctLabel)
        originalIPv4 = key[word: KeyWord.ctIPv4]
        originalIPv6Source = pair(KeyWord.ctIPv6Source)
        originalIPv6Destination = pair(KeyWord.ctIPv6Destination)
        originalPorts = key[word: KeyWord.ctTransport]
    }

    /// Puts what is known into the key of the packet, which has no such words yet.
    public func write(to packed: inout PackedKey) {
        var old = KeyReader(packed)
        var key = PackedKey()
        old.copy(before: KeyWord.datapathHash, to: &key)
        let hash = old.take(KeyWord.datapathHash)
        key.append(hash & ~0xffff_ffff | UInt64(flags.rawValue), at: KeyWord.datapathHash)
        key.append(
            UInt64(mark) &<< 32 | UInt64(zone) &<< 16 | UInt64(originalProtocol) &<< 8,
            at: KeyWord.ctMark)
        append(label, at: KeyWord.ctLabel, &key)
        old.copy(before: KeyWord.ctIPv4, to: &key)
        key.append(originalIPv4, at: KeyWord.ctIPv4)
        append(originalIPv6Source, at: KeyWord.ctIPv6Source, &key)
        append(originalIPv6Destination, at: KeyWord.ctIPv6Destination, &key)
        old.copy(before: KeyWord.ctTransport, to: &key)
        key.append(originalPorts, at: KeyWord.ctTransport)
        packed = key
    }

    @inline(__always)
    private func append(_ value: UInt128, at word: Int, _ key: inout PackedKey) {
        guard value != 0 else { return }
        key.append(UInt64(truncatingIfNeeded: value >> 64), at: word)
        key.append(UInt64(truncatingIfNeeded: value), at: word &+ 1)
    }
}

/// Takes the words of a key in turn.
private struct KeyReader {
    private let key: PackedKey
    private var rest: UInt64
    private var position = 0

    @inline(__always)
    init(_ key: PackedKey) {
        self.key = key
        rest = key.map
    }

    @inline(__always)
    mutating func copy(before end: Int, to other: inout PackedKey) {
        while rest != 0, rest.trailingZeroBitCount < end {
            other.append(key.words[position], at: rest.trailingZeroBitCount)
            position &+= 1
            rest &= rest &- 1
        }
    }

    /// The word at `index`, if it is the next.
    @inline(__always)
    mutating func take(_ index: Int) -> UInt64 {
        guard rest != 0, rest.trailingZeroBitCount == index else { return 0 }
        defer {
            position &+= 1
            rest &= rest &- 1
        }
        return key.words[position]
    }
}
