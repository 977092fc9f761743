import Daemon
import FlowSyntax
import OpenFlow

/// Text that goes to standard output in large pieces.
struct OutputText {
    /// As much as is gathered before it is printed.
    private static let byteCount = 1 << 14

    var text = TextBuffer()

    mutating func flush() {
        Program.printOutput(octets: text.octets)
        text.removeAll()
    }

    mutating func flushIfLong() {
        if text.octets.count >= Self.byteCount { flush() }
    }
}

extension MessagePrinter {
    /// Appends a line that tells of a rule, without the ages that Nicira's extension adds.
    func append(line flow: FlowStatsEntry, hasStats: Bool, to output: inout OutputText) {
        var flow = flow
        if dialect.version < .v15 {
            flow.idleAge = nil
            flow.hardAge = nil
        }
        append(flow, hasStats: hasStats, to: &output.text)
        output.text += "\n"
        output.flushIfLong()
    }

    /// Appends a message of flow statistics as any message is printed.
    func append(reply octets: [UInt8], _ flows: FlowStatsReader, to output: inout OutputText) {
        guard let form = try? MessageForm.of(octets) else { return }
        let printer = adopting(octets)
        output.text += printer.head(octets, form)
        var hasFlows = false
        let error = flows.forEach { flow in
            hasFlows = true
            output.text += "\n"
            printer.append(flow, hasStats: true, to: &output.text)
            output.flushIfLong()
        }
        if let error {
            output.text += hasFlows ? "\n" : " "
            output.text += Self.text(ofError: error)
        }
        output.text += "\n"
        if error != nil || verbosity >= 5 { output.text += dump(octets) }
    }
}
