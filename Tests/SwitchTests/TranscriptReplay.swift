import FlowModel
import FlowSyntax
import OpenFlow
import Switch
import Pipeline
import TestSupport
import Testing

/// A file under `Tests/Transcripts`, done in memory as far as its commands are known.
///
/// The transcripts hold what genuine Open vSwitch prints. The whole programs are compared with them
/// elsewhere; this needs no process and no socket, and so shows at once which command is wrong.
final class TranscriptReplay {
    struct Step {
        var command: [String]
        var output: [String] = []
    }

    let name: String
    private var steps: [Step] = []
    private let memory = MemorySwitch()
    /// How many outputs were compared.
    private(set) var comparedCount = 0

    init(_ name: String) throws {
        self.name = name
        let text = try readFile("\(packageRoot())/Tests/Transcripts/\(name).txt")
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("$ ") {
                steps.append(Step(command: [String(line.dropFirst(2))]))
            } else if steps.isEmpty || line.hasPrefix("# ") {
                continue
            } else if line.hasPrefix("> "), steps[steps.count - 1].output.isEmpty {
                steps[steps.count - 1].command.append(String(line.dropFirst(2)))
            } else {
                steps[steps.count - 1].output.append(String(line))
            }
        }
    }

    func run() throws {
        for step in steps {
            for (command, input) in Self.expand(step.command) {
                try run(command, input, step.output)
            }
        }
    }

    /// `for i in 1 2; do COMMAND || exit; done`, on one line or several, is its commands.
    private static func expand(_ lines: [String]) -> [(command: String, input: [String])] {
        let input = Array(lines.dropFirst())
        var loop = Substring(lines[0])
        var body = input
        if loop.hasSuffix("; do") {
            loop = loop.dropLast(4)
            body.removeLast()
        } else if loop.hasSuffix(" || exit; done") {
            let parts = loop.dropLast(14).split(separator: ";", maxSplits: 1)
            body = [String(parts[1].dropFirst(4))]
            loop = parts[0]
        }
        guard loop.hasPrefix("for i in ") else { return [(lines[0], input)] }
        return loop.dropFirst(9).split(separator: " ").flatMap { value in
            body.map { (replace(" || exit", in: replace("$i", in: $0, by: value), by: ""), []) }
        }
    }

    private static func replace(
        _ word: String, in text: String, by other: some StringProtocol
    ) -> String {
        var result = ""
        var rest = Substring(text)
        while !rest.isEmpty {
            if rest.hasPrefix(word) {
                result += other
                rest = rest.dropFirst(word.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    /// The words of a command, as a shell takes quotes.
    private static func words(_ command: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in command {
            if character == quote {
                quote = nil
            } else if quote == nil && (character == "\"" || character == "'") {
                quote = character
                word = word ?? ""
            } else if quote == nil && character == " " {
                if let finished = word { words.append(finished) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }

    private func run(_ command: String, _ input: [String], _ output: [String]) throws {
        let words = Self.words(command)
        switch words.first {
        case "ovs-vsctl": configure(Array(words.dropFirst()))
        case "ovs-ofctl": try changeFlows(Array(words.dropFirst()), input)
        case "ovs-appctl": control(Array(words.dropFirst()), output)
        default: break
        }
    }

    // MARK: ovs-vsctl

    private func configure(_ words: [String]) {
        for command in words.split(separator: "--") {
            let words = command.filter { !$0.hasPrefix("--") }
            switch words.first {
            case "add-br": memory.addBridge(words[1])
            case "add-port":
                memory.addPort(words[2], to: words[1])
                set("Port", words[2], Array(words.dropFirst(3)))
            case "set": set(words[1].lowercased(), words[2], Array(words.dropFirst(3)))
            default: break
            }
        }
    }

    private func set(_ table: String, _ name: String, _ settings: [String]) {
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            let (column, value) = (Self.replace("_", in: parts[0], by: "-"), parts[1])
            switch (table.lowercased(), column) {
            case ("bridge", "fail-mode"):
                memory.changeBridge(name) { $0.failMode = .init(rawValue: value) ?? .standalone }
            case ("bridge", "flood-vlans"):
                memory.changeBridge(name) { $0.floodVLANs = Self.vlans(value) }
            case ("bridge", "datapath-type"):
                memory.changeBridge(name) { $0.datapathType = value }
            case ("bridge", "other-config:forward-bpdu"):
                memory.changeBridge(name) { $0.forwardsBPDUs = value == "true" }
            default: memory.changePort(name) { Self.set(column, value, in: &$0) }
            }
        }
    }

    private static func set(_ column: String, _ value: String, in port: inout PortConfiguration) {
        switch column {
        case "tag":
            port.tag = UInt16(value) ?? 0
            if port.vlanMode == .trunk { port.vlanMode = .access }
        case "trunks": port.trunks = vlans(value)
        case "vlan-mode": port.vlanMode = .init(rawValue: value) ?? .trunk
        case "ofport-request":
            port.interfaces[0].requestedNumber = UInt16(value).map { PortNumber($0) }
        case "type": port.interfaces[0].type = value
        case _ where column.hasPrefix("options:"):
            port.interfaces[0].options[String(column.dropFirst(8))] = value
        default: break
        }
    }

    private static func vlans(_ text: String) -> Set<UInt16> {
        Set(text.split(whereSeparator: { ",[]".contains($0) }).compactMap { UInt16($0) })
    }

    // MARK: ovs-ofctl

    private func changeFlows(_ words: [String], _ input: [String]) throws {
        var words = words
        var version = OpenFlowVersion.v10
        while let option = words.first, option.hasPrefix("-") {
            words.removeFirst()
            if option == "-O" { words.removeFirst() }
            if option.hasPrefix("-O") { version = .v13 }
        }
        let commands: [String: FlowCommand] = [
            "add-flow": .add, "add-flows": .add, "mod-flows": .modify, "del-flows": .delete,
        ]
        guard let command = commands[words[0]] else { return }
        let flows = words[0] == "add-flows" ? input : [words.count > 2 ? words[2] : ""]
        for flow in flows where flow != "END" {
            try memory.change(command, flow, on: words[1], version)
        }
    }

    // MARK: ovs-appctl

    private func control(_ words: [String], _ expected: [String]) {
        var (words, filter) = (words, [String]())
        if let bar = words.firstIndex(of: "|") {
            filter = Array(words[(bar + 1)...])
            words = Array(words[..<bar])
        }
        guard filter.isEmpty || filter == ["sort"], let answer = answer(words) else { return }
        var lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        if lines.last == "" { lines.removeLast() }
        if filter == ["sort"] { lines.sort() }
        var expected = expected
        while expected.last == "" { expected.removeLast() }
        if filter == ["sort"] { expected.sort() }
        comparedCount += 1
        let (left, right) = (lines.map(Self.mask), expected.map(Self.mask))
        #expect(
            left == right,
            """
            \(name): \(words.joined(separator: " "))
            \(Self.difference(left, right))
            """)
    }

    private static func difference(_ left: [String], _ right: [String]) -> String {
        var text = ""
        for index in 0..<max(left.count, right.count) {
            let own = index < left.count ? left[index] : "(nothing)"
            let other = index < right.count ? right[index] : "(nothing)"
            text += own == other ? "  \(own)\n" : "- \(other)\n+ \(own)\n"
        }
        return text
    }

    /// Numbers that depend on what happened before are not compared.
    private static func mask(_ line: String) -> String {
        var result = ""
        var rest = Substring(line)
        while let first = rest.first {
            if rest.hasPrefix("recirc_id=") && rest.dropFirst(10).first != "0" {
                rest = rest.drop { $0 != "," }
                result += "recirc_id=<n>"
            } else if rest.hasPrefix("used:"), rest.dropFirst(5).first != "n" {
                rest = rest.drop { $0 != "," }
                result += "used:<time>"
            } else {
                result.append(first)
                rest.removeFirst()
            }
        }
        return result
    }

    /// What the command prints, or nil if it is none of those done here.
    private func answer(_ words: [String]) -> String? {
        let arguments = Array(words.dropFirst())
        let (virtualSwitch, now) = (memory.virtualSwitch, memory.now)
        memory.revalidate()
        do throws(CommandError) {
            switch (words[0], arguments.isEmpty) {
            case ("ofproto/trace", false):
                return try virtualSwitch.traceText(arguments, now: now)
            case ("fdb/show", false): return try virtualSwitch.fdbShow(arguments, now: now)
            case ("fdb/add", false): return try virtualSwitch.fdbAdd(arguments, now: now)
            case ("fdb/flush", _): return try virtualSwitch.fdbFlush(arguments)
            case ("dpif/show", _): return virtualSwitch.dpifShow(memory.snapshot)
            case ("dpctl/show", _):
                return try virtualSwitch.dpctlShow(arguments, memory.snapshot)
            case ("dpctl/dump-flows", _):
                return try virtualSwitch.dpctlDumpFlows(arguments, memory.snapshot, now: now)
            case ("dpif/dump-flows", false):
                return try virtualSwitch.dpifDumpFlows(arguments, memory.snapshot, now: now)
            case ("netdev-dummy/receive", false) where arguments.count > 1:
                guard memory.devices.ports[arguments[0]] != nil else {
                    throw CommandError("no such dummy netdev")
                }
                for frame in try DummyFrames.parse(Array(arguments.dropFirst())).frames {
                    memory.receive(frame, on: arguments[0])
                }
                return ""
            case ("bridge/dump-flows", false):
                return try virtualSwitch.bridgeDumpFlows(arguments, now: now)
            case ("dpctl/dump-dps", _): return virtualSwitch.dpctlDumpDatapaths()
            case ("dpif/dump-dps", _): return virtualSwitch.dpifDumpDatapaths()
            default: return nil
            }
        } catch {
            return error.sentence
                + "\novs-appctl: ovs-vswitchd: server returned an error\n[exit 2]"
        }
    }
}
