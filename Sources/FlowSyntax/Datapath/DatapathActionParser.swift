public import FlowModel

/// Parses datapath actions as `dpctl/dump-flows` prints them.
///
/// Actions are named by what stands before a parenthesis; a number alone is a port. The actions
/// that Open vSwitch's own parser does not know are refused here too.
public struct DatapathActionParser {
    /// Lists may be so deep within each other.
    private static let maximumDepth = 16

    /// The actions of a text, which may be `drop`.
    public static func parse(_ text: String) throws(SyntaxError) -> [DatapathAction] {
        try actionsOrDrop(text[...], depth: 0)
    }

    private static func refusal(_ text: Substring) -> SyntaxError {
        SyntaxError("no action that is supported: \(text)")
    }

    private static func actionsOrDrop(
        _ text: Substring, depth: Int
    ) throws(SyntaxError) -> [DatapathAction] {
        text == "drop" ? [] : try actions(text, depth: depth)
    }

    private static func actions(
        _ text: Substring, depth: Int
    ) throws(SyntaxError) -> [DatapathAction] {
        guard depth < maximumDepth else { throw refusal(text) }
        var actions: [DatapathAction] = []
        for piece in text.topLevelPieces {
            for word in words(of: piece) { actions.append(try action(word, depth: depth)) }
        }
        return actions
    }

    /// What white space parts, where no parenthesis is open.
    private static func words(of text: Substring) -> [Substring] {
        guard text.contains("(") else {
            return text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        }
        return [text.trimmingSpaces]
    }

    private static func action(
        _ text: Substring, depth: Int
    ) throws(SyntaxError) -> DatapathAction {
        if let port = number(text, UInt32.self) { return .output(port) }
        guard let open = text.firstIndex(of: "("), text.last == ")" else {
            return try action(named: text)
        }
        let name = text[..<open]
        let inner = text[open...].dropFirst().dropLast()
        switch name {
        case "recirc": return .recirculate(try decimal(inner, in: text))
        case "tnl_pop": return .tunnelPop(try decimal(inner, in: text))
        case "trunc": return .truncate(try decimal(inner, in: text))
        case "meter": return .meter(try decimal(inner, in: text))
        case "clone": return .clone(try actions(inner, depth: depth + 1))
        case "sample": return try sample(inner, in: text, depth: depth)
        case "check_pkt_len": return try lengthCheck(inner, in: text, depth: depth)
        case "ct": return .track(try tracking(inner, in: text))
        case "set": return try setting(inner, in: text)
        case "push_vlan": return try tag(inner, in: text)
        case "add_mpls": return try label(inner, in: text)
        case "push_nsh":
            guard !inner.contains("md2=") else { throw refusal(text) }
            let match = try DatapathFlowParser.header("nsh(\(withDefaults(inner)))")
            return .pushNSH(NSHHeader(match.key))
        case "pop_nsh" where inner.isEmpty: return .popNSH
        case "userspace": return .userspace(try userspace(inner, in: text))
        default: throw refusal(text)
        }
    }

    private static func action(named name: Substring) throws(SyntaxError) -> DatapathAction {
        switch name {
        case "pop_vlan": return .popVLAN
        case "ct": return .track(DatapathTracking())
        case "ct_clear": return .ctClear
        default: throw refusal(name)
        }
    }

    /// A new NSH header lives for 63 hops unless something else is said.
    private static func withDefaults(_ header: Substring) -> String {
        header.contains("ttl=") ? String(header) : "ttl=63,\(header)"
    }

    // MARK: Numbers and names

    private static func number<Number: FixedWidthInteger>(
        _ text: Substring, _: Number.Type
    ) -> Number? {
        text.hasPrefix("0x") ? Number(text.dropFirst(2), radix: 16) : Number(text)
    }

