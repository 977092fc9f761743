import Bytes
import FlowModel

/// Type-length-values as text: `NXM_OF_IN_PORT(0001), NXM_OF_IP_SRC_W(0a000000/ff000000)`.
public enum ExtendedMatchText {
    /// Why a text says nothing.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The octets as text; what has no name by its numbers.
    public static func text(_ octets: [UInt8]) -> String {
        if octets.isEmpty { return "<any>" }
        var reader = MessageReader(octets.span.octets)
        var parts: [String] = []
        do throws(OpenFlowError) {
            while !reader.isAtEnd {
                let header = try FieldHeader(&reader, lengthError: .matchBadLength)
                let value = try reader.octets(header.valueByteCount)
                let mask =
                    header.hasMask
                    ? try reader.octets(header.payloadByteCount - header.valueByteCount) : nil
                parts.append(
                    name(of: header) + (header.hasMask ? "_W(" : "(") + hexadecimal(value)
                        + (mask.map { "/" + hexadecimal($0) } ?? "") + ")")
            }
        } catch {
            parts.append("***error***")
        }
        return parts.joined(separator: ", ")
    }

    private static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func name(of header: FieldHeader) -> String {
        if header.isCookie { return "NXM_NX_COOKIE" }
        let wire = header.field?.descriptor.wireNames.first { wire in
            UInt32(wire.wireClass.number) << 16 | UInt32(wire.number) << 9 == header.type
                && wire.wireClass.experimenter ?? 0 == header.experimenter
        }
        if let wire { return wire.name }
        return "\(header.type >> 16):\(header.type >> 9 & 0x7f)"
    }

    /// The octets that a text names.
    public static func octets(_ text: some StringProtocol) throws(Failure) -> [UInt8] {
        let whole = Substring(text)
        var rest = whole
        var octets: [UInt8] = []
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            if rest.isEmpty || rest.hasPrefix("<any>") { return octets }
            guard let open = rest.firstIndex(of: "(") else {
                throw Failure(description: "\(rest): missing ( at end of nx_match")
            }
            guard let close = rest[open...].firstIndex(of: ")") else {
                throw Failure(description: "\(rest): missing ) following value")
            }
            let name = rest[..<open]
            let body = rest[rest.index(after: open)..<close]
            let parts = body.split(separator: "/", maxSplits: 1)
            let values = try parts.map { part throws(Failure) in
                try value(part, of: name)
            }
            octets += try header(name, in: whole)
            for value in values { octets += value }
            rest = rest[rest.index(after: close)...]
        }
    }

    private static func value(_ text: Substring, of name: Substring) throws(Failure) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count % 2 == 0 else {
            throw Failure(description: "\(name): hex digits expected in value")
        }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    /// The header of a field by its name, with `_W` where a mask follows, or by eight digits.
    private static func header(
        _ name: Substring, in whole: Substring
    ) throws(Failure) -> [UInt8] {
        if name.count == 8, let number = UInt32(name, radix: 16) { return bigEndian(number) }
        let isMasked = name.hasSuffix("_W")
        let stem = isMasked ? name.dropLast(2) : name
        if stem == "NXM_NX_COOKIE" {
            return bigEndian(
                isMasked ? FieldHeader.maskedCookieHeader : FieldHeader.cookieHeader)
        }
        for row in FieldTable.all {
            guard let wire = row.wireNames.first(where: { $0.name == stem }) else { continue }
            let code = FieldCode(wire, byteCount: row.byteCount)
            let header = bigEndian(isMasked ? code.maskedHeader : code.header)
            return header + (code.isExperimenter ? bigEndian(code.experimenter) : [])
        }
        throw Failure(description: "\(whole): unknown field `\(name)'")
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
