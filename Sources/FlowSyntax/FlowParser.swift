internal import Addresses
public import FlowModel

/// Parses the flow texts of `ovs-ofctl` (ovs-ofctl(8), "Flow Syntax").
public struct FlowParser: Sendable {
    public let names: FlowNames
    /// What was remarkable in the texts so far, but no error.
    public private(set) var notes: [SyntaxNote] = []
    /// How many flows out of normal form have been noted.
    var normalizationCount = 0

    public init(names: FlowNames = FlowNames()) {
        self.names = names
    }

    /// Forgets the notes, and returns them.
    public mutating func takeNotes() -> [SyntaxNote] {
        defer {
            notes = []
            normalizationCount = 0
        }
        return notes
    }

    mutating func note(_ module: String, _ level: SyntaxNote.Level, _ text: String) {
        notes.append(SyntaxNote(module, level, text))
    }

    /// A match alone, as in `priority=5,tcp,tp_dst=80`; the priority is returned beside it.
    public mutating func match(
        _ text: String
    ) throws(SyntaxError) -> (match: Match, priority: UInt16) {
        var flow = FlowDescription()
        var scanner = KeyValueScanner(TextPiece(text))
        while let pair = try scanner.next() {
            if pair.key.isEqual(to: "priority") {
                flow.priority = try unsigned(pair.value, "priority")
            } else if try !matchPart(pair, into: &flow) {
                throw unknown(pair)
            }
        }
        return (flow.match, flow.priority)
    }

    /// A flow as an argument of `command`.
    public mutating func flow(
        _ text: String, for command: FlowCommand
    ) throws(SyntaxError) -> FlowDescription {
        try flow(Array(text.utf8)[...], for: command)
    }

    /// A line of a file, where a word such as `delete` can stand in front.
    public mutating func flowLine(
        _ line: ArraySlice<UInt8>, default command: FlowCommand
    ) throws(SyntaxError) -> (command: FlowCommand, flow: FlowDescription) {
        var line = line
        while let first = line.first, Separator.isSpace(first) { line.removeFirst() }
        for (word, command) in FlowCommand.words where line.starts(with: word.utf8) {
            let rest = line.dropFirst(word.utf8.count)
            guard let next = rest.first, Separator.isSpace(next) else { continue }
            return (command, try flow(rest, for: command))
        }
        return (command, try flow(line, for: command))
    }

    public mutating func flow(
        _ text: ArraySlice<UInt8>, for command: FlowCommand
    ) throws(SyntaxError) -> FlowDescription {
        var flow = FlowDescription()
        var fields = text
        var actionText: TextPiece?
        if command.takesActions {
            guard let place = Self.actionsPlace(in: text) else {
                throw SyntaxError("must specify an action")
            }
            fields = text[text.startIndex..<place.start]
            actionText = text[place.end...]
        }
        var scanner = KeyValueScanner(fields)
        while let pair = try scanner.next() {
            if try matchPart(pair, into: &flow) { continue }
            if try ignoredPart(pair) { continue }
            if try rulePart(pair, into: &flow, for: command) { continue }
            throw unknown(pair)
        }
        if flow.match.limitsIPv6 { flow.formats.formIntersection(.extensible) }
        try settleCookies(&flow, for: command)
        if let actionText {
            guard flow.match.mask(.packetPriority) == 0 else {
                // No message has the field, and that is how OVS puts it.
                throw SyntaxError(
                    "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)")
            }
            flow.actions = try actions(actionText, formats: &flow.formats)
            try ActionChecker.check(&flow, notes: &notes)
        }
        normalize(&flow.match)
        return flow
    }

    /// Where `actions=` starts and ends.
    private static func actionsPlace(in text: TextPiece) -> (start: Int, end: Int)? {
        var index = text.startIndex
        let word: [UInt8] = Array("action".utf8)
        while index + word.count < text.endIndex {
            let isStart = index == text.startIndex || Separator.isBetweenFields(text[index - 1])
            if isStart && text[index] == 0x61 && text[index...].starts(with: word) {
                var end = index + word.count
                if text[end] == 0x73 { end += 1 }
                if end < text.endIndex && (text[end] == 0x3d || text[end] == 0x3a) {
                    return (index, end + 1)
                }
            }
            index += 1
        }
        return nil
    }

    private func unknown(_ pair: KeyValueScanner.Pair) -> SyntaxError {
        pair.value.isEmpty
            ? SyntaxError("field \(pair.key.string) missing value")
            : SyntaxError("unknown keyword \(pair.key.string)")
    }

    func unsigned(_ text: TextPiece, _ name: String) throws(SyntaxError) -> UInt16 {
        guard let value = text.number(UInt16.self) else {
            throw SyntaxError("invalid \(name) \"\(text.string)\"")
        }
        return value
    }

    func number64(_ text: TextPiece) throws(SyntaxError) -> UInt64 {
        if text.isEmpty { throw SyntaxError("missing required numeric argument") }
        guard let value = text.number64 else {
            throw SyntaxError("invalid numeric format \(text.string)")
        }
        return value
    }

    /// A keyword such as `tcp`, or a field with its value.
    private mutating func matchPart(
        _ pair: KeyValueScanner.Pair, into flow: inout FlowDescription
    ) throws(SyntaxError) -> Bool {
        let name = pair.key.string
        if let keyword = MatchKeyword.byName[name] {
            keyword.apply(to: &flow.match)
            flow.formats.formIntersection(keyword.formats)
            return true
        }
        if name == "eth" {
            flow.match.set(.packetType, to: 0)
            return true
        }
        guard let field = FieldTable.field(named: name) else { return false }
        let row = field.descriptor
        guard row.name == name || row.alias == name else { return false }
        let value = pair.value.isEmpty ? TextPiece("0/0") : pair.value
        let parsed = try FieldValueParser(row: row, names: names).parse(value)
        noteDeprecatedPort(value, field)
        if parsed.mask != 0 || field.tunnelOption != nil {
            flow.formats.formIntersection(MatchField.formats(row, mask: parsed.mask))
        }
        MatchField.set(field, to: parsed, in: &flow.match)
        return true
    }

