/// One direction of a TCP connection, as far as its segments have told.
struct TCPPeer {
    /// How far a peer has come; the order matters.
    enum Stage: UInt8, Comparable {
        case closed, listen, synSent, synReceived, established
        case closeWait, finWait1, closing, lastAck, finWait2, timeWait

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// The highest sequence number sent, and one beyond what the other end lets it send.
    var low: UInt32 = 0
    var high: UInt32 = 0
    /// The largest window that it has offered, scaled down.
    var maximumWindow: UInt32 = 0
    /// The shift count, and what is known of it.
    var shift: UInt8 = 0
    var scaling = Scaling.none
    var stage = Stage.closed

    enum Scaling: UInt8 {
        /// The peer does not scale its window.
        case none
        case scaled
        /// The SYN was not seen.
        case unknown
    }
}

/// What a connection's packets have been: for protocols other than TCP.
enum ExchangeStage: UInt8 {
    case first, multiple, answered
}

/// What becomes of a connection's addresses.
struct TranslationKind: OptionSet {
    let rawValue: UInt8
    static var source: Self { .init(rawValue: 1) }
    static var destination: Self { .init(rawValue: 2) }

    /// The same for packets of the other direction.
    var reversed: Self {
        .init(rawValue: (rawValue & 1) << 1 | (rawValue & 2) >> 1)
    }
}

/// A protocol whose control connections tell of further ones.
public enum ConnectionHelper: UInt8, Sendable {
    case none, ftp, tftp
}

/// An entry of the table: plain memory of ``Connection/byteCount`` octets, three lines of a cache.
///
/// Packets of the first direction find what they need in the first line, those of TCP in the
/// first two. Two hash chains run through an entry, one for each direction, if the directions have
/// not the same hash value anyway; and a list of the timer wheel. Links are numbers: of an entry,
/// or, in chains, of an entry and a direction (`2 * entry + direction`).
struct Connection {
    static var byteCount: Int { MemoryLayout<Connection>.stride }

    /// The tuple of the first packet.
    var forward = ConnectionKey()
    var forwardHash: UInt32 = 0
    var forwardNext: UInt32 = 0
    /// When nothing is heard of it any more, in milliseconds.
    var expires: UInt64 = 0
    /// The timeouts that were its zone's when it began.
    var policy: UInt16 = 0
    /// Counts the connections that the entry has held.
    var generation: UInt16 = 0
    var exchange = ExchangeStage.first
    var translation: TranslationKind = []
    var helper = ConnectionHelper.none
    var flags: Flags = []

    // The second line.
    var labelHigh: UInt64 = 0
    var labelLow: UInt64 = 0
    var mark: UInt32 = 0
    /// The record of the control connection that told of this one, or 0.
    var parent: UInt32 = 0
    /// The record of how a helper has changed the lengths of the control stream, or 0.
    var skews: UInt32 = 0
    var wheelSlot: UInt16 = 0
    var client = TCPPeer()
    var server = TCPPeer()

    // The third line.
    /// The tuple of the packets that answer.
    var reverse = ConnectionKey()
    var reverseHash: UInt32 = 0
    var reverseNext: UInt32 = 0
    var wheelNext: UInt32 = 0
    var wheelPrevious: UInt32 = 0
    private var padding: UInt64 = 0

    struct Flags: OptionSet {
        let rawValue: UInt8
        static var isUsed: Self { .init(rawValue: 1) }
        /// It waits in a list of the timer wheel.
        static var isScheduled: Self { .init(rawValue: 2) }
    }

    var isUsed: Bool { flags.contains(.isUsed) }

    var label: UInt128 {
        get { UInt128(labelHigh) << 64 | UInt128(labelLow) }
        set {
            labelHigh = UInt64(truncatingIfNeeded: newValue >> 64)
            labelLow = UInt64(truncatingIfNeeded: newValue)
        }
    }
}

/// An entry and the connection that it held when it was looked at.
struct ConnectionTicket {
    let index: UInt32
    let generation: UInt16
    let forwardHash: UInt32
    let reverseHash: UInt32
}
