import FlowModel
import OpenFlow
import OpenFlowSession
import TestSupport
import Testing

/// Both ends of a channel whose octets go across at once.
struct Channel {
    var switchEnd: OpenFlowSession
    var client: OpenFlowSession

    init(
        _ end: OpenFlowSession.End = .controller, switchVersions: OpenFlowVersions = .supported,
        clientVersions: OpenFlowVersions = .supported
    ) {
        switchEnd = OpenFlowSession(.init(end: end, versions: switchVersions), now: 0)
        client = OpenFlowSession(.init(end: .client, versions: clientVersions), now: 0)
    }

    /// Carries octets until both ends are silent; returns the events of each.
    mutating func settle(
        at now: SessionTime = 0,
        answer: (inout OpenFlowSession, OpenFlowSession.Event) -> Void = {
            _, _ in
        }
    ) -> (switchEnd: [OpenFlowSession.Event], client: [OpenFlowSession.Event]) {
        var events: (switchEnd: [OpenFlowSession.Event], client: [OpenFlowSession.Event]) =
            ([], [])
        while true {
            let down = client.takeOutput()
            let up = switchEnd.takeOutput()
            if down.isEmpty && up.isEmpty { return events }
            if !down.isEmpty { switchEnd.receive(down, at: now) }
            if !up.isEmpty { client.receive(up, at: now) }
            while let event = switchEnd.next() {
                events.switchEnd.append(event)
                answer(&switchEnd, event)
            }
            while let event = client.next() { events.client.append(event) }
        }
    }
}

@Suite struct `OpenFlow sessions` {
    @Test func `agree on the newest common version`() {
        var channel = Channel()
        let events = channel.settle()
        #expect(events.switchEnd == [.established(.v15)])
        #expect(events.client == [.established(.v15)])
    }

    @Test func `agree on 1.0 if one end speaks nothing else`() {
        var channel = Channel(clientVersions: .v10)
        #expect(channel.settle().client == [.established(.v10)])
    }

    @Test func `tell why there is no common version`() {
        var channel = Channel(switchVersions: .v10, clientVersions: .v13)
        let events = channel.settle()
        let text = "We support version 0x01, you support version 0x04, no common versions."
        #expect(events.switchEnd == [.closed(.noCommonVersion(text))])
        #expect(channel.switchEnd.isClosed)
    }

    @Test func `take a header's version where there is no bitmap`() {
        var session = OpenFlowSession(.init(end: .service), now: 0)
        session.receive(octets("0600000800000003"), at: 0)
        #expect(session.next() == .established(.v15))
    }

    @Test func `close where the first message is no hello`() {
        var session = OpenFlowSession(.init(end: .service), now: 0)
        session.receive(octets("0105000800000003"), at: 0)
        #expect(session.next() == .closed(.expectedHello))
    }

    @Test func `close where a length cannot be`() {
        var session = OpenFlowSession(.init(end: .service), now: 0)
        session.receive(octets("0100000800000003 0105000700000003"), at: 0)
        #expect(session.next() == .established(.v10))
        #expect(session.next() == .closed(.malformedHeader))
    }

    @Test func `take octets one by one`() {
        var session = OpenFlowSession(.init(end: .service), now: 0)
        var events: [OpenFlowSession.Event] = []
        for octet in octets("0100000800000001 0105000800000002 0102000800000003") {
            session.receive([octet], at: 0)
            while let event = session.next() { events.append(event) }
        }
        let request = Envelope(xid: 2, .featuresRequest)
        #expect(events == [.established(.v10), .message(request)])
    }

    @Test func `answer echoes and barriers in order`() {
        var channel = Channel()
        _ = channel.settle()
        let first = channel.client.send(.echoRequest([1, 2]))
        let second = channel.client.send(.barrierRequest)
        // What a barrier waits for, the owner knows.
        let events = channel.settle { session, event in
            if case .message(let envelope) = event, envelope.message == .barrierRequest {
                session.reply(.barrierReply)
            }
        }
        #expect(
            events.client == [
                .message(Envelope(xid: first, .echoReply([1, 2]))),
                .message(Envelope(xid: second, .barrierReply)),
            ])
    }

    @Test func `refuse another version and go on`() {
        var session = OpenFlowSession(.init(end: .service), now: 0)
        session.receive(octets("0100000800000001 0405000800000007 0102000800000008"), at: 0)
        #expect(session.next() == .established(.v10))
        _ = session.takeOutput()
        #expect(session.next() == nil)
        #expect(
            session.takeOutput()
                == octets("04010014000000070001000004050008000000070103000800000008"))
    }

    @Test func `refuse an unknown type as OVS does`() {
        var session = OpenFlowSession(.init(end: .service), now: 0)
        session.receive(octets("0100000800000001 014d000c0000000900000000"), at: 0)
        _ = session.next()
        _ = session.takeOutput()
        #expect(session.next() == nil)
        #expect(session.takeOutput() == octets("010100180000000900010001014d000c0000000900000000"))
    }

    @Test func `probe a silent peer and then give up`() {
        var channel = Channel()
        _ = channel.settle(at: 1000)
        #expect(channel.switchEnd.deadline == 6000)
        channel.switchEnd.advance(to: 5999)
        #expect(channel.switchEnd.takeOutput().isEmpty)
        channel.switchEnd.advance(to: 6000)
        #expect(channel.switchEnd.isProbing)
        _ = channel.settle(at: 6100)
        #expect(!channel.switchEnd.isProbing)
        #expect(channel.switchEnd.deadline == 11100)
        channel.switchEnd.advance(to: 11100)
        channel.switchEnd.advance(to: 16100)
        #expect(channel.switchEnd.next() == .closed(.peerIsSilent))
        #expect(channel.switchEnd.next() == nil)
    }

    @Test func `answer flow statistics in the format of the request`() {
        var channel = Channel(clientVersions: .v10)
        _ = channel.settle()
        for format in [FlowFormat.openFlow10, .nxm] {
            channel.client.dialect.flowFormat = format
            let xid = channel.client.send(.statsRequest(.flow(FlowStatsRequest())))
            let entry = FlowStatsEntry(idleAge: 3, hardAge: 4, actions: [.exit])
            let events = channel.settle { session, _ in
                session.reply(.flow) { $0.append(entry) }
            }
            var expected = entry
            if format == .openFlow10 {
                expected.idleAge = nil
                expected.hardAge = nil
            }
            let reply = StatsReply(.flow([expected]))
            #expect(events.client == [.message(Envelope(xid: xid, .statsReply(reply)))])
        }
    }
}

