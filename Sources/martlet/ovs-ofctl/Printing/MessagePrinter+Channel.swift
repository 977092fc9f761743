import FlowModel
import FlowSyntax
import OpenFlow

/// What the two ends of a channel say of themselves.
extension MessagePrinter {
    func text(_ hello: Hello, _ octets: [UInt8]) -> String {
        let versions = hello.versions ?? .upTo(dialect.version)
        let text = "\n version bitmap: " + Self.list(versions)
        guard hello.hasUnknownData else { return text }
        return text + "\n unknown data in hello:\n" + HexDump.text(octets, hasText: true)
    }

    /// The error's name, and the request that it answers as far as it came along.
    func text(_ error: ErrorMessage) throws(OpenFlowError) -> String {
        guard OpenFlowError(error.code, in: dialect.version) != nil else {
            throw .requestBadLength
        }
        let name = OpenFlowError.name(of: error.code, in: dialect.version)
        if error.isHelloFailure { return " \(name)\n" + Self.printable(error.data) + "\n" }
        return " \(name)\n" + text(error.data)
    }

    /// Text with everything escaped that a terminal might mistake.
    private static func printable(_ octets: [UInt8]) -> String {
        var text = ""
        for octet in octets {
            switch octet {
            case 0x20..<0x7f where octet != 0x22 && octet != 0x5c:
                text.unicodeScalars.append(UnicodeScalar(octet))
            default:
                let digits = String(octet, radix: 8)
                text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return text
    }

    func text(_ config: SwitchConfig) -> String {
        let ttl = config.sendsInvalidTTL ? " invalid_ttl_to_controller" : ""
        return " frags=\(Self.name(of: config.fragments))\(ttl)"
            + " miss_send_len=\(config.missSendLength)"
    }

    private static func name(of role: Role.Kind) -> String {
        switch role {
        case .noChange: "nochange"
        case .equal: "equal"
        case .primary: "primary"
        case .secondary: "secondary"
        }
    }

    func text(_ role: Role) -> String {
        " role=\(Self.name(of: role.kind))"
            + (role.generationID.map { " generation_id=\($0)" } ?? "")
    }

    func text(_ status: RoleStatus) -> String {
        let reason =
            switch status.reason {
            case .primaryRequest: "primary_request"
            case .configuration: "configuration_changed"
            case .experimenter: "experimenter_data_changed"
            default: "(unknown)"
            }
        let generation =
            status.generationID == .max ? "" : " generation_id=\(status.generationID)"
        return " role=\(Self.name(of: status.role))\(generation) reason=\(reason)"
    }

    // MARK: Asynchronous messages

    private static let reasons: [(AsyncConfig.Kind, String, [(Int, String)])] = [
        (
            .packetIn, "PACKET_IN",
            [
                (0, "no_match"), (1, "action"), (2, "invalid_ttl"), (3, "action_set"),
                (4, "group"), (5, "packet_out"),
            ]
        ),
        (.portStatus, "PORT_STATUS", [(0, "add"), (1, "delete"), (2, "modify")]),
        (
            .flowRemoved, "FLOW_REMOVED",
            [
                (0, "idle"), (1, "hard"), (2, "delete"), (3, "group_delete"),
                (4, "meter_delete"), (5, "eviction"),
            ]
        ),
        (
            .roleStatus, "ROLE_STATUS",
            [
                (0, "primary_request"), (1, "configuration_changed"),
                (2, "experimenter_data_changed"),
            ]
        ),
        (.tableStatus, "TABLE_STATUS", [(3, "vacancy_down"), (4, "vacancy_up")]),
        (
            .requestForward, "REQUESTFORWARD",
            [(0, "group_mod_request"), (1, "meter_mod_request")]
        ),
    ]

    func text(_ config: AsyncConfig) -> String {
        "\n primary:\n" + Self.text(config.primary) + "\n secondary:\n"
            + Self.text(config.secondary)
    }

    private static func text(_ masks: AsyncConfig.Masks) -> String {
        reasons.map { kind, title, names in
            let bits = masks[kind] ?? 0
            let words = names.filter { bits >> UInt32($0.0) & 1 == 1 }.map { " " + $0.1 }
            let padding = String(repeating: " ", count: 16 - title.count)
            return padding + title + ":" + (words.isEmpty ? " (off)" : words.joined()) + "\n"
        }.joined()
    }

    // MARK: Bundles

    func text(_ control: BundleControl) -> String {
        "\n bundle_id=\(Self.prefixed(control.bundleID)) type=\(Self.name(of: control.kind))"
            + " flags=\(Self.text(control.flags))"
    }

    /// The control of a bundle whose kind has no name.
    func text(ofUnknownControl octets: ArraySlice<UInt8>) -> String {
        let numbers = octets.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let flags = octets.dropFirst(6).prefix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
        return "\n bundle_id=\(Self.prefixed(numbers)) type="
            + " flags=\(Self.text(BundleControl.Flags(rawValue: flags)))"
    }

    private static func name(of kind: BundleControl.Kind) -> String {
        switch kind {
        case .openRequest: "OPEN_REQUEST"
        case .openReply: "OPEN_REPLY"
        case .closeRequest: "CLOSE_REQUEST"
        case .closeReply: "CLOSE_REPLY"
        case .commitRequest: "COMMIT_REQUEST"
        case .commitReply: "COMMIT_REPLY"
        case .discardRequest: "DISCARD_REQUEST"
        case .discardReply: "DISCARD_REPLY"
        }
    }

    /// In hexadecimal with `0x` before all but zero.
    private static func prefixed(_ number: UInt32) -> String {
        number == 0 ? "0" : "0x" + String(number, radix: 16)
    }

    private static func text(_ flags: BundleControl.Flags) -> String {
        bits(UInt32(flags.rawValue), [(1, "atomic"), (2, "ordered")])
    }

    func text(_ add: BundleAdd, _ xid: UInt32) throws(OpenFlowError) -> String {
        guard MessageHeader(add.message)?.xid == xid else { throw .bundleMessageBadXID }
        guard MessageHeader(add.message)?.version == dialect.version else {
            throw .bundleBadVersion
        }
        guard let form = try? MessageForm.of(add.message),
            ["OFPT_FLOW_MOD", "OFPT_GROUP_MOD", "OFPT_PORT_MOD", "OFPT_PACKET_OUT"]
                .contains(form.name)
        else { throw .bundleMessageUnsupported }
        return "\n bundle_id=\(Self.prefixed(add.bundleID)) flags=\(Self.text(add.flags))\n"
            + text(add.message)
    }

    func text(_ forward: RequestForward) throws(OpenFlowError) -> String {
        guard let header = MessageHeader(forward.request) else { throw .requestBadLength }
        guard header.version == dialect.version else { throw .requestBadVersion }
        guard header.length >= MessageHeader.byteCount, header.length <= forward.request.count
        else { throw .bundleMessageBadLength }
        let form = try MessageForm.named(by: forward.request)
        let request = Array(forward.request.prefix(header.length))
        guard form.name == "OFPT_GROUP_MOD" || form.name == "OFPT_METER_MOD" else {
            throw .bundleMessageUnsupported
        }
        switch try OpenFlowMessage.parse(request, dialect: dialect) {
        case .groupMod(let mod): return " reason=group_mod" + text(mod)
        case .meterMod(let mod): return " reason=meter_mod" + text(mod)
        default: throw .bundleMessageUnsupported
        }
    }

    /// Names of bits, and those without a name in hexadecimal; `0` for none.
    static func bits(
        _ value: UInt32, _ names: [(UInt32, String)], separator: String = " "
    ) -> String {
        if value == 0 { return "0" }
        var words = names.filter { value & $0.0 != 0 }.map(\.1)
        let rest = value & ~names.reduce(0) { $0 | $1.0 }
        if rest != 0 { words.append("0x" + String(rest, radix: 16)) }
        return words.joined(separator: separator)
    }
}
