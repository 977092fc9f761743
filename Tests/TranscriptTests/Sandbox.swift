import Glibc
import TestSupport

/// Whose programs a transcript is asked of.
enum Subject: Sendable {
    /// Open vSwitch as the distribution's packages install it.
    case genuine
    /// Martlet's daemons and Martlet's tools.
    case martlet
    /// Martlet's daemons and the distribution's tools.
    case martletWithGenuineTools

    /// The names by which Martlet is called here; other programs come from the system.
    var links: [String] {
        switch self {
        case .genuine: []
        case .martlet:
            [
                "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl",
                "ovs-dpctl", "ovsdb-client", "ovsdb-tool", "ovs-testcontroller", "ovs-pki",
            ]
        case .martletWithGenuineTools: ["ovsdb-server", "ovs-vswitchd"]
        }
    }

    /// Whether the programs are there.
    var isInstalled: Bool {
        switch self {
        case .genuine: access("/usr/sbin/ovs-vswitchd", X_OK) == 0
        case .martlet: access(martletPath(), X_OK) == 0
        case .martletWithGenuineTools:
            Subject.genuine.isInstalled && Subject.martlet.isInstalled
        }
    }
}

/// A fresh directory with a database server and a switch in dummy mode, for one transcript.
///
/// Both run on sockets of this directory alone and are ended by the process ids that they left
/// there.
final class Sandbox {
    let shell: Shell

    init(_ subject: Subject, switchOptions: String) throws {
        let directory = try makeTemporaryDirectory("martlet-transcript")
        shell = Shell(directory: directory, environment: Self.environment(directory))
        let links = directory + "/bin"
        mkdir(links, 0o700)
        for name in subject.links {
            symlink(martletPath(), links + "/" + name)
        }
        let result = try shell.run(Self.start + " " + switchOptions)
        guard result.status == 0 else {
            let logs = try shell.run("tail -n 20 *.log").output
            throw TranscriptError("the daemons do not start:\n\(result.output)\(logs)")
        }
    }

    deinit {
        end()
    }

    private static func environment(_ directory: String) -> [String] {
        [
            "PATH=\(directory)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "OVS_RUNDIR=\(directory)", "OVS_DBDIR=\(directory)", "OVS_LOGDIR=\(directory)",
            "OVS_SYSCONFDIR=\(directory)", "HOME=\(directory)", "LC_ALL=C", "TZ=UTC", "COLUMNS=80",
            "D=\(directory)",
        ]
    }

    /// Each daemon detaches when it is ready, so nothing is waited for here.
    private static let start = """
        set -e
        ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
        ovsdb-server --detach --no-chdir --pidfile --log-file -vconsole:off \
            --remote=punix:$D/db.sock conf.db
        ovs-vsctl --no-wait init
        ovs-vswitchd --detach --no-chdir --pidfile --log-file -vconsole:off \
            unix:$D/db.sock
        """

    /// Runs one command and returns the lines that it showed, masked, with its status if not 0.
    func lines(of step: Transcript.Step, masks: [Mask]) throws -> [String] {
        let result = try shell.run(step.command.joined(separator: "\n"))
        var text = result.output.replacing(shell.directory, with: "<dir>")
        for mask in masks {
            text = try mask.apply(to: text)
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" {
            lines.removeLast()
        }
        if result.status != 0 {
            lines.append("[exit \(result.status)]")
        }
        return lines
    }

    private func end() {
        let directory = shell.directory
        for name in namesInDirectory(directory) where name.hasSuffix(".pid") {
            let digits = (try? readFile(directory + "/" + name))?.prefix { $0.isNumber } ?? ""
            if let pid = pid_t(digits), pid > 1 {
                kill(pid, SIGKILL)
            }
        }
        _ = try? shell.run("rm -rf -- \"$D\"")
    }
}
