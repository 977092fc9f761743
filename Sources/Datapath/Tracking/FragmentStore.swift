import ConnectionTracking
import FlowModel

/// Where a fragment of an IP packet belongs (RFC 791 §3.2, RFC 8200 §4.5).
struct Fragment {
    /// What the fragments of one packet share.
    struct Key: Hashable {
        var source: UInt128
        var destination: UInt128
        var identification: UInt32
        var ipProtocol: UInt8
        var isIPv6: Bool
        var zone: UInt16 = 0
        var recirculationID: UInt32 = 0
    }

    var key: Key
    /// The octets of the whole packet's payload that it has.
    let range: Range<Int>
    let isLast: Bool
    /// Where they lie in the frame.
    let payload: Int
    /// The fragment header of IPv6, and the octet that announces it; 0 in IPv4.
    var header = 0
    var nextHeader = 0
    /// Octets of the IP packet that the fragment is.
    let byteCount: Int

    /// - Returns: `nil` for a packet that is whole, or a fragment that nobody means.
    init?(_ packet: PacketBuffer, _ layers: FrameLayers) {
        guard layers.end > 0 else { return nil }
        let network = layers.network
        let addresses = InnerPacket(
            packet, network: network, transport: 0, end: layers.end, ipProtocol: 0,
            isIPv6: layers.etherType == EtherType.ipv6
        ).addresses
        let bits: UInt16
        let start: Int
        if layers.etherType == EtherType.ipv4 {
            let word = packet.load(UInt16.self, at: network &+ 6)
            bits = word &<< 3 | word &>> 13 & 1
            payload = network &+ Int(packet.octet(at: network) & 0xf) &* 4
            key = Key(
                source: addresses.source, destination: addresses.destination,
                identification: UInt32(packet.load(UInt16.self, at: network &+ 4)),
                ipProtocol: packet.octet(at: network &+ 9), isIPv6: false)
        } else {
            guard let place = Self.header(packet, network, layers.end) else { return nil }
            bits = packet.load(UInt16.self, at: place.header &+ 2)
            (header, nextHeader) = place
            payload = place.header &+ 8
            key = Key(
                source: addresses.source, destination: addresses.destination,
                identification: packet.load(UInt32.self, at: place.header &+ 4),
                ipProtocol: packet.octet(at: place.header), isIPv6: true)
        }
        start = Int(bits & 0xfff8)
        isLast = bits & 1 == 0
        guard start > 0 || !isLast, layers.end > payload else { return nil }
        range = start..<start &+ (layers.end &- payload)
        byteCount = layers.end &- network
        // Only the last may end anywhere.
        guard isLast || range.count & 7 == 0, range.upperBound <= 65535 else { return nil }
    }

    /// The fragment header, and the octet that announces it.
    static func header(
        _ packet: PacketBuffer, _ network: Int, _ end: Int
    ) -> (header: Int, nextHeader: Int)? {
        var announced = network &+ 6
        var offset = network &+ 40
        for _ in 0..<16 {
            guard end &- offset >= 8 else { return nil }
            switch packet.octet(at: announced) {
            case 44: return (offset, announced)
            case 0, 43, 60:
                announced = offset
                offset &+= (Int(packet.octet(at: offset &+ 1)) &+ 1) &* 8
            default: return nil
            }
        }
        return nil
    }
}

/// Fragments that wait for the rest of their packets.
///
/// Only whole packets can be tracked. A fragment is held until all others have come; then all are
/// sent on, each as it came. One that overlaps another is not held but invalid, so that nobody can
/// show the tracker one packet and the receiver another (RFC 5722).
final class FragmentStore {
    /// As OVS: milliseconds until fragments whose others do not come are dropped.
    static let lifetime: UInt64 = 15_000
    /// Fragments of one packet.
    static let maximumPieces = 64

    /// A fragment that is held.
    struct Piece {
        let packet: PacketBuffer
        let fragment: Fragment
    }

    private struct Datagram {
        var pieces: [Piece] = []
        let expires: UInt64

