public import FlowModel

/// Parses lists of actions (ovs-actions(7)).
extension FlowParser {
    /// The most lists that can stand within each other, as `clone(clone(...))`.
    static var maxActionDepth: Int { 32 }

    /// What a list of actions stands in.
    enum OuterAction: String {
        case none
        case writeActions = "write_actions"
        case clone, ct
    }

    /// Where an action stands, and what has been found there.
    struct ActionScope {
        var depth = 0
        var outer = OuterAction.none
        var formats = FlowFormats.all
        /// Whether instructions may stand at the outermost level.
        var allowsInstructions = true
    }

    /// The actions of `text`, which may be `drop` or empty.
    public mutating func actions(_ text: String) throws(SyntaxError) -> [Action] {
        var formats = FlowFormats.all
        return try actions(TextPiece(text), formats: &formats)
    }

    /// - Parameter formats: loses those in which the actions cannot be said.
    public mutating func actions(
        _ text: String, formats: inout FlowFormats
    ) throws(SyntaxError) -> [Action] {
        try actions(TextPiece(text), formats: &formats)
    }

    /// The actions of `text`, none of which may be an instruction but `meter`, as packet-outs and
    /// the buckets of groups have them.
    public mutating func plainActions(
        _ text: String, formats: inout FlowFormats
    ) throws(SyntaxError) -> [Action] {
        try plainActions(TextPiece(text), formats: &formats)
    }

    mutating func plainActions(
        _ text: TextPiece, formats: inout FlowFormats
    ) throws(SyntaxError) -> [Action] {
        var scope = ActionScope()
        scope.allowsInstructions = false
        let actions = try actionList(text, scope: &scope)
        formats.formIntersection(scope.formats)
        // Only OpenFlow 1.5 has it as an action.
        if actions.contains(where: { if case .meter = $0 { true } else { false } }) {
            formats.formIntersection(.openFlow15)
        }
        return actions
    }

    mutating func actions(
        _ text: TextPiece, formats: inout FlowFormats
    ) throws(SyntaxError) -> [Action] {
        var scope = ActionScope()
        let actions = try actionList(text, scope: &scope)
        formats.formIntersection(scope.formats)
        try ActionOrder.check(actions)
        return actions
    }

    mutating func actionList(
        _ text: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> [Action] {
        guard scope.depth < Self.maxActionDepth else {
            throw SyntaxError("Action nested too deeply")
        }
        var actions: [Action] = []
        var hasDrop = false
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            if pair.key.isEqual(to: "drop") {
                hasDrop = true
            } else {
                actions.append(try action(pair, scope: &scope))
            }
            if hasDrop && !actions.isEmpty {
                throw SyntaxError(
                    "\"drop\" must not be accompanied by any other action or instruction")
            }
        }
        try ActionOrder.checkPlaces(actions, in: scope.outer)
        if scope.depth > 0 || !scope.allowsInstructions {
            try ActionOrder.refuseInstructions(actions)
        }
        return actions
    }

    mutating func nested(
        _ text: TextPiece, in outer: OuterAction, scope: inout ActionScope
    ) throws(SyntaxError) -> [Action] {
        let before = scope.outer
        scope.depth += 1
        scope.outer = outer
        defer {
            scope.depth -= 1
            scope.outer = before
        }
        return try actionList(text, scope: &scope)
    }

    private mutating func action(
        _ pair: KeyValueScanner.Pair, scope: inout ActionScope
    ) throws(SyntaxError) -> Action {
        let name = pair.key.string
        if let action = try outputAction(name, pair.value) { return action }
        if let action = try headerAction(name, pair.value, scope: &scope) { return action }
        if let action = try fieldAction(name, pair.value, scope: &scope) { return action }
        if let action = try controlAction(name, pair.value, scope: &scope) { return action }
        if let action = try extendedAction(pair, scope: &scope) { return action }
        if Self.unsupported.contains(name) {
            throw SyntaxError("\(name): action not supported")
        }
        if let port = port(pair.key) {
            if port == .controller { return try controller(pair.value) }
            return try output(to: port, text: pair.key)
        }
        throw SyntaxError("unknown action \(name)")
    }

