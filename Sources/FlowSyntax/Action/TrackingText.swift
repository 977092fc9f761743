internal import Addresses
internal import FlowModel

/// The text of `ct(...)` and of the `nat(...)` within it.
extension FlowParser {
    mutating func tracking(
        _ text: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action {
        var track = ConnectionTrack()
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let value = pair.value
            switch pair.key.string {
            case "commit": track.isCommitted = true
            case "force": track.isForced = true
            case "table": track.table = try trackingTable(value)
            case "zone": track.zone = try zone(value)
            case "alg": track.helperPort = try Self.helperPort(value)
            case "nat": track.actions.append(.nat(try translation(value)))
            case "exec":
                track.actions += try nested(value, in: .ct, scope: &scope)
            default:
                throw SyntaxError("invalid argument to \"ct\" action: `\(pair.key.string)'")
            }
        }
        if track.isForced && !track.isCommitted {
            throw SyntaxError("\"force\" flag requires \"commit\" flag.")
        }
        return .ct(track)
    }

    private mutating func trackingTable(_ text: TextPiece) throws(SyntaxError) -> UInt8 {
        guard let table = tableIfKnown(text) else {
            throw SyntaxError("unknown table \(text.string)")
        }
        if table == 255 { throw SyntaxError("invalid table 0xff") }
        return table
    }

    private func zone(_ text: TextPiece) throws(SyntaxError) -> ConnectionTrack.Zone {
        if let number = text.number(UInt16.self) { return .number(number) }
        return .field(try SubfieldText.parse(text))
    }

    private static func helperPort(_ text: TextPiece) throws(SyntaxError) -> UInt16 {
        if text.isEqual(to: "ftp") { return ConnectionTrack.ftpPort }
        if text.isEqual(to: "tftp") { return ConnectionTrack.tftpPort }
        throw SyntaxError("invalid conntrack helper \"\(text.string)\"")
    }

    func translation(_ text: TextPiece) throws(SyntaxError) -> AddressTranslation {
        var translation = AddressTranslation()
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            switch pair.key.string {
            case "src", "dst":
                if translation.kind != nil {
                    throw SyntaxError("May only specify one of \"src\" or \"dst\".")
                }
                translation.kind = pair.key.isEqual(to: "src") ? .source : .destination
                if !pair.value.isEmpty {
                    var range = TranslationRange(pair.value)
                    try range.parse(into: &translation)
                }
            case "persistent": translation.flags.insert(.persistent)
            case "hash": translation.flags.insert(.hash)
            case "random": translation.flags.insert(.random)
            default:
                throw SyntaxError("invalid key \"\(pair.key.string)\" in \"nat\" argument")
            }
        }
        if !translation.flags.isEmpty && translation.kind == nil {
            throw SyntaxError("Flags allowed only with \"src\" or \"dst\".")
        }
        if translation.flags.isSuperset(of: [.hash, .random]) {
            throw SyntaxError("Both \"hash\" and \"random\" are not allowed.")
        }
        return translation
    }
}

/// Parses `10.0.0.1-10.0.0.9:80-90`, where the addresses of IPv6 can stand in brackets.
private struct TranslationRange {
    let text: TextPiece
    private var index: Int

    init(_ text: TextPiece) {
        self.text = text
        index = text.startIndex
    }

    private enum Address {
        case ipv4(UInt32)
        case ipv6(UInt128)
    }

    mutating func parse(into translation: inout AddressTranslation) throws(SyntaxError) {
        let first = address()
        var last: Address?
        if first != nil, next(0x2d) {
            last = address()
            if last == nil { throw garbage }
        }
        switch (first, last) {
        case (.ipv4(0), nil): break
        case (.ipv4(let first), nil): translation.addresses = .ipv4(first, last: nil)
        case (.ipv4(let first), .ipv4(let last)):
            if last < first { throw invalid }
            translation.addresses = .ipv4(first, last: last)
        case (.ipv6(let first), nil): translation.addresses = .ipv6(first, last: nil)
        case (.ipv6(let first), .ipv6(let last)):
            if last < first { throw invalid }
            translation.addresses = .ipv6(first, last: last)
        case (nil, nil): break
        default: throw invalid
        }
        if first != nil, next(0x3a) { translation.ports = try ports() }
        if index < text.endIndex { throw garbage }
    }

