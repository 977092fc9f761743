public import Bytes

/// IPv6, its extension headers, and neighbour discovery.
extension PacketParser {
    /// Extension headers that are followed; more are taken for payload.
    @inlinable static var maximumExtensionHeaders: Int { 16 }

    /// What the chain of extension headers leads to.
    @usableFromInline
    struct IPv6Chain {
        @usableFromInline var proto: UInt8
        @usableFromInline var offset: Int
        @usableFromInline var fragment: UInt8 = 0
        @usableFromInline var extensions = IPv6Extensions()

        @inlinable init(proto: UInt8, offset: Int) {
            self.proto = proto
            self.offset = offset
        }
    }

    @inlinable
    static func parseIPv6(_ frame: RawSpan, at start: Int, _ key: inout PackedKey) {
        guard frame.byteCount >= start &+ 40 else { return }
        let first = frame.load32(at: start)
        let payloadByteCount = Int(frame.load16(at: start &+ 4))
        let available = frame.byteCount &- start &- 40
        guard payloadByteCount <= available, available &- payloadByteCount <= maximumPadding
        else { return }
        let end = start &+ 40 &+ payloadByteCount
        var chain = IPv6Chain(proto: frame.load8(at: start &+ 6), offset: start &+ 40)
        guard followExtensions(frame, end: end, &chain) else { return }

        key.append(frame.load64(at: start &+ 8), at: KeyWord.ipv6Source)
        key.append(frame.load64(at: start &+ 16), at: KeyWord.ipv6Source &+ 1)
        key.append(frame.load64(at: start &+ 24), at: KeyWord.ipv6Destination)
        key.append(frame.load64(at: start &+ 32), at: KeyWord.ipv6Destination &+ 1)
        let trafficClass = UInt64(first &>> 20 & 0xff)
        let label = UInt64(first & 0xf_ffff)
        let low =
            UInt64(chain.proto) &<< 24 | trafficClass &<< 16
            | UInt64(frame.load8(at: start &+ 7)) &<< 8 | UInt64(chain.fragment)
        let extensions = UInt64(chain.extensions.bits) &<< 52
        key.append(extensions | label &<< 32 | low, at: KeyWord.ip)
        guard chain.fragment & FragmentBits.later == 0 else { return }
        if chain.proto == IPProtocol.icmpv6 {
            parseICMPv6(frame, chain.offset..<end, &key)
        } else {
            parseTransport(frame, chain.offset..<end, chain.proto, &key)
        }
    }

    /// - Returns: false if the chain is cut off.
    @inlinable
    static func followExtensions(_ frame: RawSpan, end: Int, _ chain: inout IPv6Chain) -> Bool {
        for _ in 0..<maximumExtensionHeaders {
            switch chain.proto {
            case 0, 43, 60, 135, 51:
                guard end &- chain.offset >= 8 else { return false }
                let units = Int(frame.load8(at: chain.offset &+ 1))
                let byteCount = chain.proto == 51 ? (units &+ 2) &* 4 : (units &+ 1) &* 8
                guard byteCount <= end &- chain.offset else { return false }
                chain.extensions.note(chain.proto)
                chain.proto = frame.load8(at: chain.offset)
                chain.offset &+= byteCount
            case 44:
                guard end &- chain.offset >= 8 else { return false }
                let word = frame.load16(at: chain.offset &+ 2)
                chain.extensions.note(44)
                chain.proto = frame.load8(at: chain.offset)
                chain.offset &+= 8
                guard word & 0xfff9 != 0 else { continue }
                chain.fragment = FragmentBits.any
                if word & 0xfff8 != 0 {
                    chain.fragment |= FragmentBits.later
                    return true
                }
            case 50, 59:
                chain.extensions.note(chain.proto)
                return true
            default:
                return true
            }
        }
        return true
    }

    @inlinable
    static func parseICMPv6(_ frame: RawSpan, _ range: Range<Int>, _ key: inout PackedKey) {
        let offset = range.lowerBound
        let count = range.upperBound &- offset
        guard count >= 8 else { return }
        let type = frame.load8(at: offset)
        let code = frame.load8(at: offset &+ 1)
        if (type == 135 || type == 136) && code == 0 && count >= 24 {
            parseNeighborDiscovery(frame, range, &key)
        }
        key.append(UInt64(type) &<< 48 | UInt64(code) &<< 32, at: KeyWord.transport)
    }

    /// Target and link-layer address options (RFC 4861 §4.3, §4.4); one that stands twice, or has
    /// an impossible length, makes all of them unknown.
    @inlinable
    static func parseNeighborDiscovery(
        _ frame: RawSpan, _ range: Range<Int>, _ key: inout PackedKey
    ) {
        let reserved = frame.load32(at: range.lowerBound &+ 4)
        let target = range.lowerBound &+ 8
        var offset = range.lowerBound &+ 24
        var source: UInt64 = 0
        var targetAddress: UInt64 = 0
        var optionsType: UInt64 = 0
        var isValid = true
        while isValid && range.upperBound &- offset >= 8 {
            let type = frame.load8(at: offset)
            let byteCount = Int(frame.load8(at: offset &+ 1)) &* 8
            guard byteCount > 0, byteCount <= range.upperBound &- offset else {
                isValid = false
                break
            }
            if byteCount == 8 && type == 1 {
                isValid = source == 0
                source = frame.load48(at: offset &+ 2)
                optionsType = 1
            } else if byteCount == 8 && type == 2 {
                isValid = targetAddress == 0
                targetAddress = frame.load48(at: offset &+ 2)
                optionsType = 2
            }
            offset &+= byteCount
        }
        guard isValid else { return }
        key.append(frame.load64(at: target), at: KeyWord.ndTarget)
        key.append(frame.load64(at: target &+ 8), at: KeyWord.ndTarget &+ 1)
        key.append(UInt64(reserved) &<< 32 | optionsType &<< 24, at: KeyWord.nd)
        key.append(source &<< 16, at: KeyWord.arpSender)
        key.append(targetAddress &<< 16, at: KeyWord.arpTarget)
    }
}