    /// Actions of OVS that Martlet does not know yet.
    private static let unsupported: Set<String> = ["debug_slow", "debug_recirc"]

    /// Connection tracking, the selection of links, and headers that OpenFlow does not know.
    private mutating func extendedAction(
        _ pair: KeyValueScanner.Pair, scope: inout ActionScope
    ) throws(SyntaxError) -> Action? {
        let value = pair.value
        switch pair.key.string {
        case "ct": return try tracking(value, scope: &scope)
        case "nat": return .nat(try translation(value))
        case "bundle": return try bundle(value, hasDestination: false)
        case "bundle_load": return try bundle(value, hasDestination: true)
        case "multipath": return try multipath(value)
        case "sample": return try sampling(value)
        case "check_pkt_larger": return try packetCheck(pair)
        case "delete_field": return try deletion(value)
        case "encap": return try encapsulation(value, scope: &scope)
        case "decap": return try decapsulation(value)
        case "dec_nsh_ttl": return .decrementNSHTTL
        default: return nil
        }
    }

    private mutating func outputAction(
        _ name: String, _ value: TextPiece
    ) throws(SyntaxError) -> Action? {
        switch name {
        case "output": return try output(value)
        case "enqueue": return try enqueue(value)
        case "controller", "CONTROLLER": return try controller(value)
        case "group":
            return .group(try number32(value))
        case "resubmit": return .resubmit(try resubmit(value))
        default: return nil
        }
    }

    private mutating func output(_ text: TextPiece) throws(SyntaxError) -> Action {
        if let truncated = try truncatedOutput(text) { return truncated }
        if let port = PortText.parse(text, names: names) { return try output(to: port, text: text) }
        if !text.isEmpty, text.first.map({ $0 < 0x30 || $0 > 0x39 }) == true,
            let source = try? SubfieldText.parse(text)
        {
            return .outputField(source, maxByteCount: .max)
        }
        _ = port(text)
        throw SyntaxError("\(text.string): output to unknown port")
    }

    private func output(to port: PortNumber, text: TextPiece) throws(SyntaxError) -> Action {
        if port == .none || port == .unset {
            throw SyntaxError(
                "actions are invalid with specified match (OFPBAC_BAD_OUT_PORT)")
        }
        return .output(port, maxByteCount: port == .controller ? .max : 0)
    }

    /// The fewest octets that a packet can be cut to: an Ethernet header.
    private static var minTruncation: UInt32 { 14 }

    /// `output(port=1,max_len=100)`.
    private func truncatedOutput(_ text: TextPiece) throws(SyntaxError) -> Action? {
        var scanner = KeyValueScanner(text)
        var port: PortNumber?
        var length: UInt32 = 0
        var hasLength = false
        while let pair = try scanner.next() {
            guard pair.hasValue else { return nil }
            if pair.key.isEqual(to: "port") {
                port = PortText.parse(pair.value, names: names)
                if port == nil {
                    throw SyntaxError("output to unknown truncate port: \(pair.value.string)")
                }
            } else if pair.key.isEqual(to: "max_len") {
                hasLength = true
                length = try number32(pair.value)
            } else {
                return nil
            }
        }
        guard let port, hasLength else { return nil }
        if port.isReserved && port != .local && port != .inPort {
            throw SyntaxError(
                "output to unsupported truncate port: \(names.text(of: port).lowercased())")
        }
        if length < Self.minTruncation {
            throw SyntaxError(
                "max_len \(length) is less than the minimum value \(Self.minTruncation)")
        }
        return .outputTruncated(port, maxByteCount: length)
    }

