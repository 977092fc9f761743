import Daemon
import Glibc

/// Two certificate authorities in a directory, one for controllers and one for switches, and what
/// `ovs-pki` does with them.
struct KeyInfrastructure {
    /// Whom an authority vouches for.
    enum Kind: String, CaseIterable {
        case controller
        case `switch`

        var directory: String { rawValue + "ca" }
    }

    /// Certificates last ten years.
    private static let days = "3650"

    var directory = "/var/lib/openvswitch/pki"
    var usesDSA = false
    var bitCount = 2048
    /// Where the parameters of DSA are, if not in the directory.
    var parametersPath: String?
    var isForced = false
    var isUnique = false
    var asksNothing = false
    var openSSL = OpenSSLProgram(logPath: "/dev/null")

    private var parameters: String { parametersPath ?? directory + "/dsaparam.pem" }

    /// What signatures are over; OpenSSL knows none of DSA over a longer one.
    private var digest: String { usesDSA ? "sha256" : "sha512" }

    private func path(_ kind: Kind) -> String { directory + "/" + kind.directory }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Refuses to write over a file.
    private func checkAbsent(_ path: String) throws {
        guard isForced || !Self.exists(path) else {
            throw ProgramError("\(path) already exists and --force not supplied")
        }
    }

    private func checkPresent(_ path: String) throws {
        guard Self.exists(path) else { throw ProgramError("\(path) does not exist") }
    }

    private func checkDirectory() throws {
        guard Self.exists(directory) else {
            throw ProgramError(
                "\(directory) does not exist (need to run 'init' or use '--dir'?)")
        }
    }

    // MARK: Commands

    func initialize() throws {
        guard isForced || !Self.exists(directory) else {
            throw ProgramError("\(directory) already exists and --force not specified")
        }
        try Self.makeDirectory(directory, 0o755)
        if usesDSA {
            let path = directory + "/dsaparam.pem"
            if !Self.exists(path) {
                try openSSL.run(["dsaparam", "-out", path, String(bitCount)])
            }
        }
        for kind in Kind.allCases {
            Program.printError("Creating \(kind.directory)...")
            try makeAuthority(kind)
        }
    }

    private func makeAuthority(_ kind: Kind) throws {
        let place = path(kind)
        for name in ["", "/certs", "/crl", "/newcerts"] {
            try Self.makeDirectory(place + name, 0o755)
        }
        try Self.makeDirectory(place + "/private", 0o700)
        try SmallFile.write("", to: place + "/index.txt")
        try SmallFile.write("01\n", to: place + "/crlnumber")
        try SmallFile.write("01\n", to: place + "/serial")
        let configuration = place + "/ca.cnf"
        try SmallFile.write(authorityConfiguration(kind, absolute(place)), to: configuration)
        try openSSL.run([
            "req", "-config", configuration, "-nodes", "-newkey",
            usesDSA ? "dsa:" + parameters : "rsa:\(bitCount)", "-keyout",
            place + "/private/cakey.pem", "-out", place + "/careq.pem",
        ])
        chmod(place + "/private/cakey.pem", 0o700)
        try openSSL.run([
            "ca", "-config", configuration, "-out", place + "/cacert.pem", "-days", Self.days,
            "-batch", "-keyfile", place + "/private/cakey.pem", "-selfsign", "-extensions",
            "v3_ca", "-infiles", place + "/careq.pem",
        ])
        try checkMade(place + "/cacert.pem")
    }

    func request(_ name: String) throws {
        let (key, request) = (name + "-privkey.pem", name + "-req.pem")
        try checkAbsent(key)
        try checkAbsent(request)
        let mask = umask(0o077)
        if usesDSA {
            try checkPresent(parameters)
            try openSSL.run(["gendsa", "-out", key, parameters])
        } else {
            try openSSL.run(["genrsa", "-out", key, String(bitCount)])
        }
        umask(mask)
        let configuration = try TemporaryFile(try requestConfiguration(name)).path
        defer { unlink(configuration) }
        try openSSL.run([
            "req", "-config", configuration, "-new", "-text", "-key", key, "-out", request,
        ])
    }

    func sign(_ name: String, _ kind: Kind) throws {
        let (request, certificate) = (name + "-req.pem", name + "-cert.pem")
        try checkDirectory()
        try printFingerprint(of: request)
        try checkAbsent(certificate)
        if !asksNothing { try confirm() }
        try issue(request, certificate, kind)
    }

    func requestAndSign(_ name: String, _ kind: Kind) throws {
        try checkDirectory()
        try checkAbsent(name + "-cert.pem")
        try request(name)
        try issue(name + "-req.pem", name + "-cert.pem", kind)
        try printFingerprint(of: name + "-req.pem")
    }

    private func issue(_ request: String, _ certificate: String, _ kind: Kind) throws {
        try openSSL.run([
            "ca", "-config", path(kind) + "/ca.cnf", "-batch", "-days", Self.days, "-in", request,
            "-out", certificate,
        ])
        try checkMade(certificate)
    }