    mutating func noteDeprecatedPort(_ text: TextPiece, _ field: Field) {
        guard field == .inPort || field == .inPortOXM, let value = text.number(UInt32.self),
            value >= 0xff00, value <= 0xffff,
            let name = PortNumber(UInt16(value)).reservedName
        else { return }
        note(
            "ofp_port", .warning,
            "referring to port \(name) as \(text.string) is deprecated for compatibility with "
                + "OpenFlow 1.1 and later")
    }

    /// What `dump-flows` prints and rules do not have.
    private func ignoredPart(_ pair: KeyValueScanner.Pair) throws(SyntaxError) -> Bool {
        for name in ["duration", "n_packets", "n_bytes", "idle_age", "hard_age"]
        where pair.key.isEqual(to: name) {
            if pair.value.isEmpty { throw unknown(pair) }
            return true
        }
        return false
    }

    /// `priority`, `table`, timeouts, flags.
    private mutating func rulePart(
        _ pair: KeyValueScanner.Pair, into flow: inout FlowDescription, for command: FlowCommand
    ) throws(SyntaxError) -> Bool {
        let value = pair.value
        let isAdding = command.takesActions
        switch pair.key.string {
        case "send_flow_rem" where isAdding: flow.flags.insert(.sendFlowRemoved)
        case "check_overlap" where isAdding: flow.flags.insert(.checkOverlap)
        case "reset_counts" where isAdding:
            flow.flags.insert(.resetCounts)
            flow.formats.formIntersection(.anyOXM)
        case "no_packet_counts" where isAdding:
            flow.flags.insert(.noPacketCounts)
            flow.formats.formIntersection([.openFlow13, .openFlow14, .openFlow15])
        case "no_byte_counts" where isAdding:
            flow.flags.insert(.noByteCounts)
            flow.formats.formIntersection([.openFlow13, .openFlow14, .openFlow15])
        case "allow_hidden_fields": flow.flags.insert(.allowHiddenFields)
        case _ where value.isEmpty: return false
        case "table":
            flow.table = try table(value)
            if flow.table == 255 { flow.table = nil }
            if flow.table != nil { flow.formats.formIntersection(.withTable) }
        case "priority" where command != .query && command != .delete:
            flow.priority = try unsigned(value, "priority")
        case "idle_timeout" where isAdding:
            flow.idleTimeout = try unsigned(value, "idle_timeout")
        case "hard_timeout" where isAdding:
            flow.hardTimeout = try unsigned(value, "hard_timeout")
        case "importance" where isAdding:
            flow.importance = try unsigned(value, "importance")
        case "out_port" where command == .query || command.isDelete:
            flow.outPort = try outPort(value)
        case "out_group" where command == .query || command.isDelete:
            flow.outGroup = value.number(UInt32.self)
            flow.formats.formIntersection(.modern)
        case "cookie": try cookie(value, into: &flow)
        default: return false
        }
        return true
    }

    private mutating func outPort(_ text: TextPiece) throws(SyntaxError) -> PortNumber {
        guard let port = port(text) else {
            throw SyntaxError("\(text.string) is not a valid OpenFlow port")
        }
        return port
    }

    /// A port; a number that no port can have is noted.
    mutating func port(_ text: TextPiece) -> PortNumber? {
        if let port = PortText.parse(text, names: names) { return port }
        if let number = text.number(UInt32.self) {
            note(
                "ofp_port", .warning,
                "port \(number) is outside the supported range 0 through ffff or 0xffffff00 "
                    + "through 0xffffffff")
        }
        return nil
    }

    /// The table of that number or name.
    mutating func tableIfKnown(_ text: TextPiece) -> UInt8? {
        guard let number = text.number(UInt32.self) else {
            let isQuoted = text.count > 2 && text.first == 0x22 && text.last == 0x22
            return names.table(named: isQuoted ? text.dropFirst().dropLast().string : text.string)
        }
        if number <= 255 { return UInt8(number) }
        note("ofp_table", .warning, "table \(number) is outside the supported range 0 through 255")
        return nil
    }

    mutating func table(_ text: TextPiece) throws(SyntaxError) -> UInt8 {
        guard let table = tableIfKnown(text) else {
            throw SyntaxError("unknown table \"\(text.string)\"")
        }
        return table
    }

    private func cookie(_ text: TextPiece, into flow: inout FlowDescription) throws(SyntaxError) {
        let (head, tail) = text.split(at: 0x2f)
        if let tail {
            flow.cookie = try number64(head)
            flow.cookieMask = try number64(tail)
            flow.formats.formIntersection(.extensible)
        } else {
            flow.newCookie = try number64(head)
        }
    }

    private func settleCookies(
        _ flow: inout FlowDescription, for command: FlowCommand
    ) throws(SyntaxError) {
        flow.cookie &= flow.cookieMask
        if command == .add && flow.cookieMask != 0 {
            throw SyntaxError("flow additions cannot use a cookie mask")
        }
        if !command.takesActions, let cookie = flow.newCookie {
            throw SyntaxError(
                "cannot set cookie (to match on a cookie, specify a mask, e.g. "
                    + "cookie=\(cookie)/-1)")
        }
        if command == .modify || command == .modifyStrict {
            // A modification that matches nothing adds the rule, with cookie 0 by default.
            flow.newCookie = flow.newCookie ?? (flow.cookieMask == 0 ? 0 : nil)
        }
    }
}
