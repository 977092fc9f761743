public import FlowModel

/// What the outer headers said of a packet that came out of a tunnel: words of its key.
public struct TunnelMetadata: Hashable, Sendable {
    public var id: UInt64 = 0
    /// Source and destination.
    public var ipv4: UInt64 = 0
    public var ipv6Source: UInt128 = 0
    public var ipv6Destination: UInt128 = 0
    /// As ``KeyWord/tunnelFlags`` has it.
    public var flags: UInt64 = 0
    /// As ``KeyWord/erspan`` has it.
    public var erspan: UInt64 = 0
    /// Source and destination of UDP.
    public var ports: UInt32 = 0
    /// The number of the set of options, or 0 for none.
    ///
    /// In keys of the datapath it has the word of OpenFlow's metadata, which packets there lack.
    public var options: UInt64 = 0

    static var oamFlag: UInt64 { 1 &<< 48 }
    static var checksumFlag: UInt64 { 1 &<< 50 }
    static var keyFlag: UInt64 { 1 &<< 51 }

    public init() {}

    /// What a key says, or `nil` if its packet has not come out of a tunnel.
    public init?(_ key: PackedKey) {
        ipv4 = key[word: KeyWord.tunnelIPv4]
        let pair = { (word: Int) in UInt128(key[word: word]) << 64 | UInt128(key[word: word + 1]) }
        ipv6Destination = pair(KeyWord.tunnelIPv6Destination)
        guard ipv4 != 0 || ipv6Destination != 0 else { return nil }
        ipv6Source = pair(KeyWord.tunnelIPv6Source)
        id = key[word: KeyWord.tunnelID]
        flags = key[word: KeyWord.tunnelFlags]
        erspan = key[word: KeyWord.erspan]
        ports = UInt32(truncatingIfNeeded: key[word: KeyWord.packetType])
        options = key[word: KeyWord.metadata]
    }

    /// Puts what is known into the key of the packet, which has no such words yet.
    func write(to packed: inout PackedKey) {
        var old = packed.map
        var position = 0
        var key = PackedKey()
        /// Takes over the words that lie before.
        func copy(before end: Int) {
            while old != 0, old.trailingZeroBitCount < end {
                key.append(packed.words[position], at: old.trailingZeroBitCount)
                position &+= 1
                old &= old &- 1
            }
        }
        copy(before: KeyWord.metadata)
        key.append(options, at: KeyWord.metadata)
        copy(before: KeyWord.tunnelID)
        key.append(id, at: KeyWord.tunnelID)
        key.append(ipv4, at: KeyWord.tunnelIPv4)
        append(ipv6Source, at: KeyWord.tunnelIPv6Source, &key)
        append(ipv6Destination, at: KeyWord.tunnelIPv6Destination, &key)
        key.append(flags, at: KeyWord.tunnelFlags)
        key.append(erspan, at: KeyWord.erspan)
        copy(before: KeyWord.packetType)
        let type = packed[word: KeyWord.packetType]
        key.append(type | UInt64(ports), at: KeyWord.packetType)
        if type != 0 {
            position &+= 1
            old &= old &- 1
        }
        copy(before: KeyWord.count)
        packed = key
    }

    @inline(__always)
    private func append(_ value: UInt128, at word: Int, _ key: inout PackedKey) {
        guard value != 0 else { return }
        key.append(UInt64(truncatingIfNeeded: value >> 64), at: word)
        key.append(UInt64(truncatingIfNeeded: value), at: word &+ 1)
    }
}

/// The sets of options that packets have come with, each under a number.
///
/// Keys have no room for options; their number stands for them, so that a flow is for packets with
/// one set.
struct OptionSets {
    /// More are not told apart: their packets are dropped.
    static let maximumCount = 65_536

    private var numbers: [[UInt8]: UInt64] = [:]
    private(set) var sets: [[UInt8]] = []

    /// - Returns: the number, from 1; `nil` if there is none left.
    mutating func number(of octets: UnsafeRawBufferPointer) -> UInt64? {
        let set = [UInt8](octets)
        if let number = numbers[set] { return number }
        guard sets.count < Self.maximumCount else { return nil }
        sets.append(set)
        numbers[set] = UInt64(sets.count)
        return UInt64(sets.count)
    }
}