    private mutating func next(_ octet: UInt8) -> Bool {
        guard index < text.endIndex, text[index] == octet else { return false }
        index += 1
        return true
    }

    /// An address, or `nil`; what could belong to one is passed over.
    private mutating func address() -> Address? {
        let start = index
        if let value = run(while: { $0 == 0x2e || $0 >= 0x30 && $0 <= 0x39 }).ipv4Address {
            return .ipv4(value)
        }
        index = start
        let isBracketed = next(0x5b)
        let piece = run { $0 == 0x2e || $0 == 0x3a || $0.hexadecimalDigit != nil }
        let isClosed = isBracketed ? next(0x5d) : true
        if let value = piece.ipv6Address, isClosed { return .ipv6(value) }
        if isBracketed { index = start }
        return nil
    }

    private mutating func run(while isPart: (UInt8) -> Bool) -> TextPiece {
        let start = index
        while index < text.endIndex, isPart(text[index]) { index += 1 }
        return text[start..<index]
    }

    private mutating func ports() throws(SyntaxError) -> AddressTranslation.Ports {
        guard let first = port() else { throw garbage }
        guard next(0x2d) else { return .init(first) }
        guard let last = port() else { throw garbage }
        if last < first { throw invalid }
        return .init(first, last: last)
    }

    /// A number, of which 16 bits are kept, as in OVS.
    private mutating func port() -> UInt16? {
        let digits = run { $0 >= 0x30 && $0 <= 0x39 }
        guard let value = digits.isEmpty ? nil : UInt64(digits.string) else { return nil }
        return UInt16(truncatingIfNeeded: value)
    }

    private var invalid: SyntaxError { .init("invalid nat range \"\(text.string)\"") }

    private var garbage: SyntaxError {
        .init(
            "garbage (\(text[index...].string)) after nat range \"\(text.string)\" "
                + "(pos: \(index - text.startIndex))")
    }
}

/// Prints `ct(...)` and `nat(...)`.
enum TrackingText {
    static func text(_ track: ConnectionTrack, names: FlowNames) -> String {
        var parts: [String] = []
        if track.isCommitted { parts.append("commit") }
        if track.isForced { parts.append("force") }
        if let table = track.table { parts.append("table=" + names.text(ofTable: table)) }
        switch track.zone {
        case .number(0): break
        case .number(let number): parts.append("zone=\(number)")
        case .field(let subfield): parts.append("zone=" + SubfieldText.text(subfield))
        }
        var actions = track.actions[...]
        if case .nat(let translation) = actions.first {
            parts.append(text(translation))
            actions.removeFirst()
        }
        if !actions.isEmpty {
            parts.append("exec(" + ActionPrinter.text(Array(actions), names: names) + ")")
        }
        switch track.helperPort {
        case 0: break
        case ConnectionTrack.ftpPort: parts.append("alg=ftp")
        case ConnectionTrack.tftpPort: parts.append("alg=tftp")
        case let port: parts.append("alg=\(port)")
        }
        return "ct(" + parts.joined(separator: ",") + ")"
    }

    static func text(_ translation: AddressTranslation) -> String {
        guard let kind = translation.kind else { return "nat" }
        var text = "nat(" + (kind == .source ? "src" : "dst")
        if let addresses = translation.addresses {
            text += "=" + self.text(addresses, isBracketed: translation.ports != nil)
            if let ports = translation.ports {
                text += ":\(ports.first)"
                if let last = ports.last, last != ports.first { text += "-\(last)" }
            }
            // Without addresses there is nothing that the flags say something of.
            if translation.flags.contains(.persistent) { text += ",persistent" }
            if translation.flags.contains(.hash) { text += ",hash" }
            if translation.flags.contains(.random) { text += ",random" }
        }
        return text + ")"
    }

    private static func text(
        _ addresses: AddressTranslation.Addresses, isBracketed: Bool
    ) -> String {
        switch addresses {
        case .ipv4(let first, let last):
            let end = last.map { $0 == first ? "" : "-" + FieldText.ipv4(UInt128($0)) } ?? ""
            return FieldText.ipv4(UInt128(first)) + end
        case .ipv6(let first, let last):
            let text = { (value: UInt128) in
                let address = IPv6Address(value).description
                return isBracketed ? "[\(address)]" : address
            }
            return text(first) + (last.map { $0 == first ? "" : "-" + text($0) } ?? "")
        }
    }
}