    private func enqueue(_ text: TextPiece) throws(SyntaxError) -> Action {
        let parts = text.split(whereSeparator: { $0 == 0x3a || Separator.isBetweenFields($0) })
        guard parts.count == 2 else {
            throw SyntaxError(
                "\"enqueue\" syntax is \"enqueue:PORT:QUEUE\" or \"enqueue(PORT,QUEUE)\"")
        }
        guard let port = PortText.parse(parts[0], names: names) else {
            throw SyntaxError("\(parts[0].string): enqueue to unknown port")
        }
        return .enqueue(port, queue: try number32(parts[1]))
    }

    func number32(_ text: TextPiece) throws(SyntaxError) -> UInt32 {
        if text.isEmpty { throw SyntaxError("missing required numeric argument") }
        guard let value = text.number64 else {
            throw SyntaxError("invalid numeric format \(text.string)")
        }
        // As C's conversion to 32 bits, which scripts use for -1.
        return UInt32(truncatingIfNeeded: value)
    }

    private mutating func resubmit(_ text: TextPiece) throws(SyntaxError) -> Resubmit {
        var resubmit = Resubmit()
        let parts = text.split(separator: 0x2c, omittingEmptySubsequences: false)
        if let portText = parts.first?.trimmed, !portText.isEmpty {
            guard let port = port(portText) else {
                throw SyntaxError("\(portText.string): resubmit to unknown port")
            }
            resubmit.port = port
        }
        if parts.count > 1, !parts[1].trimmed.isEmpty {
            let tableText = parts[1].trimmed
            guard let table = tableIfKnown(tableText) else {
                throw SyntaxError("\(tableText.string): resubmit to unknown table")
            }
            if table != 255 { resubmit.table = table }
            if table == 255 && resubmit.port == nil { resubmit.table = nil }
        }
        if parts.count > 2, !parts[2].trimmed.isEmpty {
            guard parts[2].trimmed.isEqual(to: "ct") else {
                throw SyntaxError("\(parts[2].string): unknown parameter")
            }
            resubmit.usesOriginalTuple = true
        }
        if resubmit.port == nil && resubmit.table == nil {
            throw SyntaxError(
                "at least one \"in_port\" or \"table\" must be specified on resubmit")
        }
        return resubmit
    }

    private mutating func controlAction(
        _ name: String, _ value: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action? {
        switch name {
        case "goto_table": return .gotoTable(try table(value))
        case "write_metadata":
            let (head, tail) = value.split(at: 0x2f)
            let metadata = try number64(head)
            scope.formats.formIntersection([.extensible, .openFlow11])
            return .writeMetadata(metadata, mask: try tail.map(number64) ?? .max)
        case "clear_actions": return .clearActions
        case "write_actions":
            return .writeActions(try nested(value, in: .writeActions, scope: &scope))
        case "meter":
            scope.formats.formIntersection([.openFlow13, .openFlow14, .openFlow15])
            return .meter(try number32(value))
        case "apply_actions": throw SyntaxError("apply_actions is the default instruction")
        case "unroll_xlate":
            throw SyntaxError(
                "UNROLL is an internal action that shouldn't be used via OpenFlow")
        case "note": return .note(try note(value))
        case "exit": return .exit
        case "learn":
            var learn = LearnText(parser: self)
            defer { self = learn.parser }
            return .learn(try learn.parse(value))
        case "conjunction": return try conjunction(value)
        case "clone": return .clone(try nested(value, in: .clone, scope: &scope))
        case "ct_clear": return .ctClear
        case "fin_timeout": return try finTimeout(value)
        default: return nil
        }
    }

    /// Octets in hexadecimal, with dots between them where wanted.
    static func octets(_ text: TextPiece) -> [UInt8]? {
        var octets: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0x2e {
                index += 1
                continue
            }
            guard index + 1 < text.endIndex, let high = text[index].hexadecimalDigit,
                let low = text[index + 1].hexadecimalDigit
            else { return nil }
            octets.append(high << 4 | low)
            index += 2
        }
        return octets
    }

