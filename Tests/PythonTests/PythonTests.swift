import Glibc
import TestSupport
import Testing

/// What Python's client libraries do with a database server: `ovs`, which Debian and PyPI have, and
/// `ovsdbapp`, by which OpenStack asks for everything and whose fixture starts the programs itself.
///
/// The scripts print a line for each step. They run against the genuine programs too, since a
/// script that those fail is wrong.
@Suite(.enabled(if: access(martletPath(), X_OK) == 0, "the program martlet is not built"))
struct PythonTests {
    /// Whose programs come first in PATH.
    enum Subject: String, CaseIterable, Sendable { case genuine, martlet }

    /// Where `Scripts/check` puts what comes from PyPI.
    private static let environmentPath = packageRoot() + "/.build/ovsdbapp/bin/python"
    private static let systemPath = "/usr/bin/python3"

    static let hasOVS = imports("ovs.db.idl", systemPath)
    static let hasOVSDBApp = imports("ovsdbapp.venv", environmentPath)

    private static func imports(_ module: String, _ python: String) -> Bool {
        access(python, X_OK) == 0
            && access("/usr/sbin/ovsdb-server", X_OK) == 0
            && TestSupport.run([python, "-W", "ignore", "-c", "import \(module)"]).succeeded
    }

    @Test(
        .enabled(
            if: hasOVS, "python3-openvswitch and openvswitch-switch are not installed"),
        arguments: Subject.allCases)
    func `Debian's library works with the server`(subject: Subject) throws {
        let output = try Self.serve(subject, Self.systemPath + " $SCRIPTS/workflow.py")
        try Self.expectSteps(20, output)
    }

    @Test(
        .enabled(if: hasOVSDBApp, "ovsdbapp is not in .build; Scripts/check puts it there"),
        arguments: Subject.allCases)
    func `PyPI's library works with the server`(subject: Subject) throws {
        let output = try Self.serve(
            subject, Self.environmentPath + " $SCRIPTS/workflow.py --persist-uuid")
        try Self.expectSteps(20, output)
    }

    @Test(
        .enabled(if: hasOVSDBApp, "ovsdbapp is not in .build; Scripts/check puts it there"),
        arguments: Subject.allCases)
    func `ovsdbapp's fixture starts the programs and its commands work`(
        subject: Subject
    ) throws {
        let output = try Self.run(
            subject, Self.environmentPath + " $SCRIPTS/ovsdbapp_commands.py")
        try Self.expectSteps(30, output)
    }

    private static func expectSteps(_ count: Int, _ output: String) throws {
        let lines = output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("ok ") }, "\(output)")
        #expect(lines.count == count, "\(output)")
    }

    private static let links = [
        "ovsdb-server", "ovsdb-tool", "ovsdb-client", "ovs-vsctl", "ovs-vswitchd",
    ]

    /// Runs a command beside a database server.
    private static func serve(_ subject: Subject, _ command: String) throws -> String {
        let start = """
            ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema &&
            ovsdb-server --detach --no-chdir --pidfile -vconsole:off --log-file \
                --remote=punix:$OVS_RUNDIR/db.sock conf.db &&
            ovs-vsctl --no-wait init &&
            """
        return try run(subject, start + " " + command)
    }

    /// Runs a command in a directory of its own, and ends what it may leave running.
    private static func run(_ subject: Subject, _ command: String) throws -> String {
        let directory = TemporaryDirectory()
        var path = "/usr/sbin:/usr/bin:/sbin:/bin"
        if subject == .martlet {
            mkdir(directory("bin"), 0o700)
            for name in links {
                symlink(martletPath(), directory("bin/" + name))
            }
            path = directory("bin") + ":" + path
        }
        let directories = ["RUN", "DB", "LOG", "SYSCONF"].map {
            "OVS_\($0)DIR=\(directory.path)"
        }
        let shell = Shell(
            directory: directory.path,
            environment: directories + [
                "PATH=\(path)", "SCRIPTS=\(packageRoot())/Tests/PythonTests/Scripts",
                "HOME=\(directory.path)", "LC_ALL=C.UTF-8", "PYTHONWARNINGS=ignore",
                "PYTHONDONTWRITEBYTECODE=1",
            ], limit: secondsAtMost)
        // The directory goes when nobody holds it, and with it what says which programs to end.
        defer { withExtendedLifetime(directory) { end(below: directory.path) } }
        return try shell.run(command).output
    }

    /// Far more than a loaded machine needs.
    private static let secondsAtMost = 120

    private static func end(below directory: String) {
        for name in filesBelow(directory, suffix: ".pid") {
            let digits = (try? readFile(directory + "/" + name))?.prefix { $0.isNumber } ?? ""
            if let pid = pid_t(digits), pid > 1 { kill(pid, SIGKILL) }
        }
    }
}
