/// The octets that a string of hexadecimal digits spells; white space is skipped.
///
/// Golden octets stand in tests as they stand in an RFC or a capture.
public func octets(_ hex: String) -> [UInt8] {
    var octets: [UInt8] = []
    var high: UInt8?
    for character in hex where !character.isWhitespace {
        guard let digit = character.hexDigitValue.map(UInt8.init) else {
            preconditionFailure("'\(character)' is no hexadecimal digit")
        }
        if let first = high {
            octets.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    precondition(high == nil, "the number of hexadecimal digits is odd")
    return octets
}
