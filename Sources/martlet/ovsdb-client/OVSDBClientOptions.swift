import ControlCommands
import Daemon
import Glibc
import Transport

/// The command line of `ovsdb-client`.
struct OVSDBClientOptions {
    var style = TableStyle(format: .table)
    var hasTimestamps = false
    /// Whether `restore` may have another schema.
    var isForced = false
    /// Whether one server of several is good enough only if it leads its cluster.
    var wantsLeader = true
    /// Whether a monitor is told when its database goes, instead of losing the connection.
    var isAwareOfDatabaseChanges = true
    var timeout: Duration?
    var isHelp = false
    var isVersion = false
    var operands: [String] = []
    /// What `monitor` becomes with `--detach`.
    let daemon = DaemonProcess(program: OVSDBClientProgram.name)

    /// The control socket of this program has no other place than the usual one.
    private static let daemonOptions = CommonOptions.daemon.filter { $0.name != "unixctl" }

    static let all =
        [
            Daemon.CommandOption("help", "h"), CommandOption("version", "V"),
            CommandOption("timeout", "t", .required), CommandOption("timestamp"),
            CommandOption("force"), CommandOption("db-change-aware"),
            CommandOption("no-db-change-aware"), CommandOption("leader-only"),
            CommandOption("no-leader-only"),
        ] + daemonOptions + TableStyle.options + CommonOptions.logging + CommonOptions.tls

    init(_ arguments: [String]) throws {
        if let text = getenv("OVS_CTL_TIMEOUT"), let seconds = UInt32(String(cString: text)) {
            timeout = .seconds(Int(seconds))
        }
        var parser = OptionParser(arguments, options: Self.all)
        while let option = try parser.nextOption() {
            let value = option.value ?? ""
            switch option.name {
            case "help": isHelp = true
            case "version": isVersion = true
            case "timestamp": hasTimestamps = true
            case "timeout":
                guard let seconds = UInt32(value), seconds > 0 else {
                    throw ProgramError("value \(value) on -t or --timeout is invalid")
                }
                timeout = .seconds(Int(seconds))
            case "force": isForced = true
            case "db-change-aware": isAwareOfDatabaseChanges = true
            case "no-db-change-aware": isAwareOfDatabaseChanges = false
            case "leader-only": wantsLeader = true
            case "no-leader-only": wantsLeader = false
            case "verbose", "log-file", "syslog-method", "syslog-target":
                try CommonOptions.handleLogging(option)
            case _ where CommonOptions.daemon.contains { $0.name == option.name }:
                try daemon.handle(option)
            default: if !CommonOptions.handleTLS(option) { try style.take(option) }
            }
            if isHelp || isVersion { return }
        }
        operands = parser.operands
    }
}
