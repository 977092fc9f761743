/// What a rule asks of a packet: a key, and a mask of the bits of it that matter.
///
/// The key is always stored masked, so that equal matches are equal values.
public struct Match: Hashable, Sendable {
    public private(set) var key: FlowKey
    public private(set) var mask: FlowKey

    /// Matches every packet.
    public init() {
        key = FlowKey()
        mask = FlowKey()
    }

    public init(key: FlowKey, mask: FlowKey) {
        self.key = key & mask
        self.mask = mask
    }

    /// A match whose parts were taken from one, and so need no masking.
    ///
    /// - Precondition: `maskedKey` has no bit that `mask` has not.
    public init(maskedKey: FlowKey, mask: FlowKey) {
        key = maskedKey
        self.mask = mask
    }

    /// Asks for `value` in the bits of `mask`; other bits of the field are left as they are.
    ///
    /// A packet must have the option of a tunnel for that.
    public mutating func set(_ field: Field, to value: UInt128, mask fieldMask: UInt128 = .max) {
        if let option = field.tunnelOption { require(option: option) }
        let location = field.location
        set(location, to: value, mask: fieldMask)
    }

    public mutating func set(_ location: FieldLocation, to value: UInt128, mask: UInt128 = .max) {
        let bits = mask & location.ones
        self.mask[location] |= bits
        key[location] = key[location] & ~bits | value & bits
    }

    /// Asks for packets with the option of a tunnel, whatever its value.
    public mutating func require(option: Int) {
        mask[.option(option)] = 1
        key[.option(option)] = 1
    }

    /// Whether the match asks for packets with the option.
    public func requires(option: Int) -> Bool { mask[.option(option)] == 1 }

    /// Asks nothing of the field any more.
    public mutating func remove(_ field: Field) {
        if let option = field.tunnelOption {
            mask[.option(option)] = 0
            key[.option(option)] = 0
        }
        let location = field.location
        mask[location] = 0
        key[location] = 0
    }

    public func value(_ field: Field) -> UInt128 { key[field] }
    public func mask(_ field: Field) -> UInt128 { mask[field] }

    /// Whether every bit of the field is given.
    public func isExact(_ field: Field) -> Bool {
        let location = field.location
        return mask[location] == location.ones
    }

    /// Whether the match asks for packets without an Ethernet header.
    public var isBare: Bool {
        let word = KeyWord.packetType
        return mask.words[word] >> 32 != 0 && key.words[word] >> 32 != 0
    }

    /// The type behind Ethernet, or that of the whole packet if it has no Ethernet header; 0 where
    /// the match does not say.
    public var networkType: UInt16 {
        let packetType = UInt32(truncatingIfNeeded: key.words[KeyWord.packetType] >> 32)
        if isBare && packetType >> 16 == 1 { return UInt16(truncatingIfNeeded: packetType) }
        return mask.etherType == 0xffff ? key.etherType : 0
    }

    /// Whether IPv6 packets have to have more than their EtherType to match.
    public var limitsIPv6: Bool {
        networkType == EtherType.ipv6 && (mask.ipProtocol != 0 || mask.ipTOS != 0)
    }

    public func matches(_ packet: FlowKey) -> Bool {
        for index in 0..<KeyWord.count
        where packet.words[index] & mask.words[index] != key.words[index] {
            return false
        }
        if mask.rare.isEmpty { return true }
        return (packet & mask).allRare(key, ==)
    }

    /// Whether each packet that matches `self` matches `other` too.
    public func isNarrower(orEqualTo other: Match) -> Bool {
        for index in 0..<KeyWord.count {
            let wanted = other.mask.words[index]
            if wanted & ~mask.words[index] != 0 { return false }
            if key.words[index] & wanted != other.key.words[index] { return false }
        }
        if other.mask.rare.isEmpty { return true }
        return other.mask.allRare(mask) { $0 & ~$1 == 0 }
            && (key & other.mask).allRare(other.key, ==)
    }

    /// Whether some packet can match both.
    public func overlaps(_ other: Match) -> Bool {
        for index in 0..<KeyWord.count {
            let common = mask.words[index] & other.mask.words[index]
            if (key.words[index] ^ other.key.words[index]) & common != 0 { return false }
        }
        if mask.rare.isEmpty || other.mask.rare.isEmpty { return true }
        let common = mask & other.mask
        return (key & common).allRare(other.key & common, ==)
    }
}

extension Prerequisite {
    /// Whether `match` says enough for a field with this prerequisite to have meaning.
    public func isMet(by match: Match) -> Bool {
        let key = match.key
        let type = match.networkType
        let hasProtocol = match.isExact(.ipProtocol) && EtherType.isIP(type)
        let proto = hasProtocol ? key.ipProtocol : 0
        let isFirst =
            match.mask.ipFragment & FragmentBits.later == 0
            || key.ipFragment & FragmentBits.later == 0
        switch self {
        case .none: return true
        case .ethernet: return !match.isBare
        case .vlan: return key.vlanTCI & match.mask.vlanTCI & VLANBits.present != 0
        case .mpls: return EtherType.isMPLS(type)
        case .pbb: return type == EtherType.pbb
        case .nsh: return type == EtherType.nsh
        case .arp: return EtherType.isARP(type)
        case .ip: return EtherType.isIP(type)
        case .ipv4: return type == EtherType.ipv4
        case .ipv6: return type == EtherType.ipv6
        case .ct: return match.hasTrackedConnection
        case .tcp: return proto == IPProtocol.tcp && isFirst
        case .udp: return proto == IPProtocol.udp && isFirst
        case .sctp: return proto == IPProtocol.sctp && isFirst
        case .icmpv4: return type == EtherType.ipv4 && proto == IPProtocol.icmp && isFirst
        case .icmpv6: return type == EtherType.ipv6 && proto == IPProtocol.icmpv6 && isFirst
        case .nd: return Self.icmpv6.isMet(by: match) && [135, 136].contains(key.transportSource)
        case .ndSolicit: return Self.icmpv6.isMet(by: match) && key.transportSource == 135
        case .ndAdvert: return Self.icmpv6.isMet(by: match) && key.transportSource == 136
        }
    }

    /// Whether a packet with this key has the field; for actions that write it.
    public func isMet(by key: FlowKey) -> Bool {
        switch self {
        case .vlan: return key.vlanTCI & VLANBits.present != 0
        default: return isMet(by: Match(key: key, mask: .allOnes))
        }
    }
}

extension FlowKey {
    /// The mask under which all bits matter.
    public static let allOnes: FlowKey = {
        var key = FlowKey()
        for index in 0..<KeyWord.count { key.words[index] = .max }
        return key
    }()
}
