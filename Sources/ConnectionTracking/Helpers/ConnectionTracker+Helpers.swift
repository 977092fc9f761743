import FlowModel

/// Control connections that tell of further ones.
extension ConnectionTracker {
    /// Expectations that are kept at once.
    static var maximumExpectations: Int { 10_000 }
    /// Milliseconds until one is given up.
    static var expectationLifetime: UInt64 { 300_000 }
    /// Ports tried for a connection to come.
    static var maximumPortAttempts: UInt16 { 64 }

    /// Reads what a packet of a control connection says, and has it say what the other end can use.
    func help(_ index: UInt32, _ passage: Passage, _ verdict: inout TrackingVerdict) {
        let entry = state.pointee.table[index]
        switch entry.pointee.helper {
        case .none: return
        case .tftp:
            let payload = passage.packet.payload
            // A request to read or to write (RFC 1350 §5).
            guard !passage.isReply, payload.count >= 4, payload[0] == 0,
                payload[1] == 1 || payload[1] == 2
            else { return }
            var key = entry.pointee.reverse
            key.sourcePort = 0
            var reverse = entry.pointee.forward
            reverse.destinationPort = 0
            expect(key, reverse, index, passage.now)
        case .ftp:
            announce(index, passage, &verdict)
            skew(entry, passage, &verdict)
        }
    }

    /// Expects the connection that a control connection announces.
    private func announce(_ index: UInt32, _ passage: Passage, _ verdict: inout TrackingVerdict) {
        let entry = state.pointee.table[index]
        // The sender's and the receiver's view of the connection, both as the sender's packets go.
        let sent = passage.isReply ? entry.pointee.reverse : entry.pointee.forward
        let received = passage.isReply ? entry.pointee.forward : entry.pointee.reverse
        guard passage.packet.payload.count > 0,
            let said = ControlAnnouncement(passage.packet.payload, isReply: passage.isReply),
            // Nobody may have connections made to somebody else.
            said.address == nil
                || said.address == sent.source && said.isIPv6 == sent.isIPv6
        else { return }
        // The other end begins, towards the address that it sees the sender by.
        var key = received
        key.sourcePort = 0
        var reverse = sent
        reverse.sourcePort = said.port
        reverse.destinationPort = 0
        guard let port = freePort(said.port, key, verdict.isTranslated) else { return }
        key.destinationPort = port
        expect(key, reverse, index, passage.now)
        guard verdict.isTranslated else { return }
        let text = said.text(key.destination, port)
        let old = passage.packet.payload[said.range]
        guard !old.elementsEqual(text) else { return }
        verdict.edit = helpers.addEdit(PayloadEdit(range: said.range, octets: text))
        if entry.pointee.skews == 0 { entry.pointee.skews = helpers.addSkews() }
        var skews = helpers.skews(entry.pointee.skews)
        let end = passage.packet.segment.sequenceNumber &+ UInt32(said.range.upperBound)
        let change = text.count - said.range.count
        if passage.isReply {
            skews.server.note(change, at: end)
        } else {
            skews.client.note(change, at: end)
        }
        helpers.setSkews(entry.pointee.skews, skews)
    }

    /// The announced port, or one near it that nobody waits at, if it can be told otherwise.
    private func freePort(_ port: UInt16, _ key: ConnectionKey, _ mayChange: Bool) -> UInt16? {
        guard mayChange else { return port }
        var key = key
        for step in 0..<Self.maximumPortAttempts {
            let candidate = port &+ step
            guard candidate >= 1024 || step == 0 else { continue }
            key.destinationPort = candidate
            guard let other = helpers.expectation(key) else { return candidate }
            // One that the same control connection has announced before is replaced.
            if step == 0, other.reverse.sourcePort == port { return candidate }
        }
        return nil
    }

    private func expect(
        _ key: ConnectionKey, _ reverse: ConnectionKey, _ parent: UInt32, _ now: UInt64
    ) {
        let expectation = Expectation(
            parent: parent, parentKey: state.pointee.table[parent].pointee.forward,
            reverse: reverse, expires: now + Self.expectationLifetime)
        helpers.expect(key, expectation, now: now)
    }

