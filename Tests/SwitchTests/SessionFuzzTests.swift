import Addresses
import FlowModel
import OpenFlow
import OpenFlowSession
import Pipeline
import Switch
import TestSupport
import Testing

/// Controllers that send anything: right messages, and such that were damaged on the way.
@Suite struct SessionFuzzTests {
    private static let versions: [OpenFlowVersion] = OpenFlowVersion.allKnown

    /// One message of each kind that changes something, or asks for something.
    private static func messages(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        var match = Match()
        match.set(.etherType, to: 0x0800)
        match.set(.ipProtocol, to: 6)
        match.set(.tcpDestination, to: 80)
        let actions: [Action] = [
            .output(PortNumber(1), maxByteCount: 0), .setQueue(3),
            .output(.normal, maxByteCount: 0),
        ]
        var add = FlowMod(
            tableID: 1, match: match, newCookie: 7, idleTimeout: 5, actions: actions)
        add.flags = [.sendFlowRemoved, .checkOverlap]
        var packet = PacketOut(inPort: .controller, actions: actions)
        packet.data = [UInt8](repeating: 3, count: 64)
        var messages: [OpenFlowMessage] = [
            .flowMod(add), .flowMod(FlowMod(command: .modify, tableID: 1, actions: actions)),
            .flowMod(FlowMod(command: .delete, tableID: 1)), .packetOut(packet),
            .featuresRequest, .getConfigRequest, .echoRequest([1, 2, 3]),
            .setConfig(SwitchConfig(missSendLength: 100)),
            .roleRequest(Role(kind: .primary, generationID: 1)),
            .roleRequest(Role(kind: .equal)), .setPacketInFormat(.nxm2), .setControllerID(0),
            .statsRequest(.description), .statsRequest(.flow(FlowStatsRequest(match: match))),
            .statsRequest(.aggregate(FlowStatsRequest())), .statsRequest(.table),
            .statsRequest(.port(.none)), .statsRequest(.portDescription(.none)),
            .statsRequest(.queue(.none, queueID: nil)), .getAsyncRequest,
            .setAsync(.standard), .queueConfigRequest(.none),
            .groupMod(
                GroupMod(
                    command: .add, type: .all, id: 4,
                    buckets: [Bucket(actions: actions)])),
            .groupMod(GroupMod(command: .delete, type: .all, id: GroupMod.all)),
            .statsRequest(.group(GroupMod.all)), .statsRequest(.tableDescription),
            .statsRequest(
                .flowMonitor([FlowMonitorRequest(id: 1, flags: [.initial, .add, .delete])])),
            .flowMonitorCancel(1), .bundleControl(BundleControl(bundleID: 1, kind: .openRequest)),
            .bundleControl(BundleControl(bundleID: 1, kind: .commitRequest)),
        ]
        var mod = TableMod(tableID: 1, config: [.eviction, .vacancyEvents])
        mod.vacancy = Vacancy(down: 10, up: 20)
        messages.append(.tableMod(mod))
        return messages
    }

    private static func damaged(_ octets: [UInt8], by random: inout SplitMix64) -> [UInt8] {
        var octets = octets
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return octets
        case 2: octets = Array(octets.prefix(Int.random(in: 8...octets.count, using: &random)))
        case 3: octets += (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
        default:
            for _ in 0..<Int.random(in: 1...3, using: &random) where octets.count > 8 {
                let place = Int.random(in: 8..<octets.count, using: &random)
                octets[place] = UInt8.random(in: 0...255, using: &random)
            }
        }
        octets[2] = UInt8(octets.count >> 8)
        octets[3] = UInt8(octets.count & 0xff)
        return octets
    }

    /// A switch with a session on it, as the daemon joins them.
    private final class Subject {
        let machine = MemorySwitch()
        var session: OpenFlowSession
        var bundles = BundleTable()
        var monitors = FlowMonitorTable()
        var election = RoleElection()

        init(_ version: OpenFlowVersion) {
            machine.addBridge("br0")
            for name in ["p1", "p2"] { machine.addPort(name, to: "br0") }
            session = OpenFlowSession(
                .init(end: .controller, versions: .init(version)), now: 0)
            session.receive(
                OpenFlowMessage.hello(Hello()).encoded(Dialect(version: version)), at: 0)
            _ = session.next()
            _ = session.takeOutput()
        }

        func receive(_ octets: [UInt8]) -> [UInt8] {
            session.receive(octets, at: 0)
            while let event = session.next() {
                switch event {
                case .message(let envelope):
                    do throws(OpenFlowError) { try handle(envelope) } catch {
                        session.refuse(error)
                    }
                case .roleRequest(let role): session.changeRole(to: role, in: &election)
                case .established, .closed: break
                }
            }
            machine.virtualSwitch.events.removeAll()
            return session.takeOutput()
        }

        private func handle(_ envelope: Envelope) throws(OpenFlowError) {
            guard let managed = machine.virtualSwitch.bridges["br0"] else { return }
            let version = session.dialect.version
            switch envelope.message {
            case .statsRequest(.flowMonitor(let requests)):
                for request in requests { try monitors.handle(request) }
                managed.isMonitored = !monitors.isEmpty
            case .flowMonitorCancel(let id): try monitors.cancel(id)
            case .bundleAdd(let add):
                try bundles.add(add, xid: envelope.xid, dialect: session.dialect, at: 0)
            case .bundleControl(let control):
                guard case .commit(let bundle, _) = try bundles.handle(control, at: 0) else {
                    return
                }
                try? machine.virtualSwitch.commit(
                    bundle.octets.indices.compactMap { bundle.message($0) }, version: version,
                    for: managed,
                    now: machine.now)
            default:
                let replies = try machine.virtualSwitch.handle(
                    envelope.message, version: version, for: managed, now: machine.now)
                for reply in replies { session.reply(reply) }
            }
        }
    }

