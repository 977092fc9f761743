/// What is known of a packet: metadata and headers, as one fixed-size plain value.
///
/// ``KeyWord`` says what lies where. A mask has the same form, with ones in the bits that matter.
/// The value is large (472 octets) and meant for the slow path; the hot path and stored rules use
/// ``PackedKey``, which holds only the words that are not zero.
public struct FlowKey: Sendable {
    public var words: InlineArray<59, UInt64>

    @inlinable public init() { words = InlineArray(repeating: 0) }

    @inlinable public subscript(word index: Int) -> UInt64 {
        get { words[index] }
        set { words[index] = newValue }
    }

    /// The bits at `location`, shifted down.
    public subscript(location: FieldLocation) -> UInt128 {
        get {
            if location.width == 128 {
                return UInt128(words[location.word]) << 64 | UInt128(words[location.word + 1])
            }
            let ones = UInt64(truncatingIfNeeded: location.ones)
            return UInt128(words[location.word] >> UInt64(location.shift) & ones)
        }
        set {
            if location.width == 128 {
                words[location.word] = UInt64(truncatingIfNeeded: newValue >> 64)
                words[location.word + 1] = UInt64(truncatingIfNeeded: newValue)
                return
            }
            let ones = UInt64(truncatingIfNeeded: location.ones)
            let value = UInt64(truncatingIfNeeded: newValue) & ones
            let shift = UInt64(location.shift)
            words[location.word] = words[location.word] & ~(ones << shift) | value << shift
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
        return result
    }

    public mutating func formUnion(_ other: FlowKey) {
        for index in 0..<KeyWord.count { words[index] |= other.words[index] }
    }

    /// Whether no bit is set.
    public var isZero: Bool {
        for index in 0..<KeyWord.count where words[index] != 0 { return false }
        return true
    }
}

extension FlowKey: Hashable {
    public static func == (left: FlowKey, right: FlowKey) -> Bool {
        for index in 0..<KeyWord.count where left.words[index] != right.words[index] {
            return false
        }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        for index in 0..<KeyWord.count { hasher.combine(words[index]) }
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
