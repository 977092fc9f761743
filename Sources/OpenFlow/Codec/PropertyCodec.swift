import Bytes

/// Types of properties that mean the same everywhere.
enum PropertyType {
    /// From here on properties belong to experimenters.
    static var experimenterState: UInt16 { 0xfffe }
    static var experimenter: UInt16 { 0xffff }
    /// Octets of an experimenter's header: type, length, identifier and subtype.
    static var experimenterByteCount: Int { 12 }
}

/// Properties: type, length and body, filled up to a multiple of 8 octets (OpenFlow 1.4 §7.1.4).
///
/// ```
///  0                16               32
/// +----------------+----------------+----------+-----+
/// | type           | length         | body …   | pad |
/// +----------------+----------------+----------+-----+
/// ```
extension MessageReader {
    /// Reads a body of 32 bits alone.
    mutating func only32() throws(OpenFlowError) -> UInt32 {
        guard remaining == 4 else { throw .propertyBadLength }
        return try uint32()
    }

    /// Reads a body of 16 bits, which zeros may follow.
    mutating func short16() throws(OpenFlowError) -> UInt16 {
        guard remaining == 2 || remaining == 4 else { throw .propertyBadLength }
        return try uint16()
    }

    /// Reads a body of 8 bits, which zeros may follow.
    mutating func short8() throws(OpenFlowError) -> UInt8 {
        guard (1...4).contains(remaining) else { throw .propertyBadLength }
        return try uint8()
    }

    /// Reads properties to the end and hands the body of each, without its header, to `body`.
    mutating func forEachProperty(
        _ body: (UInt16, inout MessageReader) throws(OpenFlowError) -> Void
    ) throws(OpenFlowError) {
        while !isAtEnd {
            guard remaining >= 4 else { throw .propertyBadLength }
            let type = try uint16()
            let length = Int(try uint16())
            let isExperimenter = type >= PropertyType.experimenterState
            let padding = MatchDecoder.padding(length)
            guard length >= (isExperimenter ? PropertyType.experimenterByteCount : 4),
                length - 4 + padding <= remaining
            else { throw .propertyBadLength }
            var part = try part(length - 4, lengthError: .propertyBadLength)
            try body(type, &part)
            try skip(padding)
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
