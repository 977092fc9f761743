import Bytes
import Foundation
import OpenFlow
import TestSupport
import Testing

/// Whether another's reading of the standard takes what is encoded here.
@Suite(.enabled(if: Subprocess.find("tshark") != nil, "tshark is not installed"))
struct WiresharkTests {
    /// A capture in which each message is a segment of a TCP connection of its own.
    private static func capture(_ messages: [[UInt8]]) -> [UInt8] {
        var writer = OctetWriter()
        writer.append(UInt32(0xa1b2_c3d4))
        writer.append(UInt16(2))
        writer.append(UInt16(4))
        writer.appendZeros(8)
        writer.append(UInt32(65535))
        writer.append(UInt32(1))
        for (index, message) in messages.enumerated() {
            let length = 14 + 20 + 20 + message.count
            writer.append(UInt32(index))
            writer.append(UInt32(0))
            writer.append(UInt32(length))
            writer.append(UInt32(length))
            writer.append(contentsOf: octets("020000000001 020000000002 0800"))
            writer.append(contentsOf: octets("4500"))
            writer.append(UInt16(length - 14))
            writer.append(contentsOf: octets("00000000 4006 0000 0a000001 0a000002"))
            writer.append(UInt16(6653))
            writer.append(UInt16(10_000 + index))
            writer.append(contentsOf: octets("00000001 00000001 5018 ffff 0000 0000"))
            writer.append(contentsOf: message)
        }
        return writer.takeOctets()
    }

    /// Runs `tshark`, and returns for each frame that `filter` finds its number and its text.
    private static func dissect(_ messages: [[UInt8]], filter: String) throws -> [Int: String] {
        let directory = TemporaryDirectory()
        try Data(capture(messages)).write(to: URL(fileURLWithPath: directory("messages.pcap")))
        let shell = Shell(
            directory: directory.path,
            environment: ["PATH=/usr/bin:/bin", "HOME=\(directory.path)", "LC_ALL=C.UTF-8"],
            limit: 120)
        let result = try shell.run(
            "tshark -r messages.pcap -d tcp.port==6653,openflow -Y '\(filter)' -V 2>errors")
        var found: [Int: String] = [:]
        var index = -1
        for line in result.output.split(separator: "\n") {
            if line.hasPrefix("Frame "), let number = Int(line.dropFirst(6).prefix { $0.isNumber })
            {
                index = number - 1
            }
            found[index, default: ""] += line + "\n"
        }
        return found
    }

    /// What tshark 4.0 misreads, though it is as the standard has it and `ovs-ofctl` reads it.
    private static func isMisread(_ message: OpenFlowMessage, _ version: OpenFlowVersion) -> Bool {
        switch message {
        // It expects at least one action.
        case .flowMod(let mod): version == .v10 && mod.actions.isEmpty
        // It has no lengths in the entries of either (OpenFlow 1.4.1 §7.3.5.8, §7.3.5.10).
        case .statsReply(let reply):
            switch reply.body {
            case .queue, .queueDescription: version == .v14
            default: false
            }
        default: false
        }
    }

    @Test func `tshark finds nothing malformed`() throws {
        // It has no dissectors for 1.1 and 1.2, and that for 1.5 fails at every OXM.
        let versions: [OpenFlowVersion] = [.v10, .v13, .v14]
        let messages = Corpus.messages.filter {
            versions.contains($0.dialect.version) && !Self.isMisread($0.message, $0.dialect.version)
        }
        let octets = messages.map { $0.message.encoded($0.dialect, xid: 1) }
        let seen = try Self.dissect(octets, filter: "openflow_v1 || openflow_v4 || openflow_v5")
        #expect(seen.count == octets.count)
        let malformed = try Self.dissect(
            octets, filter: "_ws.malformed || _ws.expert.group == Malformed")
        for (index, text) in malformed.sorted(by: { $0.key < $1.key }) {
            let (message, dialect) = messages[index]
            Issue.record("\(message) in \(dialect): \(hexadecimal(octets[index]))\n\(text)")
        }
    }
}