    private func note(_ text: TextPiece) throws(SyntaxError) -> [UInt8] {
        guard var octets = Self.octets(text) else {
            throw SyntaxError("bad hex digit in `note' argument")
        }
        // The action ends on a multiple of 8 octets, and the note fills it.
        while octets.isEmpty || (octets.count + 10) % 8 != 0 { octets.append(0) }
        return octets
    }

    private func conjunction(_ text: TextPiece) throws(SyntaxError) -> Action {
        let (idText, rest) = text.split(at: 0x2c)
        let clauseTexts = rest?.trimmed.split(at: 0x2f)
        guard let id = idText.trimmed.number(UInt32.self), let clauseTexts,
            let clause = clauseTexts.head.trimmed.number(UInt8.self),
            let count = clauseTexts.tail?.trimmed.number(UInt8.self)
        else { throw SyntaxError("\"conjunction\" syntax is \"conjunction(id,i/n)\"") }
        if count < 2 { throw SyntaxError("conjunction must have at least 2 clauses") }
        if count > 64 { throw SyntaxError("conjunction must have at most 64 clauses") }
        if clause < 1 { throw SyntaxError("clause index must be positive") }
        if clause > count {
            throw SyntaxError("clause index must be less than or equal to number of clauses")
        }
        // Operators count clauses from 1, messages from 0.
        return .conjunction(id: id, clause: clause - 1, clauseCount: count)
    }

    private func finTimeout(_ text: TextPiece) throws(SyntaxError) -> Action {
        var scanner = KeyValueScanner(text)
        var (idle, hard): (UInt16, UInt16) = (0, 0)
        while let pair = try scanner.next() {
            switch pair.key.string {
            case "idle_timeout": idle = try unsigned(pair.value, "idle_timeout")
            case "hard_timeout": hard = try unsigned(pair.value, "hard_timeout")
            default:
                throw SyntaxError("invalid key '\(pair.key.string)' in 'fin_timeout' argument")
            }
        }
        return .finTimeout(idle: idle, hard: hard)
    }

    private func controller(_ text: TextPiece) throws(SyntaxError) -> Action {
        if text.isEmpty { return .output(.controller, maxByteCount: .max) }
        if let length = text.number {
            guard length <= 0xffff else {
                throw SyntaxError("invalid max_len \"\(text.string)\"")
            }
            return .output(.controller, maxByteCount: UInt16(length))
        }
        var action = ControllerAction()
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let value = pair.value
            switch pair.key.string {
            case "reason":
                guard let reason = PacketInReason.named(value.string) else {
                    throw SyntaxError("unknown reason \"\(value.string)\"")
                }
                action.reason = reason
            case "max_len": action.maxByteCount = try unsigned(value, "max_len")
            case "id": action.controllerID = try unsigned(value, "id")
            case "userdata":
                guard let octets = Self.octets(value) else {
                    throw SyntaxError("bad hex digit in `controller' action `userdata'")
                }
                action.userdata = octets
            case "pause": action.isPaused = true
            case "meter_id": action.meter = try number32(value)
            default:
                throw SyntaxError("unknown key \"\(pair.key.string)\" parsing controller action")
            }
        }
        let plain = ControllerAction(maxByteCount: action.maxByteCount)
        return action == plain
            ? .output(.controller, maxByteCount: action.maxByteCount) : .controller(action)
    }
}

extension PacketInReason {
    private static let names: [(PacketInReason, String)] = [
        (.noMatch, "no_match"), (.action, "action"), (.invalidTTL, "invalid_ttl"),
        (.actionSet, "action_set"), (.group, "group"), (.packetOut, "packet_out"),
    ]

    /// OVS's word for the reason; none for a miss that is not one on the wire.
    public var name: String { Self.names.first { $0.0 == self }?.1 ?? "" }

    static func named(_ name: String) -> PacketInReason? {
        names.first { $0.1 == name }?.0
    }
}