    /// `openssl ca` also ends well when it has signed nothing.
    private func checkMade(_ path: String) throws {
        guard Self.exists(path) else {
            throw ProgramError("openssl ca made no \(path); \(openSSL.logPath) says why")
        }
    }

    private func confirm() throws {
        Program.printOutput("Does fingerprint match? (yes/no)\n")
        let words = (readLine() ?? "").split(separator: " ")
        guard words == ["yes"] else {
            Program.printError("Match failure, aborting")
            throw ProgramError(status: 1)
        }
    }

    func verify(_ name: String, _ kind: Kind) throws {
        let certificate = name + "-cert.pem"
        try checkDirectory()
        try checkPresent(certificate)
        let status = try openSSL.runVisibly([
            "verify", "-CAfile", path(kind) + "/cacert.pem", certificate,
        ])
        if status != 0 { throw ProgramError(status: status) }
    }

    func selfSign(_ name: String) throws {
        let (request, key, certificate) = (
            name + "-req.pem", name + "-privkey.pem", name + "-cert.pem"
        )
        try checkPresent(request)
        try checkPresent(key)
        try checkAbsent(certificate)
        let extensions = try TemporaryFile("subjectAltName = DNS:\(name)\n").path
        defer { unlink(extensions) }
        try openSSL.run([
            "x509", "-req", "-text", "-days", Self.days, "-in", request, "-signkey", key,
            "-extfile",
            extensions, "-out", certificate,
        ])
    }

    /// Prints when a file was made, and its digest: of a certificate in its binary form, so that
    /// the text around it does not matter.
    func printFingerprint(of file: String) throws {
        var status = stat()
        guard stat(file, &status) == 0, let contents = SmallFile.contents(of: file) else {
            throw ProgramError("\(file): \(String(cString: strerror(errno)))")
        }
        var fields = tm()
        localtime_r(&status.st_mtim.tv_sec, &fields)
        var room = [CChar](repeating: 0, count: 64)
        let count = strftime(&room, room.count, "%a %b %e %H:%M:%S %Z %Y", &fields)
        let date = String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let digest: String
        if contents.contains("-----BEGIN CERTIFICATE-----") {
            let line = try openSSL.output([
                "x509", "-noout", "-in", file, "-fingerprint", "-sha1",
            ])
            digest = line.drop { $0 != "=" }.filter(\.isHexDigit)
        } else {
            digest = String(
                try openSSL.output(["dgst", "-sha1", "-r", file]).prefix { $0 != " " })
        }
        Program.printOutput("\(file)\t\(date)\n\tfingerprint \(digest)\n")
    }

    // MARK: Files

    private static func makeDirectory(_ path: String, _ mode: mode_t) throws {
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw ProgramError("\(path): mkdir failed (\(String(cString: strerror(errno))))")
        }
    }

    private func absolute(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private func authorityConfiguration(_ kind: Kind, _ place: String) -> String {
        var now = time(nil)
        var fields = tm()
        gmtime_r(&now, &fields)
        var room = [CChar](repeating: 0, count: 64)
        let count = strftime(&room, room.count, "%Y %b %d %H:%M:%S", &fields)
        let date = String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return """
            [ req ]
            prompt = no
            distinguished_name = name
            default_md = \(digest)

            [ name ]
            C = US
            ST = CA
            O = Open vSwitch
            OU = \(kind.directory)
            CN = OVS \(kind.directory) CA Certificate (\(date))

            [ ca ]
            default_ca = this_ca

            [ this_ca ]
            dir = \(place)
            database = $dir/index.txt
            new_certs_dir = $dir/newcerts
            certificate = $dir/cacert.pem
            private_key = $dir/private/cakey.pem
            serial = $dir/serial
            crlnumber = $dir/crlnumber
            default_days = \(Self.days)
            default_md = \(digest)
            unique_subject = no
            policy = anything
            x509_extensions = usr_cert
            copy_extensions = copy

            [ anything ]
            countryName = optional
            stateOrProvinceName = optional
            organizationName = match
            organizationalUnitName = optional
            commonName = supplied
            emailAddress = optional

            [ v3_ca ]
            basicConstraints = CA:true
            subjectKeyIdentifier = hash

            [ usr_cert ]
            basicConstraints = CA:false
            subjectKeyIdentifier = hash

            """
    }

    private func requestConfiguration(_ name: String) throws -> String {
        var commonName = name
        if !isUnique {
            guard let id = SmallFile.contents(of: "/proc/sys/kernel/random/uuid") else {
                throw ProgramError("/proc/sys/kernel/random/uuid cannot be read")
            }
            commonName += " id:" + id.filter { $0 != "\n" }
        }
        return """
            [ req ]
            prompt = no
            distinguished_name = name
            req_extensions = names
            default_md = \(digest)

            [ name ]
            C = US
            ST = CA
            L = Palo Alto
            O = Open vSwitch
            OU = Open vSwitch certifier
            CN = \(commonName)

            [ names ]
            subjectAltName = DNS:\(name)

            """
    }
}
