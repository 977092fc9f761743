import ControlCommands
import Daemon
import Glibc
import Transport

/// The global options of `ovs-vsctl`.
struct VsctlOptions {
    /// What to do instead of running commands.
    enum Information {
        case help
        case version
        case commands
        case options
    }

    /// A socket in the run directory.
    static let defaultDatabase = "unix:db.sock"

    var database = defaultDatabase
    var waits = true
    var isDryRun = false
    var isOneLine = false
    var retries = false
    var timeout: UInt32?
    var style = TableStyle()
    var information: Information?
    /// Options of the first command that stood among the global ones.
    var leading: [String: String] = [:]
    var operands: [String] = []

    static let global =
        [
            Daemon.CommandOption("db", nil, .required), CommandOption("no-syslog"),
            CommandOption("no-wait"), CommandOption("dry-run"), CommandOption("oneline"),
            CommandOption("timeout", "t", .required), CommandOption("retry"),
            CommandOption("help", "h"), CommandOption("commands"), CommandOption("options"),
            CommandOption("leader-only"), CommandOption("no-leader-only"),
            CommandOption("shuffle-remotes"), CommandOption("no-shuffle-remotes"),
            CommandOption("version", "V"),
        ] + CommonOptions.logging + TableStyle.options + CommonOptions.tls

    /// The options of commands, which the first one may have among the global ones.
    private static var local: [CommandOption] {
        var seen: Set<String> = []
        return CommandSyntax.all.flatMap(\.options).compactMap { option in
            guard seen.insert(option.name).inserted else { return nil }
            return CommandOption(
                String(option.name.dropFirst(2)), nil, option.takesArgument ? .required : .none)
        }
    }

    init(_ arguments: [String]) throws {
        let local = Self.local
        if let text = getenv("OVS_CTL_TIMEOUT") { timeout = UInt32(String(cString: text)) }
        var parser = OptionParser(
            arguments, options: Self.global + local, order: .beforeOperands)
        while let option = try parser.nextOption() {
            if local.contains(where: { $0.name == option.name }) {
                // The first one counts, as for Open vSwitch.
                if leading["--" + option.name] == nil {
                    leading["--" + option.name] = option.value ?? ""
                }
            } else {
                try take(option)
                if information != nil { return }
            }
        }
        operands = parser.operands
    }

    private mutating func take(_ option: OptionParser.Found) throws {
        let value = option.value ?? ""
        switch option.name {
        case "db": database = value
        case "no-syslog": LogSystem.shared.setLevel(.warning, at: .syslog)
        case "no-wait": waits = false
        case "dry-run": isDryRun = true
        case "oneline": isOneLine = true
        case "retry": retries = true
        case "help": information = .help
        case "commands": information = .commands
        case "options": information = .options
        case "version": information = .version
        case "timeout":
            guard let seconds = UInt32(value), seconds > 0 else {
                throw ProgramError("value \(value) on -t or --timeout is invalid")
            }
            timeout = seconds
        case "leader-only", "no-leader-only", "shuffle-remotes", "no-shuffle-remotes":
            // They choose among servers of a cluster, and there is one server here.
            break
        case "verbose", "log-file", "syslog-method", "syslog-target":
            try CommonOptions.handleLogging(option)
        default:
            if !CommonOptions.handleTLS(option) { try style.take(option) }
        }
    }
}
