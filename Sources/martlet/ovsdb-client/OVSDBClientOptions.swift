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
    var timeout: Duration?
    var isHelp = false
    var isVersion = false
    var listsCommands = false
    var listsOptions = false
    var operands: [String] = []
    /// What `monitor` becomes with `--detach`.
    let daemon = DaemonProcess(program: OVSDBClientProgram.name)

    static let all =
        [
            Daemon.CommandOption("help", "h"), CommandOption("version", "V"),
            CommandOption("timeout", "t", .required), CommandOption("timestamp"),
            CommandOption("options"), CommandOption("commands"), CommandOption("force"),
            CommandOption("leader-only"), CommandOption("no-leader-only"),
        ] + TableStyle.options + CommonOptions.daemon + CommonOptions.logging + CommonOptions.tls

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
            case "options": listsOptions = true
            case "commands": listsCommands = true
            case "timestamp": hasTimestamps = true
            case "timeout":
                guard let seconds = UInt32(value), seconds > 0 else {
                    throw ProgramError("value \(value) on -t or --timeout is invalid")
                }
                timeout = .seconds(Int(seconds))
            case "force": isForced = true
            case "leader-only", "no-leader-only": break
            case "verbose", "log-file", "syslog-method", "syslog-target":
                try CommonOptions.handleLogging(option)
            case "unixctl": throw ProgramError("--unixctl is not supported")
            case _ where CommonOptions.daemon.contains { $0.name == option.name }:
                try daemon.handle(option)
            default: try style.take(option)
            }
            if isHelp || isVersion || listsOptions || listsCommands { return }
        }
        operands = parser.operands
    }
}
