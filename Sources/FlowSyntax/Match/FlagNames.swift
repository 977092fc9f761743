internal import FlowModel

/// The names of a field's bits, the least significant first; an empty name is a bit without one.
struct FlagNames: Sendable {
    /// What OVS calls such a flag in error messages.
    let kind: String
    let names: [String]
    /// The bits that a match without `+` and `-` covers.
    let all: UInt64

    static let tcp = FlagNames(
        kind: "TCP",
        names: ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"], all: 0xfff)
    static let connection = FlagNames(
        kind: "ct_state",
        names: ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"], all: 0xff)
    static let tunnel = FlagNames(kind: "tunnel", names: ["oam"], all: 1)
    /// With those that only the datapath matches.
    static let wholeTunnel = FlagNames(
        kind: "tunnel", names: ["oam", "df", "csum", "key"], all: 0xf)

    private func bit(_ name: TextPiece) -> UInt64? {
        for (index, known) in names.enumerated() where name.isEqual(to: known) {
            return 1 << UInt64(index)
        }
        return nil
    }

    /// Parses `+a-b`, `a|b` or a number with or without a mask.
    func parse(_ text: TextPiece) throws(SyntaxError) -> (value: UInt64, mask: UInt64) {
        guard let first = text.first else { throw unknown(text) }
        if first == 0x2b || first == 0x2d { return try parseSigned(text) }
        if first >= 0x30 && first <= 0x39 {
            let (head, tail) = text.split(at: 0x2f)
            guard let value = head.number(UInt64.self) else { throw unknown(text) }
            guard let tail else { return (value, all) }
            guard let mask = tail.number(UInt64.self) else { throw unknown(text) }
            return (value & mask, mask & all)
        }
        var value: UInt64 = 0
        for name in text.split(separator: 0x7c, omittingEmptySubsequences: false) {
            guard let bit = bit(name) else { throw unknown(name) }
            value |= bit
        }
        return (value, all)
    }

    private func parseSigned(_ text: TextPiece) throws(SyntaxError) -> (UInt64, UInt64) {
        var (value, mask): (UInt64, UInt64) = (0, 0)
        var index = text.startIndex
        while index < text.endIndex {
            let isSet = text[index] == 0x2b
            index += 1
            let start = index
            while index < text.endIndex, text[index] != 0x2b, text[index] != 0x2d { index += 1 }
            let name = text[start..<index]
            guard let bit = bit(name) else { throw unknown(name) }
            if mask & bit != 0 {
                throw SyntaxError("\(name.string): Each \(kind) flag can be specified only once")
            }
            mask |= bit
            if isSet { value |= bit }
        }
        return (value, mask)
    }

    private func unknown(_ name: TextPiece) -> SyntaxError {
        SyntaxError("\(name.string): unknown \(kind) flag(s)")
    }

    /// Prints `+a-b`, or `a|b` if the mask covers everything.
    func text(_ value: UInt64, mask: UInt64) -> String {
        mask & all == all ? text(value) : signed(value, mask: mask)
    }

    /// Prints `+a-b`.
    func signed(_ value: UInt64, mask: UInt64) -> String {
        var text = ""
        for index in 0..<64 where mask >> UInt64(index) & 1 == 1 {
            text += value >> UInt64(index) & 1 == 1 ? "+" : "-"
            text += name(index)
        }
        return text
    }

    func text(_ value: UInt64) -> String {
        if value == 0 { return "0" }
        var parts: [String] = []
        for index in 0..<64 where value >> UInt64(index) & 1 == 1 { parts.append(name(index)) }
        return parts.joined(separator: "|")
    }

    private func name(_ index: Int) -> String {
        index < names.count
            ? names[index] : "[\(String(UInt64(1) << UInt64(index), radix: 16))]"
    }
}
