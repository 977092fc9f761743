/// Keys and certificates for tests of TLS, made by the program openssl in a directory of their own.
public final class Certificates: Sendable {
    /// A party's files.
    public struct Party: Sendable {
        public let key: String
        public let certificate: String
    }

    private let directory = TemporaryDirectory()

    /// Whether there is a program to make them with; prints what is missing.
    public static let isAvailable: Bool = {
        guard Subprocess.find("openssl") == nil else { return true }
        print("skipped: openssl is not installed")
        return false
    }()

    public init() {}

    /// A file in the directory.
    public func path(_ name: String) -> String { directory(name) }

    public func contains(_ name: String) -> Bool { directory.contains(name) }

    /// Makes an authority.
    ///
    /// - Returns: its certificate's file.
    @discardableResult
    public func makeAuthority(_ name: String) -> String {
        openssl(
            "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 30 "
                + "-subj /O=test/CN=\(name) -keyout \(directory(name)).key "
                + "-out \(directory(name)).pem")
        return directory(name + ".pem")
    }

    /// Makes a key and a certificate that an authority signs.
    public func makeParty(_ name: String, by authority: String) -> Party {
        let base = directory(authority + "-" + name)
        openssl(
            "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                + "-subj /O=test/CN=\(name) -keyout \(base).key -out \(base).req")
        openssl(
            "x509 -req -in \(base).req -CA \(directory(authority)).pem "
                + "-CAkey \(directory(authority)).key "
                + "-set_serial \(base.utf8.reduce(1) { $0 + Int($1) }) -days 30 -out \(base).pem")
        return Party(key: base + ".key", certificate: base + ".pem")
    }

    private func openssl(_ words: String) {
        let result = Subprocess.run(["openssl"] + words.split(separator: " ").map(String.init))
        precondition(result.status == 0, result.error)
    }
}
