/// The ciphers that a list in OpenSSL's notation chooses (openssl-ciphers(1)).
///
/// The TLS library takes such a list too, but traps on one that chooses nothing; a daemon must
/// survive a slip of its operator. So the list is evaluated here, and the library gets names.
struct CipherList {
    /// A cipher suite of TLS 1.2 and the words that stand for it beside its name.
    private struct Suite {
        let name: String
        let words: Set<String>

        init(_ name: String, _ words: String) {
            self.name = name
            self.words = Set(
                words.split(separator: " ").map(String.init) + ["ALL", "DEFAULT", "HIGH", name])
        }
    }

    /// The suites of the library, the best first.
    private static let suites = [
        Suite("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE EECDH ECDSA AES AES128 AESGCM TLSv1.2"),
        Suite("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE EECDH aRSA AES AES128 AESGCM TLSv1.2"),
        Suite("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE EECDH ECDSA AES AES256 AESGCM TLSv1.2"),
        Suite("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE EECDH aRSA AES AES256 AESGCM TLSv1.2"),
        Suite("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE EECDH ECDSA CHACHA20 TLSv1.2"),
        Suite("ECDHE-RSA-CHACHA20-POLY1305", "ECDHE EECDH aRSA CHACHA20 TLSv1.2"),
        Suite("ECDHE-ECDSA-AES128-SHA", "ECDHE EECDH ECDSA AES AES128 SHA SHA1"),
        Suite("ECDHE-RSA-AES128-SHA", "ECDHE EECDH aRSA AES AES128 SHA SHA1"),
        Suite("ECDHE-ECDSA-AES256-SHA", "ECDHE EECDH ECDSA AES AES256 SHA SHA1"),
        Suite("ECDHE-RSA-AES256-SHA", "ECDHE EECDH aRSA AES AES256 SHA SHA1"),
        Suite("AES128-GCM-SHA256", "RSA kRSA aRSA AES AES128 AESGCM TLSv1.2"),
        Suite("AES256-GCM-SHA384", "RSA kRSA aRSA AES AES256 AESGCM TLSv1.2"),
        Suite("AES128-SHA", "RSA kRSA aRSA AES AES128 SHA SHA1"),
        Suite("AES256-SHA", "RSA kRSA aRSA AES AES256 SHA SHA1"),
    ]

    /// Names in order of preference.
    let names: [String]

    /// Nil for a list that chooses nothing.
    init?(_ text: String) {
        var chosen: [Suite] = []
        var banned: Set<String> = []
        for element in text.split(whereSeparator: { ":, ;".contains($0) })
        where !element.hasPrefix("@") {
            let sign = "!-+".contains(element.first!) ? element.first : nil
            let words = (sign == nil ? element : element.dropFirst()).split(separator: "+")
            let meant = Self.suites.filter { suite in
                words.allSatisfy { suite.words.contains(String($0)) }
            }
            let names = Set(meant.map(\.name))
            switch sign {
            case "!":
                banned.formUnion(names)
                chosen.removeAll { names.contains($0.name) }
            case "-":
                chosen.removeAll { names.contains($0.name) }
            case "+":
                let last = chosen.filter { names.contains($0.name) }
                chosen.removeAll { names.contains($0.name) }
                chosen += last
            default:
                let present = Set(chosen.map(\.name)).union(banned)
                chosen += meant.filter { !present.contains($0.name) }
            }
        }
        guard !chosen.isEmpty else { return nil }
        names = chosen.map(\.name)
    }
}