    @Test(arguments: 0..<24)
    func `whatever a controller sends, the switch lives and answers`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let version = Self.versions[Int(seed) % Self.versions.count]
        let subject = Subject(version)
        let messages = Self.messages(version)
        let dialect = Dialect(version: version)
        for xid in UInt32(1)...300 {
            guard let message = messages.randomElement(using: &random) else { return }
            var octets = message.encoded(dialect, xid: xid)
            guard !octets.isEmpty else { continue }
            if version >= .v14, Int.random(in: 0..<4, using: &random) == 0, octets.count < 1000 {
                let add = BundleAdd(bundleID: 1, flags: [], message: octets)
                octets = OpenFlowMessage.bundleAdd(add).encoded(dialect, xid: xid)
            }
            octets = Self.damaged(octets, by: &random)
            let barrier = OpenFlowMessage.barrierRequest.encoded(dialect, xid: 0xbbbb)
            let output = subject.receive(octets + barrier)
            let reply = OpenFlowMessage.barrierReply.encoded(dialect, xid: 0xbbbb)
            #expect(Array(output.suffix(8)) == reply, "seed \(seed), message \(xid): \(octets)")
            var framer = OpenFlowFramer()
            framer.append(output)
            while let answer = try framer.next() {
                let header = try #require(MessageHeader(answer))
                #expect(header.version == version)
            }
            #expect(framer.pendingByteCount == 0)
        }
    }

    // MARK: Admission

    private func error(_ output: [UInt8]) -> OpenFlowError? {
        guard case .error(let message)? = try? OpenFlowMessage.parse(output),
            let header = MessageHeader(output)
        else { return nil }
        return OpenFlowError(message.code, in: header.version)
    }

    @Test(arguments: OpenFlowVersion.allKnown)
    func `a secondary controller hears that it is one, however wrong its message is`(
        version: OpenFlowVersion
    ) {
        let subject = Subject(version)
        let dialect = Dialect(version: version)
        let role = OpenFlowMessage.roleRequest(Role(kind: .secondary, generationID: 1))
        _ = subject.receive(role.encoded(dialect, xid: 1))
        let mod = FlowMod(tableID: 1, actions: [.output(PortNumber(0xfff0), maxByteCount: 0)])
        let output = subject.receive(OpenFlowMessage.flowMod(mod).encoded(dialect, xid: 2))
        let code = version < .v12 ? [0, 1, 0, 5] as [UInt8] : [0, 1, 0, 10]
        #expect(Array(output[8..<12]) == code)
    }

    @Test func `a secondary controller may set what is its own`() {
        let subject = Subject(.v13)
        let role = OpenFlowMessage.roleRequest(Role(kind: .secondary, generationID: 1))
        _ = subject.receive(role.encoded(Dialect(version: .v13), xid: 1))
        let set = OpenFlowMessage.setConfig(SwitchConfig(missSendLength: 77))
        #expect(subject.receive(set.encoded(Dialect(version: .v13), xid: 2)).isEmpty)
        #expect(subject.session.config.missSendLength == 77)
    }

    @Test func `a controller hears in 1.3 that another one has become primary`() throws {
        let status = RoleStatus(
            role: .secondary, reason: .primaryRequest, generationID: 0x1000_0000_0000_0020)
        // From genuine ovs-vswitchd.
        let golden = octets(
            "0404002000000000 4f4e460000000777 0000000300000000 1000000000000020")
        let message = OpenFlowMessage.roleStatus(status)
        #expect(message.encoded(Dialect(version: .v13)) == golden)
        #expect(try OpenFlowMessage.parse(golden) == message)
    }

    @Test func `a request for a role is answered in its own form`() {
        let subject = Subject(.v13)
        let output = subject.receive(
            octets("0404001400000007 000023200000000a 00000001"))
        #expect(output == octets("0404001400000007 000023200000000b 00000001"))
    }

    @Test func `a request in parts is answered when the last has come`() {
        let subject = Subject(.v13)
        let first = subject.receive(octets("0412001000000002 000d000100000000"))
        #expect(first.isEmpty)
        let other = subject.receive(octets("0412001000000002 0000000000000000"))
        #expect(error(other) == .requestBadStatistics)
        _ = subject.receive(octets("0412001000000003 000d000100000000"))
        let second = subject.receive(octets("0412001000000003 000d000000000000"))
        #expect(second.prefix(2) == [4, 19])
    }

    @Test func `a buffer that is not there is refused, but the rule is added`() {
        let subject = Subject(.v13)
        let mod = FlowMod(tableID: 1, newCookie: 1, bufferID: 5)
        let output = subject.receive(
            OpenFlowMessage.flowMod(mod).encoded(Dialect(version: .v13), xid: 2))
        #expect(error(output) == .requestBufferUnknown)
        let bridge = subject.machine.virtualSwitch.bridges["br0"]?.bridge
        #expect(bridge?.table(1).ruleCount == 1)
    }
}