@Suite struct `Roles` {
    private func request(
        _ role: Role, _ channel: inout Channel, _ election: inout RoleElection
    ) -> [OpenFlowSession.Event] {
        channel.client.send(.roleRequest(role))
        var local = election
        let events = channel.settle { session, event in
            if case .roleRequest(let wanted) = event {
                session.changeRole(to: wanted, in: &local)
            }
        }
        election = local
        return events.client
    }

    @Test func `secondary controllers change nothing`() {
        var channel = Channel()
        _ = channel.settle()
        var election = RoleElection()
        let role = Role(kind: .secondary, generationID: 5)
        let events = request(role, &channel, &election)
        guard case .message(let envelope)? = events.first else {
            Issue.record("no reply")
            return
        }
        #expect(envelope.message == .roleReply(role))
        channel.client.send(.flowMod(FlowMod()))
        guard case .message(let refusal)? = channel.settle().client.first,
            case .error(let error) = refusal.message
        else {
            Issue.record("no error")
            return
        }
        #expect(error.code == OpenFlowError.requestIsSecondary.code(in: .v13))
        #expect(!channel.switchEnd.wantsPacketIn(.noMatch))
        #expect(channel.switchEnd.wantsPortStatus(.add))
    }

    @Test func `older elections are refused`() {
        var channel = Channel()
        _ = channel.settle()
        var election = RoleElection()
        _ = request(Role(kind: .primary, generationID: 5), &channel, &election)
        let events = request(Role(kind: .primary, generationID: 4), &channel, &election)
        guard case .message(let refusal)? = events.first, case .error(let error) = refusal.message
        else {
            Issue.record("no error")
            return
        }
        #expect(error.code == OpenFlowError.roleStale.code(in: .v13))
        #expect(channel.switchEnd.role == .primary)
    }

    @Test func `connections that nobody configured hear nothing until they ask`() {
        var channel = Channel(.service, clientVersions: .v10)
        _ = channel.settle()
        #expect(!channel.switchEnd.wantsPacketIn(.action))
        channel.client.send(.setConfig(SwitchConfig(missSendLength: 65535)))
        _ = channel.settle()
        #expect(channel.switchEnd.wantsPacketIn(.action))
        #expect(!channel.switchEnd.wantsPacketIn(.invalidTTL))
    }

    @Test func `how fragments are handled is left to the switch`() {
        var channel = Channel(clientVersions: .v10)
        _ = channel.settle()
        channel.client.send(.setConfig(SwitchConfig(fragments: .drop)))
        channel.client.send(.getConfigRequest)
        let messages = channel.settle().switchEnd.compactMap { event -> OpenFlowMessage? in
            if case .message(let envelope) = event { envelope.message } else { nil }
        }
        #expect(messages == [.setConfig(SwitchConfig(fragments: .drop)), .getConfigRequest])
    }
}

@Suite struct `Sessions under bad input` {
    @Test(arguments: 0..<20, [UInt8(1), 4])
    func `take any octets without a trap`(seed: UInt64, version: UInt8) {
        var random = SplitMix64(seed: seed)
        var session = OpenFlowSession(.init(end: .controller), now: 0)
        session.receive([version, 0, 0, 8, 0, 0, 0, 1], at: 0)
        for _ in 0..<200 {
            session.receive(message(version, &random), at: 0)
            while let event = session.next() { answer(event, in: &session) }
        }
        #expect(session.isEstablished)
        // Everything that came out is whole messages.
        var framer = OpenFlowFramer()
        framer.append(session.takeOutput())
        #expect(throws: Never.self) {
            while try framer.next() != nil {}
        }
        #expect(framer.pendingByteCount == 0)
    }

    /// A header that can be, and any octets behind it.
    private func message(_ version: UInt8, _ random: inout SplitMix64) -> [UInt8] {
        let count = Int.random(in: 8...64, using: &random)
        var octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        octets[0] = version
        octets[1] = UInt8.random(in: 0...35, using: &random)
        octets[2] = 0
        octets[3] = UInt8(count)
        return octets
    }

    private func answer(_ event: OpenFlowSession.Event, in session: inout OpenFlowSession) {
        guard case .message(let envelope) = event, case .statsRequest = envelope.message else {
            return
        }
        session.reply(.flow) { $0.append(FlowStatsEntry()) }
    }
}
