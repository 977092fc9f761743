import Addresses
import Bytes
public import FlowModel
import PacketFormats

/// Makes a frame of which a flow key speaks, for `-generate` and `netdev-dummy/receive`.
///
/// What the key does not say is zero; UDP and echo packets get 64 octets that count from zero, so
/// that what arrives can be told from other traffic.
public struct FrameComposer {
    static let payloadByteCount = 64

    private let key: FlowKey
    private var frame: [UInt8] = []
    /// The octets that UDP, TCP and echo packets carry.
    private let payload: [UInt8]

    private init(_ key: FlowKey, payload: [UInt8]) {
        self.key = key
        self.payload = payload
    }

    /// - Parameter payload: what UDP and echo packets carry, instead of 64 octets.
    public static func frame(for key: FlowKey, payload: [UInt8]? = nil) -> [UInt8] {
        let octets = payload ?? (0..<UInt8(payloadByteCount)).map { $0 }
        var composer = FrameComposer(key, payload: octets)
        composer.addLink()
        return composer.frame
    }

    /// A frame of exactly `byteCount` octets, if the headers leave room in it.
    public static func frame(for key: FlowKey, byteCount: Int) -> [UInt8]? {
        let bare = frame(for: key, payload: [])
        guard byteCount >= bare.count else { return nil }
        let payload = [UInt8](repeating: 0, count: byteCount - bare.count)
        let full = frame(for: key, payload: payload)
        return full + [UInt8](repeating: 0, count: byteCount - full.count)
    }

    private mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            frame.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private mutating func append(address: UInt64) {
        append(UInt16(truncatingIfNeeded: address >> 32))
        append(UInt32(truncatingIfNeeded: address))
    }

    private mutating func addLink() {
        append(address: key.ethernetDestination)
        append(address: key.ethernetSource)
        for (tpid, tci) in [
            (key.vlanTPID, key.vlanTCI), (key.innerVLANTPID, key.innerVLANTCI),
        ] where tci & VLANBits.present != 0 {
            append(tpid == 0 ? EtherType.vlan : tpid)
            append(tci & ~VLANBits.present)
        }
        if key.etherType == EtherType.notEthernetII {
            append(UInt16(frame.count + 2))
            return
        }
        append(key.etherType)
        switch key.etherType {
        case EtherType.ipv4: addIPv4()
        case EtherType.ipv6: addIPv6()
        case EtherType.arp, EtherType.rarp: addARP()
        case EtherType.mpls, EtherType.mplsMulticast: addLabels()
        default: break
        }
    }

    private mutating func addARP() {
        append(UInt32(0x0001_0800))
        append(UInt16(0x0604))
        append(UInt16(key.ipProtocol))
        append(address: UInt64(truncatingIfNeeded: key[.arpSenderMAC]))
        append(key.ipv4Source)
        append(address: UInt64(truncatingIfNeeded: key[.arpTargetMAC]))
        append(key.ipv4Destination)
    }

    private mutating func addLabels() {
        let entries = [
            UInt32(truncatingIfNeeded: key.words[KeyWord.mpls] >> 32),
            UInt32(truncatingIfNeeded: key.words[KeyWord.mpls]),
            UInt32(truncatingIfNeeded: key.words[KeyWord.mplsRest] >> 32),
        ]
        for entry in entries {
            append(entry)
            if entry & 0x100 != 0 { return }
        }
    }

    private mutating func addIPv4() {
        let transport = self.transport
        let start = frame.count
        append(UInt16(0x4500) | UInt16(key.ipTOS))
        append(UInt16(truncatingIfNeeded: 20 + transport.count))
        append(UInt16(0))
        let isFragment = key.ipFragment & FragmentBits.any != 0
        let offset: UInt16 = key.ipFragment & FragmentBits.later != 0 ? 100 : 0
        append((isFragment ? 0x2000 : 0) | offset)
        append(key.ipTTL)
        append(key.ipProtocol)
        append(UInt16(0))
        append(key.ipv4Source)
        append(key.ipv4Destination)
        let header = Array(frame[start...])
        set(InternetChecksum.of(header.span.bytes), at: start + 10)
        frame += transport
    }