        /// Whether nothing is missing.
        var isComplete: Bool {
            guard let last = pieces.last, last.fragment.isLast else { return false }
            var end = 0
            for piece in pieces {
                guard piece.fragment.range.lowerBound == end else { return false }
                end = piece.fragment.range.upperBound
            }
            return true
        }
    }

    enum Outcome {
        case invalid, held
        case complete([Piece])
    }

    private var datagrams: [Fragment.Key: Datagram] = [:]
    private(set) var count = 0
    var settings = FragmentSettings()
    private(set) var statistics = (ipv4: FragmentStatistics(), ipv6: FragmentStatistics())

    private func tally(
        _ isIPv6: Bool, _ field: WritableKeyPath<FragmentStatistics, UInt64>, _ by: Int
    ) {
        if isIPv6 {
            statistics.ipv6[keyPath: field] += UInt64(by)
        } else {
            statistics.ipv4[keyPath: field] += UInt64(by)
        }
    }

    /// Takes a fragment; if it is held or completes a packet, the hold on it goes over.
    func add(_ packet: PacketBuffer, _ fragment: Fragment, now: UInt64) -> Outcome {
        let key = fragment.key
        let family = key.isIPv6 ? settings.ipv6 : settings.ipv4
        guard family.isEnabled else { return .invalid }
        guard fragment.isLast || fragment.byteCount >= family.minimumByteCount else {
            tally(key.isIPv6, \.tooSmall, 1)
            return .invalid
        }
        guard count < settings.maximumCount else { return .invalid }
        var datagram = datagrams[key] ?? Datagram(expires: now + Self.lifetime)
        guard datagram.pieces.count < Self.maximumPieces else { return .invalid }
        let isTaken = datagram.pieces.contains {
            $0.fragment.range.overlaps(fragment.range)
                || fragment.isLast && ($0.fragment.isLast || $0.fragment.range > fragment.range)
                || $0.fragment.isLast && fragment.range > $0.fragment.range
        }
        if isTaken {
            tally(key.isIPv6, \.overlapped, 1)
            return .invalid
        }
        tally(key.isIPv6, \.accepted, 1)
        let index = datagram.pieces.firstIndex { $0.fragment.range > fragment.range }
        datagram.pieces.insert(
            Piece(packet: packet, fragment: fragment), at: index ?? datagram.pieces.count)
        count += 1
        guard datagram.isComplete else {
            datagrams[key] = datagram
            return .held
        }
        datagrams[key] = nil
        count -= datagram.pieces.count
        tally(key.isIPv6, \.completed, datagram.pieces.count)
        return .complete(datagram.pieces)
    }

    /// Drops fragments whose time has run out.
    func expire(_ now: UInt64, releasingTo pool: PacketPool) {
        guard count > 0 else { return }
        for (key, datagram) in datagrams where datagram.expires <= now {
            tally(key.isIPv6, \.expired, datagram.pieces.count)
            drop(key, datagram, releasingTo: pool)
        }
    }

    func removeAll(releasingTo pool: PacketPool) {
        for (key, datagram) in datagrams { drop(key, datagram, releasingTo: pool) }
    }

    private func drop(_ key: Fragment.Key, _ datagram: Datagram, releasingTo pool: PacketPool) {
        for piece in datagram.pieces { pool.release(piece.packet) }
        count -= datagram.pieces.count
        datagrams[key] = nil
    }

    /// The packets that wait, in no order.
    var lists: [FragmentList] {
        datagrams.map { key, datagram in
            let hasFirst = datagram.pieces.first?.fragment.range.lowerBound == 0
            let hasLast = datagram.pieces.last?.fragment.isLast == true
            return FragmentList(
                source: key.source, destination: key.destination, isIPv6: key.isIPv6,
                identification: key.identification, ipProtocol: key.ipProtocol, zone: key.zone,
                recirculationID: key.recirculationID, count: datagram.pieces.count,
                hasFirst: hasFirst, hasLast: hasLast)
        }
    }
}

extension Range where Bound == Int {
    fileprivate static func > (left: Self, right: Self) -> Bool {
        left.lowerBound > right.lowerBound
    }
}
