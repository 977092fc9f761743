/// What is known of a packet: metadata and headers, as one fixed-size plain value.
///
/// ``KeyWord`` says what lies where. A mask has the same form, with ones in the bits that matter.
/// The value is large (480 octets) and meant for the slow path; the hot path and stored rules use
/// ``PackedKey``, which holds only the words that are not zero.
///
/// The options of tunnels would make it four times as large, for the few flows that have any: 64
/// of them, of up to 16 octets. They lie in an array, which is empty where all is zero, with the
/// registers from 16 on; copying an empty array costs less than copying what it would hold.
public struct FlowKey: Sendable {
    public var words: InlineArray<59, UInt64>
    /// The words from ``KeyWord/count`` on, or none where all are zero.
    public private(set) var rare: [UInt64] = []

    public init() { words = InlineArray(repeating: 0) }

    public subscript(word index: Int) -> UInt64 {
        get {
            if index < KeyWord.count { return words[index] }
            return rare.isEmpty ? 0 : rare[index - KeyWord.count]
        }
        set {
            if index < KeyWord.count {
                words[index] = newValue
            } else if !rare.isEmpty || newValue != 0 {
                if rare.isEmpty { rare = Array(repeating: 0, count: KeyWord.rareCount) }
                rare[index - KeyWord.count] = newValue
            }
        }
    }

    /// Forgets all registers from 16 on and the options of tunnels.
    public mutating func removeRareWords() { rare = [] }

    /// Takes the rare words of another key.
    public mutating func takeRareWords(of other: FlowKey) { rare = other.rare }

    /// A key with nothing but the rare words.
    public var rareMetadata: FlowKey {
        var metadata = FlowKey()
        metadata.rare = rare
        return metadata
    }

    /// Whether `isTrue` of each pair of words that the two have apart from the common ones.
    func allRare(_ other: FlowKey, _ isTrue: (UInt64, UInt64) -> Bool) -> Bool {
        if rare.isEmpty && other.rare.isEmpty { return isTrue(0, 0) }
        for index in KeyWord.count..<KeyWord.fullCount
        where !isTrue(self[word: index], other[word: index]) {
            return false
        }
        return true
    }

    /// The bits at `location`, shifted down.
    public subscript(location: FieldLocation) -> UInt128 {
        get {
            if location.width == 128 {
                return UInt128(self[word: location.word]) << 64
                    | UInt128(self[word: location.word + 1])
            }
            let ones = UInt64(truncatingIfNeeded: location.ones)
            return UInt128(self[word: location.word] >> UInt64(location.shift) & ones)
        }
        set {
            if location.width == 128 {
                self[word: location.word] = UInt64(truncatingIfNeeded: newValue >> 64)
                self[word: location.word + 1] = UInt64(truncatingIfNeeded: newValue)
                return
            }
            let ones = UInt64(truncatingIfNeeded: location.ones)
            let value = UInt64(truncatingIfNeeded: newValue) & ones
            let shift = UInt64(location.shift)
            let kept = self[word: location.word] & ~(ones << shift)
            self[word: location.word] = kept | value << shift
        }
    }

    /// The field's value, shifted down.
    public subscript(field: Field) -> UInt128 {
        get { self[field.location] }
        set { self[field.location] = newValue }
    }

    public static func & (left: FlowKey, right: FlowKey) -> FlowKey {
        var result = FlowKey()
        for index in 0..<KeyWord.count {
            result.words[index] = left.words[index] & right.words[index]
        }
        if !left.rare.isEmpty && !right.rare.isEmpty {
            for index in KeyWord.count..<KeyWord.fullCount {
                result[word: index] = left[word: index] & right[word: index]
            }
        }
        return result
    }

    public mutating func formUnion(_ other: FlowKey) {
        for index in 0..<KeyWord.count { words[index] |= other.words[index] }
        guard !other.rare.isEmpty else { return }
        for index in KeyWord.count..<KeyWord.fullCount {
            self[word: index] |= other[word: index]
        }
    }

    /// Whether no bit is set.
    public var isZero: Bool {
        for index in 0..<KeyWord.count where words[index] != 0 { return false }
        return rare.allSatisfy { $0 == 0 }
    }
}

extension FlowKey: Hashable {
    public static func == (left: FlowKey, right: FlowKey) -> Bool {
        for index in 0..<KeyWord.count where left.words[index] != right.words[index] {
            return false
        }
        return left.allRare(right, ==)
    }

    public func hash(into hasher: inout Hasher) {
        for index in 0..<KeyWord.count { hasher.combine(words[index]) }
        for word in rare where word != 0 { hasher.combine(word) }
    }
}

extension FlowKey {
    /// Some bits of one word, read and written without the table: for code that knows its field.
    @inlinable @inline(__always)
    func bits(_ word: Int, _ shift: UInt64, _ width: UInt64) -> UInt64 {
        words[word] &>> shift & ((1 &<< width) &- 1)
    }

    @inlinable @inline(__always)
    mutating func setBits(_ word: Int, _ shift: UInt64, _ width: UInt64, to value: UInt64) {
        let ones: UInt64 = (1 &<< width) &- 1
        words[word] = words[word] & ~(ones &<< shift) | (value & ones) &<< shift
    }

