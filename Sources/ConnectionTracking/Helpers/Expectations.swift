/// A connection that another one has told of.
struct Expectation {
    /// The control connection, by its number and the tuple that it had then.
    let parent: UInt32
    let parentKey: ConnectionKey
    /// The tuple of the packets that will answer, but for the port of who begins.
    let reverse: ConnectionKey
    let expires: UInt64
}

/// What is done with sequence numbers behind a place where text was made longer or shorter.
public struct SequenceSkew: Sendable {
    /// The sequence number, as its sender counts, behind which ``after`` counts.
    var position: UInt32 = 0
    var before: Int32 = 0
    var after: Int32 = 0

    /// What is added to a sequence number of the sender.
    func delta(for sequence: UInt32) -> Int32 {
        Int32(bitPattern: sequence &- position) > 0 ? after : before
    }

    /// Whether anything was made longer or shorter.
    @inline(__always)
    public var isOn: Bool { before != 0 || after != 0 }

    /// What is added to an acknowledgement of the receiver, or to an edge of a block that it
    /// acknowledges by selection (RFC 2018).
    public func delta(forAcknowledgement number: UInt32) -> Int32 {
        let own = number &- UInt32(bitPattern: after)
        return Int32(bitPattern: own &- position) > 0 ? 0 &- after : 0 &- before
    }

    /// Notes a change of the text that begins at a sequence number.
    mutating func note(_ change: Int, at sequence: UInt32) {
        // A segment that comes again is changed as before.
        guard change != 0, position == 0 || Int32(bitPattern: sequence &- position) > 0 else {
            return
        }
        position = sequence
        before = after
        after &+= Int32(change)
    }
}

/// The skews of both directions of a control connection.
struct ControlSkews {
    var client = SequenceSkew()
    var server = SequenceSkew()
}

/// A change of a packet's payload.
public struct PayloadEdit: Equatable {
    public let range: Range<Int>
    public let octets: [UInt8]
}
