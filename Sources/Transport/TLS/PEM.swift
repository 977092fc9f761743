/// The textual encoding of certificates (RFC 7468).
enum PEM {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// Octets that make a line of 64 characters.
    private static let lineByteCount = 48

    static func certificate(_ octets: [UInt8]) -> String {
        var text = "-----BEGIN CERTIFICATE-----\n"
        for start in stride(from: 0, to: octets.count, by: lineByteCount) {
            text += base64(octets[start..<min(start + lineByteCount, octets.count)]) + "\n"
        }
        return text + "-----END CERTIFICATE-----\n"
    }

    /// Octets as Base 64 (RFC 4648 §4).
    static func base64(_ octets: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        var rest = octets
        while !rest.isEmpty {
            let group = rest.prefix(3)
            rest = rest.dropFirst(3)
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0...3 {
                let isPadding = index > group.count
                text.append(
                    isPadding
                        ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * index) & 0x3f])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