    /// An expectation, and what its control connection is.
    struct Announced {
        let expectation: Expectation
        let mark: UInt32
        let label: UInt128
    }

    /// The expectation that a packet without a connection meets; under no lock.
    func expectation(for key: ConnectionKey, now: UInt64) -> Announced? {
        var key = key
        key.sourcePort = 0
        guard let found = helpers.expectation(key) else { return nil }
        // The control connection may be gone, and another one in its place.
        let shard = state.pointee.table.shard(state.pointee.table.hash(found.parentKey))
        state.pointee.table.lock(shard)
        let parent = state.pointee.table[found.parent]
        let isThere =
            found.expires > now && parent.pointee.isUsed
            && parent.pointee.forward == found.parentKey
        let announced = Announced(
            expectation: found, mark: parent.pointee.mark, label: parent.pointee.label)
        state.pointee.table.unlock(shard)
        if !isThere { helpers.forgetExpectation(key) }
        return isThere ? announced : nil
    }

    /// What an expected connection has of the one that told of it.
    ///
    /// To be called under no lock.
    func adopt(
        _ connection: inout Connection, _ announced: Announced, isTranslated: Bool, now: UInt64
    ) {
        var key = connection.forward
        key.sourcePort = 0
        let expected = announced.expectation
        helpers.forgetExpectation(key)
        connection.mark = announced.mark
        connection.label = announced.label
        connection.helper = .none
        connection.parent = helpers.addParent(expected.parentKey)
        guard isTranslated else { return }
        var reverse = expected.reverse
        reverse.destinationPort = connection.forward.sourcePort
        let plain = connection.forward.reversed
        if reverse.destination != plain.destination {
            // Behind the same address another client may have the port.
            for _ in 0..<Self.maximumPortAttempts {
                guard !isFree(reverse, now: now) else { break }
                reverse.destinationPort = max(1024, reverse.destinationPort &+ 1)
            }
        }
        connection.reverse = reverse
        if reverse.source != plain.source || reverse.sourcePort != plain.sourcePort {
            connection.translation.insert(.destination)
        }
        if reverse.destination != plain.destination { connection.translation.insert(.source) }
    }

    // MARK: Sequence numbers

    /// Says how a packet's sequence numbers change for its receiver.
    private func skew(
        _ entry: UnsafeMutablePointer<Connection>, _ passage: Passage,
        _ verdict: inout TrackingVerdict
    ) {
        guard entry.pointee.skews != 0, verdict.isTranslated else { return }
        let skews = helpers.skews(entry.pointee.skews)
        let (own, other) =
            passage.isReply ? (skews.server, skews.client) : (skews.client, skews.server)
        verdict.sequenceDelta = own.delta(for: passage.packet.segment.sequenceNumber)
        verdict.acknowledged = other
        verdict.acknowledgementDelta =
            other.delta(forAcknowledgement: passage.packet.segment.acknowledgement)
    }

    /// A segment with an acknowledgement as its receiver counts.
    func unskewed(
        _ entry: UnsafeMutablePointer<Connection>, _ passage: Passage
    ) -> TCPSegment {
        var segment = passage.packet.segment
        guard entry.pointee.skews != 0 else { return segment }
        let skews = helpers.skews(entry.pointee.skews)
        let (own, other) =
            passage.isReply ? (skews.server, skews.client) : (skews.client, skews.server)
        if passage.wasTranslated {
            // It counts as its receiver does already.
            let delta = own.delta(forAcknowledgement: segment.sequenceNumber)
            segment.sequenceNumber &+= UInt32(bitPattern: delta)
        } else {
            let delta = other.delta(forAcknowledgement: segment.acknowledgement)
            segment.acknowledgement &+= UInt32(bitPattern: delta)
        }
        return segment
    }

    /// The change of the payload that a verdict asks for, once.
    public func takeEdit(of verdict: borrowing TrackingVerdict) -> PayloadEdit? {
        verdict.edit == 0 ? nil : helpers.takeEdit(verdict.edit)
    }

    /// Gives back what an entry has outside of the table.
    func releaseRecords(of entry: Connection) {
        guard entry.parent != 0 || entry.skews != 0 else { return }
        helpers.release(parent: entry.parent, skews: entry.skews)
    }
}
