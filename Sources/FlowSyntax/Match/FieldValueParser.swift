internal import Addresses
internal import FlowModel

/// A field's value and the bits of it that matter.
struct MaskedValue {
    var value: UInt128
    var mask: UInt128

    init(_ value: UInt128, mask: UInt128 = .max) {
        self.value = value & mask
        self.mask = mask
    }
}

/// Parses the text of one field's value and mask.
struct FieldValueParser {
    let row: FieldDescriptor
    let names: FlowNames

    func parse(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        if text.count == 1, text.first == 0x2a { return MaskedValue(0, mask: 0) }
        let parsed: MaskedValue
        switch row.format {
        case .decimal, .hexadecimal, .tunnelOption: parsed = try number(text)
        case .ethernet: parsed = try ethernet(text)
        case .ipv4: parsed = try ipv4(text)
        case .ipv6: parsed = try ipv6(text)
        case .port, .port32: parsed = try port(text)
        case .tcpFlags: parsed = try flags(.tcp, text)
        case .ctState: parsed = try flags(.connection, text)
        case .tunnelFlags: parsed = try flags(.tunnel, text)
        case .fragment: parsed = try fragment(text)
        case .packetType: parsed = try packetType(text)
        }
        if !row.isMaskable && parsed.mask != 0 && parsed.mask & valueBits != valueBits {
            throw SyntaxError("\(text.string): invalid mask for field \(row.name)")
        }
        return parsed
    }

    /// Ones for the octets that the value has on the wire.
    private var valueBits: UInt128 {
        row.byteCount == 16 ? .max : (1 << UInt128(row.byteCount * 8)) - 1
    }

    private func number(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        let (head, tail) = text.split(at: 0x2f)
        let value = try wholeNumber(head, "value", of: text)
        guard let tail else { return MaskedValue(value, mask: valueBits) }
        return MaskedValue(value, mask: try wholeNumber(tail, "mask", of: text))
    }

    private func wholeNumber(
        _ text: TextPiece, _ part: String, of whole: TextPiece
    ) throws(SyntaxError) -> UInt128 {
        let isNegative = text.first == 0x2d
        let digits = isNegative ? text.dropFirst() : text
        guard !digits.isEmpty, let value = digits.number else {
            if row.format == .tunnelOption, digits.count > 34, digits.starts(with: "0x".utf8) {
                throw SyntaxError(
                    "\(whole.string): values of \(row.name) of more than 16 octets are not "
                        + "supported")
            }
            let isTooLong = !digits.isEmpty && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            if isTooLong { throw tooLarge(whole) }
            throw SyntaxError("\(whole.string): bad syntax for \(row.name) \(part)")
        }
        if isNegative && value != 0 {
            let wrapped = row.byteCount <= 8 ? UInt128(UInt64.max) - value + 1 : 0 &- value
            if row.byteCount < 8 { throw tooLarge(whole) }
            return wrapped
        }
        if value > valueBits { throw tooLarge(whole) }
        return value
    }

    private func tooLarge(_ text: TextPiece) -> SyntaxError {
        let text = text.string
        return SyntaxError("\(text): value too large for \(row.byteCount)-byte field \(row.name)")
    }

    private func ethernet(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        let (head, tail) = text.split(at: 0x2f)
        guard let value = head.ethernetAddress else {
            throw SyntaxError("\(text.string): invalid Ethernet address")
        }
        guard let tail else { return MaskedValue(UInt128(value), mask: valueBits) }
        guard let mask = tail.ethernetAddress else {
            throw SyntaxError("\(text.string): invalid Ethernet address")
        }
        return MaskedValue(UInt128(value), mask: UInt128(mask))
    }

    private func ipv4(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        let (head, tail) = text.split(at: 0x2f)
        guard let value = head.ipv4Address else {
            throw SyntaxError("\(text.string): invalid IP address")
        }
        guard let tail else { return MaskedValue(UInt128(value), mask: valueBits) }
        if let mask = tail.ipv4Address { return MaskedValue(UInt128(value), mask: UInt128(mask)) }
        guard let length = tail.number(UInt32.self) else {
            throw SyntaxError("\(text.string): invalid IP address")
        }
        guard length <= 32 else {
            throw SyntaxError(
                "\(text.string): IPv4 network prefix bits not between 0 and 32, inclusive")
        }
        let mask = IPv4Address.mask(prefixLength: Int(length)).value
        return MaskedValue(UInt128(value), mask: UInt128(mask))
    }

