import Addresses
import FlowModel
import OpenFlow
import PacketFormats

/// A segment of TCP over IPv4, as far as it takes to put a stream together.
struct TCPSegment {
    /// Whence and whither.
    struct Direction: Hashable, CustomStringConvertible {
        let source: UInt32
        let destination: UInt32
        let sourcePort: UInt16
        let destinationPort: UInt16

        var description: String {
            "\(IPv4Address(source)).\(sourcePort) > \(IPv4Address(destination)).\(destinationPort)"
        }
    }

    let direction: Direction
    let sequenceNumber: UInt32
    let startsStream: Bool
    let payload: [UInt8]

    private static let etherByteCount = 14

    /// - Returns: `nil` for what is no such segment, or is cut short.
    init?(_ frame: [UInt8]) {
        let number = { (offset: Int, count: Int) in
            frame[offset..<(offset + count)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        let ip = Self.etherByteCount
        guard frame.count >= ip + 20, number(12, 2) == UInt32(EtherType.ipv4),
            frame[ip + 9] == IPProtocol.tcp, number(ip + 6, 2) & 0x3fff == 0
        else { return nil }
        let end = ip + Int(number(ip + 2, 2))
        let tcp = ip + 4 * Int(frame[ip] & 15)
        guard end <= frame.count, end >= tcp + 20 else { return nil }
        let start = tcp + 4 * Int(frame[tcp + 12] >> 4)
        guard start <= end else { return nil }
        direction = Direction(
            source: number(ip + 12, 4), destination: number(ip + 16, 4),
            sourcePort: UInt16(number(tcp, 2)), destinationPort: UInt16(number(tcp + 2, 2)))
        sequenceNumber = number(tcp + 4, 4)
        startsStream = frame[tcp + 13] & 2 != 0
        payload = Array(frame[start..<end])
    }
}

/// One direction of a connection, put together of segments that may come twice or out of order.
struct TCPStream {
    /// As many segments as may wait for one that is missing.
    private static let maxWaiting = 1024

    private var next: UInt32?
    private var waiting: [UInt32: [UInt8]] = [:]
    private var octets: [UInt8] = []

    mutating func insert(_ segment: TCPSegment) {
        if segment.startsStream {
            next = segment.sequenceNumber &+ 1
            waiting = [:]
            octets = []
            return
        }
        if segment.payload.isEmpty { return }
        if next == nil { next = segment.sequenceNumber }
        guard waiting.count < Self.maxWaiting else { return }
        waiting[segment.sequenceNumber] = segment.payload
        while let start = next,
            let (number, payload) = waiting.first(where: { $0.key &- start == 0 || overlaps($0) })
        {
            waiting[number] = nil
            let known = Int(start &- number)
            guard known < payload.count else { continue }
            octets += payload[known...]
            next = number &+ UInt32(payload.count)
        }
    }

    /// Whether a segment begins before what comes next.
    private func overlaps(_ entry: (key: UInt32, value: [UInt8])) -> Bool {
        guard let next else { return false }
        return Int32(bitPattern: next &- entry.key) > 0
    }

    /// The next whole message of OpenFlow.
    mutating func nextMessage() -> [UInt8]? {
        guard octets.count >= MessageHeader.byteCount else { return nil }
        let length = max(MessageHeader.byteCount, Int(octets[2]) << 8 | Int(octets[3]))
        guard octets.count >= length else { return nil }
        defer { octets.removeFirst(length) }
        return Array(octets[..<length])
    }
}
