import Bytes

/// Properties: type, length and body, filled up to a multiple of 8 octets (OpenFlow 1.4 §7.1.4).
///
/// ```
///  0                16               32
/// +----------------+----------------+----------+-----+
/// | type           | length         | body …   | pad |
/// +----------------+----------------+----------+-----+
/// ```
extension MessageReader {
    /// Reads properties to the end and hands the body of each, without its header, to `body`.
    mutating func forEachProperty(
        _ body: (UInt16, inout MessageReader) throws(OpenFlowError) -> Void
    ) throws(OpenFlowError) {
        while !isAtEnd {
            guard remaining >= 4 else { throw .propertyBadLength }
            let type = try uint16()
            let length = Int(try uint16())
            guard length >= 4, length - 4 <= remaining else { throw .propertyBadLength }
            var part = try part(length - 4, lengthError: .propertyBadLength)
            try body(type, &part)
            try skip(min(MatchDecoder.padding(length), remaining))
        }
    }
}

extension OctetWriter {
    /// Appends one property; `body` appends what follows its header.
    mutating func property(_ type: UInt16, body: (inout OctetWriter) -> Void) {
        let start = count
        append(type)
        append(UInt16(0))
        body(&self)
        set16(at: start + 2, to: count - start)
        pad(to: 8, from: start)
    }
}
