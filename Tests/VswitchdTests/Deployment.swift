import Glibc
import TestSupport

/// Genuine database server and tools, with this package's switch, in a directory of their own.
final class Deployment {
    private let directory = TemporaryDirectory()
    private let prefix: [String]
    private var daemons: Set<String> = []

    /// Whether the genuine programs are there; prints what is missing.
    static let isAvailable: Bool = {
        for name in ["ovsdb-server", "ovsdb-tool", "ovs-vsctl"]
        where Subprocess.find(name) == nil {
            print("skipped: \(name) is not installed")
            return false
        }
        return true
    }()

    /// - Parameter namespace: where the switch runs.
    init(namespace: NetworkNamespace? = nil) {
        prefix = namespace.map { ["ip", "netns", "exec", $0.name] } ?? []
        let schema = "/usr/share/openvswitch/vswitch.ovsschema"
        expectSuccess(["ovsdb-tool", "create", directory("conf.db"), schema])
        startDatabase()
        vsctl("--no-wait init")
    }

    deinit {
        // Genuine daemons keep the signals blocked that the threads of tests block.
        for daemon in daemons { kill(daemon, SIGKILL) }
    }

    private var environment: [String: String] {
        Dictionary(
            uniqueKeysWithValues: ["RUN", "DB", "LOG", "SYSCONF"].map {
                ("OVS_\($0)DIR", directory.path)
            })
    }

    func startDatabase() {
        start(
            "ovsdb-server",
            ["ovsdb-server", directory("conf.db"), "--remote=punix:\(directory("db.sock"))"])
    }

    /// - Parameter name: what its files are called.
    func startSwitch(_ options: String..., name: String = "ovs-vswitchd") {
        let martlet = Subprocess.built("martlet")
        start(
            name,
            prefix + [martlet, "ovs-vswitchd", "unix:\(directory("db.sock"))"] + options)
    }

    private func start(_ name: String, _ command: [String]) {
        daemons.insert(name)
        expectSuccess(
            command + [
                "--detach", "--no-chdir", "--pidfile=\(directory("\(name).pid"))",
                "--log-file=\(directory("\(name).log"))",
                "--unixctl=\(directory("\(name).ctl"))",
            ])
    }

    /// Ends a daemon and waits for its end.
    func kill(_ name: String, _ signal: Int32) {
        guard let text = directory.contents(of: "\(name).pid"),
            let process = Int32(text.prefix { $0.isNumber })
        else { return }
        Glibc.kill(process, signal)
        while Glibc.kill(process, 0) == 0, !isZombie(process) { sched_yield() }
        unlink(directory("\(name).pid"))
    }

    private func isZombie(_ process: Int32) -> Bool {
        (try? readFile("/proc/\(process)/stat"))?.contains(") Z ") ?? true
    }

    func log(of name: String) -> String { directory.contents(of: "\(name).log") ?? "" }

    /// Runs `ovs-vsctl` with words between spaces, and returns what it printed, its errors first.
    @discardableResult
    func vsctl(_ words: String) -> String {
        let arguments = words.split(separator: " ").map(String.init)
        let result = Subprocess.run(
            ["ovs-vsctl", "--timeout=300"] + arguments, environment: environment)
        return result.error + result.output.trimmingNewline
    }

    /// What genuine `ovs-ofctl` prints of the switch.
    func ofctl(_ words: String) -> String {
        let arguments = words.split(separator: " ").map(String.init)
        let result = Subprocess.run(["ovs-ofctl"] + arguments, environment: environment)
        return result.error + result.output
    }

    /// Gives the switch a control command, and returns the answer.
    func appctl(_ words: String) -> String {
        let arguments = words.split(separator: " ").map(String.init)
        let result = Subprocess.run(
            ["ovs-appctl", "-t", directory("ovs-vswitchd.ctl")] + arguments,
            environment: environment)
        return result.error + result.output
    }

    /// Starts genuine `ovs-ofctl monitor` on a bridge, which ``monitor(_:)`` gives commands.
    func startMonitor(_ bridge: String) {
        daemons.insert("monitor")
        let command =
            "ovs-ofctl -O OpenFlow13 monitor \(bridge) 65534 --detach --no-chdir "
            + "--pidfile=monitor.pid --unixctl=\(directory("monitor.ctl")) 2>monitor.log"
        expectSuccess(["sh", "-c", "cd \(directory.path) && \(command)"])
    }

    /// Gives the monitor a command, and returns all that it has printed so far.
    func monitor(_ words: String) -> String {
        let arguments = words.split(separator: " ").map(String.init)
        expectSuccess(["ovs-appctl", "-t", directory("monitor.ctl")] + arguments)
        return log(of: "monitor")
    }

    /// The columns of the row of a name, without blanks at their ends.
    func columns(_ table: String, _ name: String, _ columns: String...) -> [String] {
        columns.map { vsctl("get \(table) \(name) \($0)") }
    }

    private func expectSuccess(_ command: [String]) {
        let result = Subprocess.run(command, environment: environment)
        precondition(result.status == 0, "\(command): \(result.error)")
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