    private static func decimal(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> UInt32 {
        guard let number = UInt32(text) else { throw refusal(whole) }
        return number
    }

    /// `NAME=VALUE` pairs; a word alone has an empty value.
    private static func pairs(_ text: Substring) -> [(name: Substring, value: Substring)] {
        text.topLevelPieces.map { piece in
            let parts = piece.trimmingSpaces.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    /// What stands in the parentheses behind a name.
    private static func list(_ name: String, _ text: Substring) -> Substring? {
        guard text.hasPrefix(name + "("), text.last == ")" else { return nil }
        return text.dropFirst(name.count + 1).dropLast()
    }

    // MARK: Lists of actions

    private static func sample(
        _ text: Substring, in whole: Substring, depth: Int
    ) throws(SyntaxError) -> DatapathAction {
        let pieces = text.topLevelPieces
        guard pieces.count == 2, pieces[0].hasPrefix("sample="), pieces[0].last == "%",
            let share = Double(pieces[0].dropFirst("sample=".count).dropLast()),
            (0...100).contains(share), let list = list("actions", pieces[1])
        else { throw refusal(whole) }
        let probability = UInt32((share / 100 * Double(UInt32.max)).rounded(.down))
        return .sample(probability: probability, try actions(list, depth: depth + 1))
    }

    private static func lengthCheck(
        _ text: Substring, in whole: Substring, depth: Int
    ) throws(SyntaxError) -> DatapathAction {
        let pieces = text.topLevelPieces
        guard pieces.count == 3, pieces[0].hasPrefix("size="),
            let size = UInt16(pieces[0].dropFirst("size=".count)),
            let larger = list("gt", pieces[1]), let others = list("le", pieces[2])
        else { throw refusal(whole) }
        return .checkPacketLength(
            size, larger: try actionsOrDrop(larger, depth: depth + 1),
            others: try actionsOrDrop(others, depth: depth + 1))
    }

    // MARK: Headers

    private static func setting(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> DatapathAction {
        guard let group = HeaderGroup(rawValue: String(text.prefix { $0 != "(" })) else {
            throw refusal(whole)
        }
        let match = try DatapathFlowParser.header(String(text))
        return .set(group, value: SparseKey(match.key), mask: SparseKey(match.mask))
    }

    private static func tag(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> DatapathAction {
        var (tpid, tci): (UInt16, UInt16) = (EtherType.vlan, VLANBits.present)
        var names: Set<Substring> = []
        for (name, value) in pairs(text) {
            guard let number = number(value, UInt16.self) else { throw refusal(whole) }
            names.insert(name)
            switch name {
            case "tpid": tpid = number
            case "vid" where number <= VLANBits.id: tci |= number
            case "pcp" where number <= 7: tci |= number << 13
            case "cfi" where number <= 1: if number == 0 { tci &= ~VLANBits.present }
            default: throw refusal(whole)
            }
        }
        guard names.isSuperset(of: ["vid", "pcp"]) else { throw refusal(whole) }
        return .pushVLAN(tpid: tpid, tci: tci)
    }

    private static func label(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> DatapathAction {
        var values: [Substring: UInt32] = [:]
        for (name, value) in pairs(text) { values[name] = number(value, UInt32.self) }
        guard let label = values["label"], let tc = values["tc"], let ttl = values["ttl"],
            let bos = values["bos"], let type = values["eth_type"], label < 1 << 20, tc < 8,
            ttl < 256, bos < 2, let etherType = UInt16(exactly: type)
        else { throw refusal(whole) }
        return .addMPLS(label: label << 12 | tc << 9 | bos << 8 | ttl, etherType: etherType)
    }

    // MARK: Connections

    private static func tracking(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> DatapathTracking {
        var tracking = DatapathTracking()
        for piece in text.topLevelPieces {
            if piece == "nat" || piece.hasPrefix("nat(") {
                let inner = list("nat", piece) ?? ""
                tracking.translation = try FlowParser().translation(TextPiece(String(inner)))
                continue
            }
            let (name, value) = pairs(piece)[0]
            switch name {
            case "commit": tracking.isCommitted = true
            case "force_commit": (tracking.isCommitted, tracking.isForced) = (true, true)
            case "helper": tracking.helper = String(value)
            case "zone":
                guard let zone = number(value, UInt16.self) else { throw refusal(whole) }
                tracking.zone = zone
            case "mark":
                (tracking.mark, tracking.markMask) = try masked(value, in: whole)
            case "label":
                (tracking.label, tracking.labelMask) = try masked(value, in: whole)
            default: throw refusal(whole)
            }
        }
        return tracking
    }

    private static func masked<Number: FixedWidthInteger>(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> (value: Number, mask: Number) {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard let first = parts.first, let value = number(first, Number.self) else {
            throw refusal(whole)
        }
        guard parts.count > 1 else { return (value, .max) }
        guard let mask = number(parts[1], Number.self) else { throw refusal(whole) }
        return (value, mask)
    }

    // MARK: Upcalls

    /// Only those of process 0, which is the switch.
    private static func userspace(
        _ text: Substring, in whole: Substring
    ) throws(SyntaxError) -> UserspaceAction {
        let pieces = text.topLevelPieces
        guard pieces.count == 2, pieces[0] == "pid=0" else { throw refusal(whole) }
        if let word = list("slow_path", pieces[1]), let reason = SlowPathReason(rawValue: "\(word)")
        {
            return .slowPath(reason)
        }
        guard let inner = list("controller", pieces[1]) else { throw refusal(whole) }
        var values: [Substring: UInt64] = [:]
        for (name, value) in pairs(inner) { values[name] = number(value, UInt64.self) }
        guard let number = values["reason"].flatMap({ UInt8(exactly: $0) }),
            let reason = PacketInReason(rawValue: number),
            let context = values["recirc_id"].flatMap({ UInt32(exactly: $0) }),
            let cookie = values["rule_cookie"],
            let id = values["controller_id"].flatMap({ UInt16(exactly: $0) }),
            let maximum = values["max_len"].flatMap({ UInt16(exactly: $0) })
        else { throw refusal(whole) }
        return .controller(
            ControllerUpcall(
                reason: reason, isSuppressed: values["dont_send"] == 1,
                isContinuation: values["continuation"] == 1, recirculationID: context,
                ruleCookie: cookie, controllerID: id, maxByteCount: maximum))
    }
}
