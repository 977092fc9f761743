import Addresses

/// What a segment of an FTP control connection says of a data connection to come (RFC 959 §4.1.2,
/// RFC 2428).
struct ControlAnnouncement {
    /// How the address and the port are written.
    enum Form {
        /// `10,0,0,1,4,1`, behind `PORT` and in the answer 227.
        case octets
        /// `|1|10.0.0.1|1025|`, behind `EPRT`.
        case extended
        /// `|||1025|`, in the answer 229: a port without an address.
        case portOnly
    }

    let form: Form
    /// The address, unless the form has none.
    let address: UInt128?
    let isIPv6: Bool
    let port: UInt16
    /// The octets of the payload that say so.
    let range: Range<Int>

    /// Reads the beginning of a segment's payload, which has to hold the whole line.
    ///
    /// - Parameter isReply: whether the server speaks.
    init?(_ payload: UnsafeRawBufferPointer, isReply: Bool) {
        guard payload.count >= 8, let end = payload.firstIndex(where: { $0 == 13 || $0 == 10 })
        else { return nil }
        let line = UnsafeRawBufferPointer(rebasing: payload[..<end])
        var reader = Reader(line)
        if isReply {
            guard let code = reader.number(), code == 227 || code == 229, reader.skip(past: 40)
            else { return nil }
            self.init(&reader, form: code == 227 ? .octets : .portOnly)
        } else if reader.takes("PORT ") {
            self.init(&reader, form: .octets)
        } else if reader.takes("EPRT ") {
            self.init(&reader, form: .extended)
        } else {
            return nil
        }
    }

    private init?(_ reader: inout Reader, form: Form) {
        let start = reader.offset
        switch form {
        case .octets:
            guard let parts = reader.octets(6) else { return nil }
            address = parts[..<4].reduce(0) { $0 << 8 | UInt128($1) }
            port = UInt16(parts[4]) << 8 | UInt16(parts[5])
            isIPv6 = false
        case .extended:
            guard let mark = reader.next(), mark >= 33, mark <= 126,
                let family = reader.number(), family == 1 || family == 2, reader.next() == mark,
                let text = reader.text(until: mark),
                let number = reader.number(), reader.next() == mark,
                let value = Self.address(text, isIPv6: family == 2),
                let checked = UInt16(exactly: number)
            else { return nil }
            address = value
            port = checked
            isIPv6 = family == 2
        case .portOnly:
            guard let mark = reader.next(), reader.next() == mark, reader.next() == mark,
                let number = reader.number(), reader.next() == mark,
                let checked = UInt16(exactly: number)
            else { return nil }
            address = nil
            port = checked
            isIPv6 = false
        }
        guard port > 0 else { return nil }
        self.form = form
        range = start..<reader.offset
    }

    private static func address(_ text: String, isIPv6: Bool) -> UInt128? {
        isIPv6 ? IPv6Address(text)?.value : IPv4Address(text).map { UInt128($0.value) }
    }

    /// The same with another address and port.
    func text(_ address: UInt128, _ port: UInt16) -> [UInt8] {
        switch form {
        case .octets:
            let parts = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address >> $0) }
            let all = parts + [UInt8(port >> 8), UInt8(port & 0xff)]
            return Array(all.map { String($0) }.joined(separator: ",").utf8)
        case .extended:
            let text =
                isIPv6
                ? "\(IPv6Address(address))"
                : "\(IPv4Address(UInt32(truncatingIfNeeded: address)))"
            return Array("|\(isIPv6 ? 2 : 1)|\(text)|\(port)|".utf8)
        case .portOnly: return Array("|||\(port)|".utf8)
        }
    }
}

/// Takes octets of a line in turn.
private struct Reader {
    private let line: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    mutating func next() -> UInt8? {
        guard offset < line.count else { return nil }
        offset += 1
        return line[offset - 1]
    }

    /// Decimal digits, five at most.
    mutating func number() -> Int? {
        let start = offset
        var value = 0
        while offset < line.count, offset < start + 5, (48...57).contains(line[offset]) {
            value = value * 10 + Int(line[offset] - 48)
            offset += 1
        }
        return offset > start ? value : nil
    }

    /// Numbers of one octet with commas between them.
    mutating func octets(_ count: Int) -> [UInt8]? {
        var parts: [UInt8] = []
        for index in 0..<count {
            if index > 0 { guard next() == 44 else { return nil } }
            guard let value = number(), let octet = UInt8(exactly: value) else { return nil }
            parts.append(octet)
        }
        return parts
    }

    /// Whether the line goes on with `word`, in capitals or not.
    mutating func takes(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard line.count - offset >= count else { return false }
        for index in 0..<count {
            let octet = line[offset + index]
            let capital = (97...122).contains(octet) ? octet - 32 : octet
            guard capital == word.utf8Start[index] else { return false }
        }
        offset += count
        return true
    }

    mutating func skip(past octet: UInt8) -> Bool {
        while let next = next() {
            if next == octet { return true }
        }
        return false
    }

    mutating func text(until end: UInt8) -> String? {
        let start = offset
        while let next = next() {
            if next == end { return String(decoding: line[start..<offset - 1], as: UTF8.self) }
        }
        return nil
    }
}
