/// A file of commands and of what they print, as an operator sees it in a terminal.
///
/// ```
/// # A bridge appears in the list of bridges.
/// # mask: cookie=0x[0-9a-f]+ -> cookie=<cookie>
///
/// $ ovs-vsctl add-br br0
///
/// $ ovs-vsctl br-exists nosuch
/// [exit 2]
///
/// $ ovs-ofctl add-flows br0 - <<END
/// > priority=1 actions=drop
/// > END
/// ```
///
/// A line with `$ ` is a command and lines with `> ` continue it. The lines up to the next command
/// are what standard output and standard error show together, after masking; `[exit N]` ends them
/// when the status is not 0. One blank line, and remarks behind `# `, may stand before a command.
struct Transcript: Sendable {
    /// One command with its continuation lines, and what it shows.
    struct Step: Sendable {
        var remarks: [String] = []
        var command: [String]
        var output: [String] = []
    }

    /// Which programs a transcript may be asked of.
    enum Tools: String, Sendable {
        case any, own, genuine
    }

    let path: String
    let name: String
    var header: [String] = []
    var steps: [Step] = []

    /// The substitutions of this file, applied before the general ones.
    var masks: [Mask] = []

    /// Why Martlet is not asked yet; genuine Open vSwitch always is.
    var notYet: String?

    var tools: Tools = .any

    /// What `ovs-vswitchd` is told about dummy mode.
    var switchOptions = "--enable-dummy=override --disable-system --disable-system-route"

    init(path: String, name: String, text: String) throws {
        self.path = path
        self.name = name
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            add(String(line))
        }
        for index in steps.indices {
            moveRemarks(from: index)
        }
        for line in header {
            try readDirective(line)
        }
    }

    private mutating func add(_ line: String) {
        if line.hasPrefix("$ ") {
            steps.append(Step(command: [String(line.dropFirst(2))]))
        } else if steps.isEmpty {
            header.append(line)
        } else if line.hasPrefix("> "), steps[steps.count - 1].output.isEmpty {
            steps[steps.count - 1].command.append(String(line.dropFirst(2)))
        } else {
            steps[steps.count - 1].output.append(line)
        }
    }

    /// Gives the remarks that end a step's output to the step that they precede.
    private mutating func moveRemarks(from index: Int) {
        let output = steps[index].output
        let isLast = index + 1 == steps.count
        let end = isLast ? output.endIndex : (output.lastIndex { !$0.hasPrefix("# ") } ?? -1) + 1
        if !isLast {
            steps[index + 1].remarks = Array(output[end...])
        }
        steps[index].output = Array(output[..<end])
        if steps[index].output.last == "" {
            steps[index].output.removeLast()
        }
    }

    private mutating func readDirective(_ line: String) throws {
        if line.hasPrefix("# mask: ") {
            masks.append(try Mask(parsing: String(line.dropFirst(8))))
        } else if line.hasPrefix("# not yet: ") {
            notYet = String(line.dropFirst(11))
        } else if line.hasPrefix("# switch: ") {
            switchOptions = String(line.dropFirst(10))
        } else if line.hasPrefix("# tools: ") {
            guard let tools = Tools(rawValue: String(line.dropFirst(9))) else {
                throw TranscriptError("\(name): \(line)")
            }
            self.tools = tools
        }
    }

    /// The file's text, with the outputs that the steps now hold.
    var text: String {
        var lines = header
        for (index, step) in steps.enumerated() {
            lines += step.remarks
            lines += ["$ " + step.command[0]] + step.command.dropFirst().map { "> " + $0 }
            lines += step.output
            if index + 1 < steps.count {
                lines.append("")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// What is wrong with a transcript, a program or its surroundings.
struct TranscriptError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