    /// The port that the packet came in on: an OpenFlow port in the pipeline, a datapath port in
    /// the datapath.
    @inlinable public var inPort: UInt32 {
        get { UInt32(truncatingIfNeeded: bits(KeyWord.inPort, 32, 32)) }
        set { setBits(KeyWord.inPort, 32, 32, to: UInt64(newValue)) }
    }
    @inlinable public var recirculationID: UInt32 {
        get { UInt32(truncatingIfNeeded: bits(KeyWord.inPort, 0, 32)) }
        set { setBits(KeyWord.inPort, 0, 32, to: UInt64(newValue)) }
    }
    @inlinable public var ethernetDestination: UInt64 {
        get { bits(KeyWord.ethernetDestination, 16, 48) }
        set { setBits(KeyWord.ethernetDestination, 16, 48, to: newValue) }
    }
    @inlinable public var ethernetSource: UInt64 {
        get { bits(KeyWord.ethernetSource, 16, 48) }
        set { setBits(KeyWord.ethernetSource, 16, 48, to: newValue) }
    }
    @inlinable public var etherType: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.ethernetDestination, 0, 16)) }
        set { setBits(KeyWord.ethernetDestination, 0, 16, to: UInt64(newValue)) }
    }
    /// The type behind Ethernet, or that of the whole packet if it has no Ethernet header.
    public var networkType: UInt16 {
        let packetType = words[KeyWord.packetType] &>> 32
        return packetType &>> 16 == 1 ? UInt16(truncatingIfNeeded: packetType) : etherType
    }
    /// The outer tag's TPID, or 0.
    @inlinable public var vlanTPID: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.vlan, 48, 16)) }
        set { setBits(KeyWord.vlan, 48, 16, to: UInt64(newValue)) }
    }
    /// The outer tag's TCI with bit 12 set, or 0 without a tag.
    @inlinable public var vlanTCI: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.vlan, 32, 16)) }
        set { setBits(KeyWord.vlan, 32, 16, to: UInt64(newValue)) }
    }
    /// The inner tag's TPID, or 0.
    @inlinable public var innerVLANTPID: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.vlan, 16, 16)) }
        set { setBits(KeyWord.vlan, 16, 16, to: UInt64(newValue)) }
    }
    /// The inner tag's TCI with bit 12 set, or 0.
    @inlinable public var innerVLANTCI: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.vlan, 0, 16)) }
        set { setBits(KeyWord.vlan, 0, 16, to: UInt64(newValue)) }
    }
    @inlinable public var ipv4Source: UInt32 {
        get { UInt32(truncatingIfNeeded: bits(KeyWord.ipv4, 32, 32)) }
        set { setBits(KeyWord.ipv4, 32, 32, to: UInt64(newValue)) }
    }
    @inlinable public var ipv4Destination: UInt32 {
        get { UInt32(truncatingIfNeeded: bits(KeyWord.ipv4, 0, 32)) }
        set { setBits(KeyWord.ipv4, 0, 32, to: UInt64(newValue)) }
    }
    /// The IP protocol, or the ARP operation.
    @inlinable public var ipProtocol: UInt8 {
        get { UInt8(truncatingIfNeeded: bits(KeyWord.ip, 24, 8)) }
        set { setBits(KeyWord.ip, 24, 8, to: UInt64(newValue)) }
    }
    @inlinable public var ipTOS: UInt8 {
        get { UInt8(truncatingIfNeeded: bits(KeyWord.ip, 16, 8)) }
        set { setBits(KeyWord.ip, 16, 8, to: UInt64(newValue)) }
    }
    @inlinable public var ipTTL: UInt8 {
        get { UInt8(truncatingIfNeeded: bits(KeyWord.ip, 8, 8)) }
        set { setBits(KeyWord.ip, 8, 8, to: UInt64(newValue)) }
    }
    /// Bit 0: a fragment; bit 1: not the first.
    @inlinable public var ipFragment: UInt8 {
        get { UInt8(truncatingIfNeeded: bits(KeyWord.ip, 0, 8)) }
        set { setBits(KeyWord.ip, 0, 8, to: UInt64(newValue)) }
    }
    /// The source port, or the ICMP type.
    @inlinable public var transportSource: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.transport, 48, 16)) }
        set { setBits(KeyWord.transport, 48, 16, to: UInt64(newValue)) }
    }
    /// The destination port, or the ICMP code.
    @inlinable public var transportDestination: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.transport, 32, 16)) }
        set { setBits(KeyWord.transport, 32, 16, to: UInt64(newValue)) }
    }
    @inlinable public var tcpFlags: UInt16 {
        get { UInt16(truncatingIfNeeded: bits(KeyWord.transport, 16, 16)) }
        set { setBits(KeyWord.transport, 16, 16, to: UInt64(newValue)) }
    }
}

extension FlowKey {
    /// The fields in which the connection tracker speaks.
    public static var connectionFields: [Field] {
        [
            .ctState, .ctZone, .ctMark, .ctLabel, .ctProtocol, .ctIPv4Source, .ctIPv4Destination,
            .ctIPv6Source, .ctIPv6Destination, .ctTransportSource, .ctTransportDestination,
        ]
    }

    /// Takes over what the connection tracker has said of another packet.
    public mutating func takeConnection(of other: FlowKey) {
        for field in Self.connectionFields { self[field] = other[field] }
    }
}
