import Bytes
import Testing

struct TextOctetsTests {
    @Test(arguments: [0, 7, -7, 10, -10, 1_234_567_890, Int64.max, Int64.min, -1])
    func `a number has the digits that its description has`(value: Int64) {
        var octets: [UInt8] = [0xa5]
        octets.append(decimal: value)
        #expect(octets == [0xa5] + String(value).utf8)
    }

    @Test
    func `each hexadecimal digit stands in each of eight places`() {
        for digit in UInt32(0)..<16 {
            for place in UInt32(0)..<8 {
                var octets: [UInt8] = []
                octets.append(hexadecimal: digit << (28 - 4 * place))
                var expected = Array("00000000".utf8)
                expected[Int(place)] = Array("0123456789abcdef".utf8)[Int(digit)]
                #expect(octets == expected)
            }
        }
    }

    @Test
    func `an identifier has five groups`() {
        let text = UUIDText(high: 0x1ec9_414c_232a_6b00, low: 0xb3c8_9e6b_dece_d846)
        #expect(text.string == "1ec9414c-232a-6b00-b3c8-9e6bdeced846")
        var octets: [UInt8] = [0xa5]
        text.write(to: &octets)
        #expect(octets == [0xa5] + text.string.utf8)
    }

    @Test(arguments: ["", "a", "a text of more than fifteen octets", "ü", "\u{7f}"])
    func `a plain text is quoted as it is`(text: String) {
        var octets: [UInt8] = [0xa5]
        let isPlain = octets.append(plainQuoted: text)
        #expect(isPlain)
        #expect(octets == [0xa5] + "\"\(text)\"".utf8)
        octets = []
        octets.append(text: text)
        #expect(octets == Array(text.utf8))
    }

    @Test(arguments: ["\"", "a\\", "a text of more than fifteen octets\n", "\0"])
    func `a text that needs escapes is left to others`(text: String) {
        var octets: [UInt8] = [0xa5]
        let isPlain = octets.append(plainQuoted: text)
        #expect(!isPlain)
        #expect(octets == [0xa5])
    }
}
