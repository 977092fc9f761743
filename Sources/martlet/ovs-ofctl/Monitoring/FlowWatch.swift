import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// `monitor`'s argument `watch:[SPEC...]`: which changes to flows the switch is to tell of.
enum FlowWatch {
    private static let exclusions: [String: FlowMonitorRequest.Flags] = [
        "!initial": .initial, "!add": .add, "!delete": .delete, "!modify": .modify,
        "!actions": .actions, "!own": .own,
    ]

    /// - Parameter id: the monitor's number.
    static func parse(
        _ text: String, id: UInt32, names: FlowNames
    ) throws -> FlowMonitorRequest {
        var flags: FlowMonitorRequest.Flags = [.initial, .add, .delete, .modify, .actions, .own]
        var parts: [Substring] = []
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            if let excluded = exclusions[String(part)] {
                flags.subtract(excluded)
            } else {
                try check(part, of: text)
                parts.append(part)
            }
        }
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        let flow: FlowDescription
        do throws(SyntaxError) {
            flow = try parser.flow(parts.joined(separator: ","), for: .query)
        } catch {
            throw ProgramError("\(text): \(error.message)")
        }
        return FlowMonitorRequest(
            id: id, flags: flags, outPort: flow.outPort ?? .none,
            outGroup: flow.outGroup ?? FlowMod.anyGroup,
            tableID: flow.table ?? FlowMod.allTables, match: flow.match)
    }

    /// Refuses what is said of flows elsewhere but is no field.
    private static func check(_ part: Substring, of text: String) throws {
        let name = part.prefix { $0 != "=" && $0 != ":" }
        guard ["cookie", "priority", "actions", "idle_timeout", "hard_timeout"].contains(name)
        else { return }
        throw ProgramError("\(text): unknown keyword \(name)")
    }
}
