import Testing

@testable import ControlCommands

/// Numbers as the C library reads them, which command lines rely on.
@Suite struct IntegerTextTests {
    @Test(
        arguments: [
            ("12", 12), (" \t-7x", -7), ("+5", 5), ("0x10", 0), ("", 0), ("x", 0), ("-", 0),
            ("9223372036854775808", .max), ("-99999999999999999999", .min),
        ] as [(String, Int64)])
    func `a number is what the text begins with`(text: String, number: Int64) {
        #expect(IntegerText.integer(text) == number)
    }

    @Test(
        arguments: [
            ("4294967297", 1), ("2147483648", -2_147_483_648), ("99999999999999999999", -1),
        ] as [(String, Int64)])
    func `a short number is cut to 32 bits`(text: String, number: Int64) {
        #expect(IntegerText.shortInteger(text) == number)
    }

    @Test(
        arguments: [
            ("5 ", 5), ("1x", 1), ("-1", -1), ("99999999999999999999", -1), ("x", nil), ("", nil),
        ] as [(String, Int64?)])
    func `an unsigned number must begin with a digit`(text: String, number: Int64?) {
        #expect(IntegerText.unsignedInteger(text) == number)
    }

    @Test(
        arguments: [
            ("16", 16), ("0x10", 16), ("010", 8), ("-0x10", -16), ("0", 0),
        ] as [(String, Int64)])
    func `a prefix tells the base`(text: String, number: Int64) {
        #expect(IntegerText.integerOfAnyBase(text) == number)
    }
}
