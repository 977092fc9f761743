import Glibc
import TestSupport

/// A database server and a switch, each genuine or of this package, in a directory of their own,
/// with keys that two authorities have signed.
final class TLSDeployment {
    /// Whose program is run.
    enum Make: String, CaseIterable, CustomStringConvertible {
        case genuine
        case martlet

        var description: String { rawValue }

        func command(_ program: String) -> [String] {
            self == .genuine ? [program] : [Subprocess.built("martlet"), program]
        }
    }

    /// Whether all that is needed is there; prints what is missing.
    static let isAvailable: Bool = {
        guard Certificates.isAvailable, Deployment.isAvailable else { return false }
        guard Subprocess.find("ovs-vswitchd") == nil else { return true }
        print("skipped: ovs-vswitchd is not installed")
        return false
    }()

    let certificates = Certificates()
    let authority: String
    private let directory = TemporaryDirectory()
    private var daemons: [String] = []

    init() {
        authority = certificates.makeAuthority("ca")
        certificates.makeAuthority("other")
    }

    deinit {
        for name in daemons.reversed() { end(name) }
    }

    private var environment: [String: String] {
        Dictionary(
            uniqueKeysWithValues: ["RUN", "DB", "LOG", "SYSCONF"].map {
                ("OVS_\($0)DIR", directory.path)
            })
    }

    /// The options for a party's files.
    func keys(_ name: String, by signer: String = "ca", trusting: String? = nil) -> [String] {
        let party = certificates.makeParty(name, by: signer)
        return [
            "--private-key=" + party.key, "--certificate=" + party.certificate,
            "--ca-cert=" + (trusting ?? authority),
        ]
    }

    // MARK: Programs

    func run(_ make: Make, _ program: String, _ arguments: [String]) -> ProgramResult {
        Subprocess.run(make.command(program) + arguments, environment: environment)
    }

    /// Runs `ovs-vsctl` of this package on the database's socket; returns what it printed.
    @discardableResult
    func vsctl(_ words: String) -> String {
        let arguments = words.split(separator: " ").map(String.init)
        let result = run(.martlet, "ovs-vsctl", ["--timeout=30"] + arguments)
        return (result.error + result.output).filter { $0 != "\n" }
    }

    private func start(_ make: Make, _ program: String, _ arguments: [String]) {
        daemons.append(program)
        let result = run(
            make, program,
            arguments + [
                "--detach", "--no-chdir", "--pidfile=\(directory("\(program).pid"))",
                "--log-file=\(directory("\(program).log"))", "-vconsole:off",
                "--unixctl=\(directory("\(program).ctl"))",
            ])
        precondition(result.status == 0, "\(program): \(result.error)")
    }

    private func end(_ program: String) {
        guard let text = directory.contents(of: "\(program).pid"),
            let process = Int32(text.prefix { $0.isNumber })
        else { return }
        kill(process, SIGKILL)
    }

    /// Starts a database server with one row of Open_vSwitch, whose managers it serves.
    func startDatabase(_ make: Make, schema: String? = nil, _ options: [String]) {
        let path = schema ?? "/usr/share/openvswitch/vswitch.ovsschema"
        let result = run(.martlet, "ovsdb-tool", ["create", directory("conf.db"), path])
        precondition(result.status == 0, result.error)
        start(
            make, "ovsdb-server",
            [directory("conf.db"), "--remote=punix:\(directory("db.sock"))"] + options)
        if schema == nil { vsctl("--no-wait init") }
    }

    func startSwitch(_ make: Make) {
        start(
            make, "ovs-vswitchd",
            ["unix:\(directory("db.sock"))", "--enable-dummy=override", "--disable-system"])
    }

    /// Starts `ovs-testcontroller` on some remotes.
    func startController(_ make: Make, _ options: [String]) {
        start(make, "ovs-testcontroller", options)
    }

    /// A TCP port of loopback that nobody has now: the daemons do not tell which one they chose.
    static func freePort() -> Int {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(descriptor, $0, size) == 0, getsockname(descriptor, $0, &size) == 0
                else { return 0 }
                return Int(UInt16(bigEndian: pointer.pointee.sin_port))
            }
        }
    }

    func write(_ text: String, to name: String) -> String {
        directory.write(text, to: name)
        return directory(name)
    }

    var socket: String { "unix:" + directory("db.sock") }
    func path(_ name: String) -> String { directory(name) }
    func contents(of name: String) -> String { directory.contents(of: name) ?? "" }

    /// The port on which the server listens for TLS, once it has told.
    func managerPort(_ target: String = "pssl:0:127.0.0.1") -> String {
        vsctl("--no-wait wait-until manager \(target) status:bound_port!=0")
        return vsctl("--no-wait get manager \(target) status:bound_port").filter(\.isNumber)
    }
}
