/// Octets in rows of sixteen, as OVS prints them.
enum HexDump {
    private static let digits = Array("0123456789abcdef".utf8)

    static func padded(_ value: some BinaryInteger, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// - Parameter hasText: whether printable octets stand at the right too.
    static func text(_ octets: some Collection<UInt8>, hasText: Bool) -> String {
        var output: [UInt8] = []
        let octets = Array(octets)
        for start in stride(from: 0, to: octets.count, by: 16) {
            let row = octets[start..<min(start + 16, octets.count)]
            output += padded(start, 8).utf8
            output += " ".utf8
            for column in 0..<16 {
                output.append(column == 8 && row.count >= 8 ? 0x2d : 0x20)
                if column < row.count {
                    let octet = row[start + column]
                    output.append(digits[Int(octet >> 4)])
                    output.append(digits[Int(octet & 15)])
                } else if hasText {
                    output += "  ".utf8
                } else {
                    output.removeLast()
                    break
                }
            }
            if hasText {
                output += " |".utf8
                for column in 0..<16 {
                    let octet = column < row.count ? row[start + column] : 0x20
                    output.append(octet >= 0x20 && octet < 0x7f ? octet : 0x2e)
                }
                output.append(0x7c)
            }
            output.append(0x0a)
        }
        return String(decoding: output, as: UTF8.self)
    }
}
