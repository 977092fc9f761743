import Bytes
import FlowModel

/// Chooses addresses and ports for a connection that begins.
///
/// The answering packets' tuple must be nobody else's. First comes what the hash of the connection
/// says, or the ports that it has anyway; then what is next to it, and for long ranges a sample.
struct TupleSelection {
    /// Tuples tried for one connection; a full range costs that much and no more.
    static var maximumAttempts: Int { 1024 }
    /// Ports tried one after another at each address.
    static var maximumNeighbors: Int { 128 }

    let range: AddressRange
    let forward: ConnectionKey
    private var reverse: ConnectionKey
    private var hash: UInt64
    private var attempts = 0

    /// - Parameter random: another number each time.
    init(_ range: AddressRange, _ forward: ConnectionKey, seed: UInt64, random: UInt64) {
        self.range = range
        self.forward = forward
        reverse = forward.reversed
        if range.flags.contains(.random) {
            hash = random
        } else if range.flags.contains(.persistent) {
            // The same client is given the same address.
            hash = Mixing.mix(forward.sourceLow ^ seed, forward.sourceHigh ^ 0xA076_1D64_78BD_642F)
        } else {
            hash = forward.hash(seed)
        }
    }

    /// - Parameter isFree: whether no connection has a tuple.
    /// - Returns: the tuple of answers, or `nil` if all that were tried are taken.
    mutating func choose(_ isFree: (ConnectionKey) -> Bool) -> ConnectionKey? {
        let own = range.kind == .source ? forward.source : forward.destination
        let (first, last) = range.hasAddresses ? (range.first, range.last) : (own, own)
        let span = last - first
        var offset = span == .max ? UInt128(hash) : UInt128(hash) % (span + 1)
        var left = span
        while true {
            setAddress(first + offset)
            if chooses(isFree) { return reverse }
            guard left > 0, attempts < Self.maximumAttempts else { return nil }
            left -= 1
            offset = offset == span ? 0 : offset + 1
        }
    }

    private mutating func setAddress(_ address: UInt128) {
        if range.kind == .source {
            reverse.destination = address
        } else {
            reverse.source = address
        }
    }

    /// Chooses ports at the address in hand.
    private mutating func chooses(_ isFree: (ConnectionKey) -> Bool) -> Bool {
        guard forward.hasPorts else {
            attempts += 1
            return isFree(reverse)
        }
        reverse.setPorts(forward.reversed.ports)
        if range.kind == .destination {
            if range.hasPorts {
                let ports = range.firstPort...range.lastPort
                if chooses(.server, in: ports, from: start(ports), isFree) { return true }
            } else if tries(isFree) {
                return true
            }
            // As a last resort the client gets another port.
            let own = forward.sourcePort
            return chooses(.client, in: Self.peers(of: own), from: own, isFree)
        }
        let own = forward.sourcePort
        let ports = range.hasPorts ? range.firstPort...range.lastPort : Self.peers(of: own)
        let first = range.hasPorts ? start(ports) : own
        return chooses(.client, in: ports, from: first, isFree)
    }

    private func start(_ ports: ClosedRange<UInt16>) -> UInt16 {
        let count = UInt64(ports.upperBound - ports.lowerBound) + 1
        return ports.lowerBound + UInt16(truncatingIfNeeded: (hash >> 16) % count)
    }

    /// The ports that may stand for a port: well-known ones for well-known ones.
    private static func peers(of port: UInt16) -> ClosedRange<UInt16> {
        if port < 512 { return 1...511 }
        return port < 1024 ? 600...1023 : 1024...65535
    }

    /// Whose port is chosen.
    private enum End {
        case client, server
    }

    private mutating func setPort(of end: End, _ port: UInt16) {
        switch end {
        case .client: reverse.destinationPort = port
        case .server: reverse.sourcePort = port
        }
    }

    private mutating func tries(_ isFree: (ConnectionKey) -> Bool) -> Bool {
        attempts += 1
        return isFree(reverse)
    }

    private mutating func chooses(
        _ end: End, in ports: ClosedRange<UInt16>, from first: UInt16,
        _ isFree: (ConnectionKey) -> Bool
    ) -> Bool {
        let original = reverse
        let count = Int(ports.upperBound - ports.lowerBound) + 1
        let base = ports.contains(first) ? Int(first - ports.lowerBound) : 0
        if !ports.contains(first) {
            setPort(of: end, first)
            if tries(isFree) { return true }
        }
        let isShort = count <= 2 * Self.maximumNeighbors
        for step in 0..<(isShort ? count : 2 * Self.maximumNeighbors) {
            var distance = step
            if !isShort && step >= Self.maximumNeighbors {
                hash = Mixing.mix(hash ^ 0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3)
                distance = Int(truncatingIfNeeded: hash & 0xffff)
            }
            setPort(of: end, ports.lowerBound + UInt16((base + distance) % count))
            if tries(isFree) { return true }
            guard attempts < Self.maximumAttempts else { break }
        }
        reverse = original
        return false
    }
}