    private mutating func addIPv6() {
        let transport = self.transport
        let label = UInt32(truncatingIfNeeded: key[.ipv6Label]) & 0xfffff
        append(6 << 28 | UInt32(key.ipTOS) << 20 | label)
        append(UInt16(truncatingIfNeeded: transport.count))
        append(key.ipProtocol)
        append(key.ipTTL)
        append(key[.ipv6Source])
        append(key[.ipv6Destination])
        frame += transport
    }

    private mutating func set(_ value: UInt16, at offset: Int) {
        frame[offset] = UInt8(value >> 8)
        frame[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    // MARK: Behind IP

    /// The transport header and what it carries, with the checksum.
    private var transport: [UInt8] {
        guard key.ipFragment & FragmentBits.later == 0 else { return [] }
        var inner = FrameComposer(key, payload: payload)
        let isIPv6 = key.etherType == EtherType.ipv6
        switch key.ipProtocol {
        case IPProtocol.tcp:
            inner.addTCP()
            inner.finish(checksumAt: 16, hasPseudoHeader: true)
        case IPProtocol.udp:
            inner.addUDP()
            inner.finish(checksumAt: 6, hasPseudoHeader: true)
        case IPProtocol.sctp:
            inner.append(key.transportSource)
            inner.append(key.transportDestination)
            inner.append(UInt64(0))
        case IPProtocol.icmp where !isIPv6:
            inner.addICMP(isEcho: key.transportSource == 8 || key.transportSource == 0)
            inner.finish(checksumAt: 2, hasPseudoHeader: false)
        case IPProtocol.igmp where !isIPv6:
            inner.addICMP(isEcho: false)
            inner.finish(checksumAt: 2, hasPseudoHeader: false)
        case IPProtocol.icmpv6 where isIPv6:
            inner.addICMP(isEcho: key.transportSource == 128 || key.transportSource == 129)
            inner.addDiscovery()
            inner.finish(checksumAt: 2, hasPseudoHeader: true)
        default: break
        }
        return inner.frame
    }

    private mutating func addTCP() {
        append(key.transportSource)
        append(key.transportDestination)
        append(UInt64(0))
        append(0x5000 | key.tcpFlags)
        append(UInt16(0))
        append(UInt32(0))
        // Segments that open and close connections carry nothing.
        let isControl = key.tcpFlags & 0x7 != 0
        if !isControl { frame += payload }
    }

    private mutating func addUDP() {
        append(key.transportSource)
        append(key.transportDestination)
        append(UInt16(truncatingIfNeeded: 8 + payload.count))
        append(UInt16(0))
        frame += payload
    }

    private mutating func addICMP(isEcho: Bool) {
        append(UInt8(truncatingIfNeeded: key.transportSource))
        append(UInt8(truncatingIfNeeded: key.transportDestination))
        append(UInt16(0))
        append(UInt32(0))
        if isEcho { frame += payload }
    }

    /// The target and the link-layer address of a neighbour message (RFC 4861 §4.3, §4.4).
    private mutating func addDiscovery() {
        guard key.transportSource == 135 || key.transportSource == 136 else { return }
        append(key[.ndTarget])
        let options: [(UInt8, Field)] = [(1, .ndSourceMAC), (2, .ndTargetMAC)]
        for (kind, field) in options where key[field] != 0 {
            append(kind)
            append(UInt8(1))
            append(address: UInt64(truncatingIfNeeded: key[field]))
        }
    }

    private mutating func finish(checksumAt offset: Int, hasPseudoHeader: Bool) {
        var checksum = InternetChecksum()
        if hasPseudoHeader {
            if key.etherType == EtherType.ipv6 {
                checksum.addPseudoHeader(
                    from: IPv6Address(key[.ipv6Source]), to: IPv6Address(key[.ipv6Destination]),
                    protocol: key.ipProtocol, byteCount: frame.count)
            } else {
                checksum.addPseudoHeader(
                    from: IPv4Address(key.ipv4Source), to: IPv4Address(key.ipv4Destination),
                    protocol: key.ipProtocol, byteCount: frame.count)
            }
        }
        checksum.add(frame.span.bytes)
        let value = checksum.value
        // A UDP checksum of zero says that there is none (RFC 768).
        set(value == 0 && key.ipProtocol == IPProtocol.udp ? 0xffff : value, at: offset)
    }
}
