import Glibc
import JSONRPC
import OVSDBModel
import TestSupport
import Testing

/// A database server in a directory of its own, which can go away and come back.
final class ServerProcess {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case martlet, genuine

        var testDescription: String { rawValue }

        fileprivate func program(_ name: String) -> [String] {
            switch self {
            case .martlet: [Subprocess.built("martlet"), name]
            case .genuine: [name]
            }
        }
    }

    /// The kinds that this machine has; prints what is missing.
    static let available: [Kind] = {
        guard Subprocess.find("ovsdb-server") != nil, Subprocess.find("ovsdb-tool") != nil else {
            print("skipped: ovsdb-server is not installed, so only Martlet's own is tested")
            return [.martlet]
        }
        return Kind.allCases
    }()

    private let directory = TemporaryDirectory()
    private let kind: Kind

    var socket: String { "unix:" + directory("db.sock") }

    init(_ kind: Kind) {
        self.kind = kind
        directory.write(OpenVSwitchSchema.schema.json.text, to: "schema")
        run("ovsdb-tool", ["create", directory("conf.db"), directory("schema")])
        start()
    }

    deinit { stop() }

    func start() {
        run(
            "ovsdb-server",
            [
                directory("conf.db"), "--remote=p" + socket, "--detach", "--no-chdir",
                "--pidfile=" + directory("pid"), "--log-file=" + directory("log"),
                "--unixctl=" + directory("ctl"),
            ])
    }

    private func run(_ program: String, _ arguments: [String]) {
        let variables = ["RUN", "DB", "LOG", "SYSCONF"].map { ("OVS_\($0)DIR", directory.path) }
        let result = Subprocess.run(
            kind.program(program) + arguments,
            environment: Dictionary(uniqueKeysWithValues: variables))
        #expect(result.status == 0, "\(program): \(result.error)")
    }

    /// Ends the server and waits for its end.
    func stop() {
        guard let text = directory.contents(of: "pid"),
            let process = Int32(text.prefix { $0.isNumber })
        else { return }
        // Genuine daemons keep the signals blocked that the threads of tests block.
        kill(process, SIGKILL)
        while kill(process, 0) == 0, !isZombie(process) { sched_yield() }
        unlink(directory("pid"))
    }

    private func isZombie(_ process: Int32) -> Bool {
        (try? readFile("/proc/\(process)/stat"))?.contains(") Z ") ?? true
    }
}
