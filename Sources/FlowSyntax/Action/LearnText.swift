internal import FlowModel

/// The text of `learn(...)`.
struct LearnText {
    var parser: FlowParser

    mutating func parse(_ text: TextPiece) throws(SyntaxError) -> Learn {
        var learn = Learn()
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            if try setting(pair, into: &learn) { continue }
            learn.specifications.append(try specification(pair, of: text))
        }
        return learn
    }

    private mutating func setting(
        _ pair: KeyValueScanner.Pair, into learn: inout Learn
    ) throws(SyntaxError) -> Bool {
        let value = pair.value
        switch pair.key.string {
        case "table":
            learn.table = try parser.table(value)
            if learn.table == 255 {
                throw SyntaxError("table=255: table id 255 not valid for `learn' action")
            }
        case "priority": learn.priority = try parser.unsigned(value, "priority")
        case "idle_timeout": learn.idleTimeout = try parser.unsigned(value, "idle_timeout")
        case "hard_timeout": learn.hardTimeout = try parser.unsigned(value, "hard_timeout")
        case "fin_idle_timeout":
            learn.finIdleTimeout = try parser.unsigned(value, "fin_idle_timeout")
        case "fin_hard_timeout":
            learn.finHardTimeout = try parser.unsigned(value, "fin_hard_timeout")
        case "cookie": learn.cookie = try parser.number64(value)
        case "send_flow_rem": learn.flags.insert(.sendFlowRemoved)
        case "delete_learned": learn.flags.insert(.deleteLearned)
        case "limit":
            learn.limit = UInt32(truncatingIfNeeded: FlowParser.leadingNumber(value))
        case "result_dst":
            let destination = try SubfieldText.parse(value)
            if destination.width != 1 {
                throw SyntaxError("result_dst in 'learn' action must be a single bit")
            }
            learn.resultDestination = destination
            learn.flags.insert(.writeResult)
        default: return false
        }
        return true
    }

    /// One part of `text`, which OVS puts before what is wrong with the part.
    private func specification(
        _ pair: KeyValueScanner.Pair, of text: TextPiece
    ) throws(SyntaxError) -> Learn.Specification {
        if pair.key.isEqual(to: "load") { return try load(pair.value) }
        if pair.key.isEqual(to: "output") {
            let source = try SubfieldText.parse(pair.value)
            return .init(source: .field(source), destination: .output, width: source.width)
        }
        let name = pair.key.string
        guard let destination = try? SubfieldText.parse(pair.key) else {
            throw SyntaxError("\(text.string): unknown keyword \(name)")
        }
        guard pair.hasValue else {
            return .init(
                source: .field(destination), destination: .match(destination),
                width: destination.width)
        }
        if let source = try? SubfieldText.parse(pair.value) {
            guard source.width == destination.width else {
                let value = pair.value.string
                throw SyntaxError(
                    "\(text.string): bit widths of \(name) (\(source.width)) and \(value) "
                        + "(\(destination.width)) differ")
            }
            return .init(
                source: .field(source), destination: .match(destination), width: source.width)
        }
        return .init(
            source: .immediate(try immediate(pair, destination, of: text)),
            destination: .match(destination),
            width: destination.width)
    }

    private func immediate(
        _ pair: KeyValueScanner.Pair, _ destination: Subfield, of text: TextPiece
    ) throws(SyntaxError) -> UInt128 {
        let row = destination.field.descriptor
        if row.wireNames.isEmpty {
            throw SyntaxError(
                "\(text.string): experimenter OXM field '\(row.name)' not supported")
        }
        do throws(SyntaxError) {
            let parser = FieldValueParser(row: row, names: parser.names)
            let value = try parser.parse(pair.value).value
            if destination.width < 128 && value >> UInt128(destination.width) != 0 {
                throw SyntaxError(
                    "\(text.string): value \(FieldText.hexadecimal(value)) does not fit into "
                        + "\(destination.width) bits")
            }
            return value
        } catch {
            let (name, value) = (pair.key.string, pair.value.string)
            let field = pair.value.split(at: 0x5b).head.string
            throw SyntaxError(
                "\(text.string): \(name) value \(value) cannot be parsed as a subfield "
                    + "(\(value): unknown field `\(field)') or an immediate value "
                    + "(\(error.message))"
            )
        }
    }

    private func load(_ text: TextPiece) throws(SyntaxError) -> Learn.Specification {
        guard let arrow = text.arrow else {
            throw SyntaxError("load: missing `->' in `\(text.string)'")
        }
        let destination = try SubfieldText.parse(text[(arrow + 2)...])
        let sourceText = text[text.startIndex..<arrow]
        if let value = sourceText.number {
            if destination.width < 128 && value >> UInt128(destination.width) != 0 {
                throw SyntaxError(
                    "\(text.string): value does not fit into \(destination.width) bits")
            }
            return .init(
                source: .immediate(value), destination: .load(destination),
                width: destination.width)
        }
        let source = try SubfieldText.parse(sourceText, of: text)
        guard source.width == destination.width else {
            throw SyntaxError(
                "\(text.string): source field is \(source.width) bits wide but destination is "
                    + "\(destination.width) bits wide")
        }
        return .init(source: .field(source), destination: .load(destination), width: source.width)
    }

    /// What `learn(` and `)` enclose.
    static func text(_ learn: Learn, names: FlowNames) -> String {
        var parts = ["table=\(names.text(ofTable: learn.table))"]
        if learn.idleTimeout != 0 { parts.append("idle_timeout=\(learn.idleTimeout)") }
        if learn.hardTimeout != 0 { parts.append("hard_timeout=\(learn.hardTimeout)") }
        if learn.finIdleTimeout != 0 { parts.append("fin_idle_timeout=\(learn.finIdleTimeout)") }
        if learn.finHardTimeout != 0 { parts.append("fin_hard_timeout=\(learn.finHardTimeout)") }
        if learn.priority != 32768 { parts.append("priority=\(learn.priority)") }
        if learn.flags.contains(.sendFlowRemoved) { parts.append("send_flow_rem") }
        if learn.flags.contains(.deleteLearned) { parts.append("delete_learned") }
        if learn.cookie != 0 {
            parts.append("cookie=" + FieldText.hexadecimal(UInt128(learn.cookie)))
        }
        if learn.limit != 0 { parts.append("limit=\(learn.limit)") }
        if let destination = learn.resultDestination, learn.flags.contains(.writeResult) {
            parts.append("result_dst=" + SubfieldText.text(destination))
        }
        for specification in learn.specifications { parts.append(text(specification, names)) }
        return parts.joined(separator: ",")
    }

    private static func text(_ specification: Learn.Specification, _ names: FlowNames) -> String {
        switch (specification.destination, specification.source) {
        case (.match(let destination), .field(let source)):
            let text = SubfieldText.text(destination)
            return source == destination ? text : text + "=" + SubfieldText.text(source)
        case (.match(let destination), .immediate(let value)):
            let row = destination.field.descriptor
            if destination.width == row.width {
                let text = FieldText.text(row, value, mask: .max, names: names)
                return row.name + "=" + text
            }
            return SubfieldText.text(destination) + "=" + FieldText.hexadecimal(value)
        case (.load(let destination), .field(let source)):
            return "load:" + SubfieldText.text(source) + "->" + SubfieldText.text(destination)
        case (.load(let destination), .immediate(let value)):
            return "load:" + FieldText.hexadecimal(value) + "->" + SubfieldText.text(destination)
        case (.output, .field(let source)): return "output:" + SubfieldText.text(source)
        case (.output, .immediate(let value)): return "output:\(value)"
        }
    }
}
