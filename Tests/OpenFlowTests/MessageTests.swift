import Bytes
import FlowModel
import OpenFlow
import TestSupport
import Testing

@Suite struct `Messages` {
    @Test(arguments: Corpus.messages.indices)
    func `come back as they were`(index: Int) throws {
        let (message, dialect) = Corpus.messages[index]
        let octets = message.encoded(dialect, xid: 0x1234_5678)
        #expect(MessageHeader(octets)?.length == octets.count)
        let again = Result { try OpenFlowMessage.parse(octets, dialect: dialect) }
        #expect((try? again.get()) == message, "\(message) in \(dialect): \(again)")
    }

    @Test(arguments: Corpus.messages.indices)
    func `cut short are refused`(index: Int) throws {
        let (message, dialect) = Corpus.messages[index]
        let octets = message.encoded(dialect, xid: 1)
        for count in 0..<octets.count {
            #expect(throws: OpenFlowError.self) {
                try OpenFlowMessage.parse(Array(octets[..<count]), dialect: dialect)
            }
            guard count >= MessageHeader.byteCount else { continue }
            // With a length that agrees, some prefixes are messages of their own.
            var shorter = Array(octets[..<count])
            shorter[2] = UInt8(count >> 8)
            shorter[3] = UInt8(count & 0xff)
            _ = try? OpenFlowMessage.parse(shorter, dialect: dialect)
        }
    }

    @Test(
        .enabled(if: Genuine.isInstalled, Comment(rawValue: Genuine.whySkipped)),
        arguments: Corpus.messages.indices)
    func `are understood by ovs-ofctl`(index: Int) throws {
        let (message, dialect) = Corpus.messages[index]
        var text = try Genuine.print(message.encoded(dialect, xid: 1))
        // Of a packet that is reported in part.
        text.replace("(***total_len != data_len***)", with: "")
        #expect(!text.contains("***"), "\(message)")
        #expect(text.contains("xid=0x1"), "\(text)")
    }

    @Test(arguments: 0..<20)
    func `changed at random never trap`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var corpus = Corpus.messages.map { ($0.message.encoded($0.dialect), $0.dialect) }
        corpus += GenuineFlowMods.openFlow10.map { (octets($0.hex), Dialect(version: .v10)) }
        corpus += GenuineFlowMods.openFlow13.map { (octets($0.hex), Dialect(version: .v13)) }
        for (original, dialect) in corpus {
            for _ in 0..<50 {
                var octets = original
                for _ in 0..<Int.random(in: 1...4, using: &random) where octets.count > 8 {
                    let place = Int.random(in: 8..<octets.count, using: &random)
                    octets[place] =
                        [0, 1, 7, 8, 0xff, UInt8.random(in: 0...255, using: &random)]
                        .randomElement(using: &random) ?? 0
                }
                guard let message = try? OpenFlowMessage.parse(octets, dialect: dialect) else {
                    continue
                }
                // What was accepted can be said again, in every dialect.
                _ = message.encoded(dialect)
                for version in OpenFlowVersion.allKnown {
                    _ = message.encoded(Dialect(version: version))
                }
            }
        }
    }
}

@Suite struct `Statistics in parts` {
    @Test func `of 2,000 rules come back whole from messages of at most 64 KiB`() throws {
        for dialect in [
            Dialect(version: .v10), Dialect(version: .v10, flowFormat: .nxm),
            Dialect(version: .v11), Dialect(version: .v13), Dialect(version: .v15),
        ] {
            var writer = StatsReplyWriter(.flow, dialect, xid: 5)
            for number in 0..<2000 {
                var entry = Corpus.entry
                entry.priority = UInt16(number)
                writer.append(entry)
            }
            var framer = OpenFlowFramer()
            framer.append(writer.finish().octets)
            var priorities: [UInt16] = []
            var more: [Bool] = []
            while let octets = try framer.next() {
                guard
                    case .statsReply(let reply) = try OpenFlowMessage.parse(
                        octets, dialect: dialect),
                    case .flow(let entries) = reply.body
                else {
                    Issue.record("another message")
                    return
                }
                priorities += entries.map(\.priority)
                more.append(reply.hasMore)
            }
            #expect(priorities == (0..<2000).map { UInt16($0) })
            #expect(more.count > 1)
            #expect(more.dropLast().allSatisfy { $0 } && more.last == false)
        }
    }

    @Test func `leave out actions that are too long to be told`() throws {
        let actions = Array(repeating: Action.output(PortNumber(1), maxByteCount: 0), count: 8000)
        let entry = FlowStatsEntry(actions: actions)
        let dialect = Dialect(version: .v13)
        let octets = OpenFlowMessage.statsReply(StatsReply(.flow([entry]))).encoded(dialect)
        guard case .statsReply(let reply) = try OpenFlowMessage.parse(octets, dialect: dialect)
        else { return }
        var expected = entry
        expected.actions = []
        #expect(reply.body == .flow([expected]))
    }

    @Test func `a message that is too long for its length is not written`() {
        let message = OpenFlowMessage.echoRequest(Array(repeating: 1, count: 70000))
        #expect(message.encoded(Dialect(version: .v13)).isEmpty)
    }
}

@Suite struct `Errors` {
    @Test(.enabled(if: Genuine.isInstalled, Comment(rawValue: Genuine.whySkipped)))
    func `have the numbers that ovs-ofctl gives their names`() throws {
        for version in [OpenFlowVersion.v10, .v13] {
            let dialect = Dialect(version: version)
            for error in OpenFlowError.allCases {
                let code = error.code(in: version)
                guard OpenFlowError(code, in: version) == error else { continue }
                let message = OpenFlowMessage.error(ErrorMessage(code: code, data: [0, 0, 0, 0]))
                let text = try Genuine.print(message.encoded(dialect))
                #expect(text.contains(error.name), "\(text)")
            }
        }
    }

    @Test func `are named by their numbers`() {
        #expect(OpenFlowError(ErrorCode(type: 4, code: 9), in: .v13) == .matchBadPrerequisite)
        #expect(OpenFlowError.matchBadPrerequisite.name == "OFPBMC_BAD_PREREQ")
        #expect(OpenFlowError(ErrorCode(type: 99, code: 9), in: .v13) == nil)
    }
}