    private func ipv6(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        let (head, tail) = text.split(at: 0x2f)
        guard let value = head.ipv6Address else {
            throw SyntaxError("\(text.string): invalid IPv6 address")
        }
        guard let tail else { return MaskedValue(value) }
        if let mask = tail.ipv6Address { return MaskedValue(value, mask: mask) }
        guard let length = tail.number(UInt32.self) else {
            throw SyntaxError("\(text.string): invalid IPv6 address")
        }
        guard length <= 128 else {
            throw SyntaxError(
                "\(text.string): IPv6 network prefix bits not between 0 and 128, inclusive")
        }
        return MaskedValue(value, mask: IPv6Address.mask(prefixLength: Int(length)).value)
    }

    private func port(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        guard let port = PortText.parse(text, names: names) else {
            throw SyntaxError("\(text.string): invalid or unknown port for \(row.name)")
        }
        let value =
            row.byteCount == 4 && row.field == .actionSetOutput
            ? UInt128(port.wide) : UInt128(port.value)
        return MaskedValue(value, mask: valueBits)
    }

    private func flags(
        _ names: FlagNames, _ text: TextPiece
    ) throws(SyntaxError) -> MaskedValue {
        let (value, mask) = try names.parse(text)
        let isNumber = text.first.map { $0 >= 0x30 && $0 <= 0x39 } == true
        if isNumber && UInt128(value) > valueBits { throw tooLarge(text) }
        let whole = mask == names.all ? row.location.ones : UInt128(mask)
        return MaskedValue(UInt128(value), mask: whole)
    }

    private func fragment(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        for known in FragmentText.all where text.isEqual(to: known.name) {
            return MaskedValue(UInt128(known.value), mask: UInt128(known.mask))
        }
        // The missing parenthesis is OVS's.
        throw SyntaxError(
            "\(text.string): unknown fragment type (valid types are \"no\", \"yes\", "
                + "\"first\", \"later\", \"not_later\"")
    }

    private func packetType(_ text: TextPiece) throws(SyntaxError) -> MaskedValue {
        guard text.first == 0x28 else {
            throw SyntaxError("\(text.string): bad syntax for packet type missing '('")
        }
        let inner = text.dropFirst()
        let (head, tail) = inner.split(at: 0x2c)
        guard let space = head.trimmed.number(UInt16.self) else {
            throw SyntaxError("\(inner.string): bad syntax for packet type ns")
        }
        guard let tail else {
            throw SyntaxError("\(inner.string): bad syntax for packet type missing ','")
        }
        guard let end = tail.firstIndex(of: 0x29) else {
            throw SyntaxError("\(tail.string): bad syntax for packet type missing ')'")
        }
        guard let type = tail[tail.startIndex..<end].trimmed.number(UInt16.self) else {
            throw SyntaxError("\(tail.string): bad syntax for packet type ns_type")
        }
        return MaskedValue(UInt128(space) << 16 | UInt128(type), mask: valueBits)
    }
}

/// The texts of a flow's fragment field.
enum FragmentText {
    static var all: [(name: String, value: UInt8, mask: UInt8)] {
        [
            ("no", 0, 3), ("yes", 1, 1), ("first", 1, 3), ("later", 3, 3), ("not_later", 0, 2),
        ]
    }

    static func text(_ value: UInt8, mask: UInt8) -> String {
        let known = all.first { $0.mask == mask & 3 && $0.value == value & mask & 3 }
        return known?.name ?? "<error>"
    }
}

/// The texts of OpenFlow ports.
enum PortText {
    /// The port of that number or name; quotes around a name are allowed.
    static func parse(_ text: TextPiece, names: FlowNames) -> PortNumber? {
        if let number = text.number(UInt32.self) {
            if number < 0xff00 { return PortNumber(UInt16(number)) }
            if number >= 0xfff8 && number <= 0xffff { return PortNumber(UInt16(number)) }
            if number >= 0xff00 && number <= 0xfff7 { return PortNumber(UInt16(number)) }
            if number >= 0xffff_ff00 { return PortNumber(UInt16(truncatingIfNeeded: number)) }
            return nil
        }
        guard !text.isEmpty, text.first != 0x2d else { return nil }
        if text.first == 0x22, text.last == 0x22, text.count > 2 {
            let inner = text.dropFirst().dropLast().filter { $0 != 0x5c }
            return names.port(named: String(decoding: inner, as: UTF8.self))
        }
        let name = text.string
        return PortNumber(reservedName: name) ?? names.port(named: name)
    }
}
