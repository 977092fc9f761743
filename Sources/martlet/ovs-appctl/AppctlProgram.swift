import Daemon
import Glibc

/// `ovs-appctl`: sends a command to a running daemon, and prints its reply.
enum AppctlProgram {
    static let name = "ovs-appctl"

    static let options =
        [
            CommandOption("target", "t", .required), CommandOption("execute", "e"),
            CommandOption("help", "h"), CommandOption("option", "o"),
            CommandOption("version", "V"), CommandOption("timeout", "T", .required),
        ] + CommonOptions.logging

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try send(arguments) }
    }

    private static func send(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        var target = "ovs-vswitchd"
        var parser = OptionParser(arguments, options: options, order: .beforeOperands)
        while let option = try parser.nextOption() {
            let value = option.value ?? ""
            switch option.name {
            case "target": target = value
            case "execute": break
            case "help": return Program.printOutput(help)
            case "option": return Program.printOutput(CommonOptions.list(options))
            case "version": return Program.printOutput(ProgramVersion.text(for: name))
            case "timeout":
                guard let seconds = UInt32(value), seconds > 0 else {
                    throw ProgramError("value \(value) on -T or --timeout is invalid")
                }
                alarm(seconds)
            default: try CommonOptions.handleLogging(option)
            }
        }
        guard let command = parser.operands.first else {
            throw ProgramError(
                "at least one non-option argument is required (use --help for help)")
        }
        let client = try ControlClient(target: target)
        switch try client.execute(command, Array(parser.operands.dropFirst())) {
        case .success(let text):
            Program.printOutput(text)
        case .failure(let error):
            Program.printError(error.terminatedText)
            throw ProgramError("\(target): server returned an error", status: 2)
        }
    }

    static let help = """
        ovs-appctl, for querying and controlling daemons of Open vSwitch
        usage: ovs-appctl [TARGET] COMMAND [ARG...]
        Targets:
          -t, --target=TARGET  pidfile or socket to contact
        Common commands:
          list-commands      List commands supported by the target
          version            Print version of the target
          vlog/list          List current logging levels
          vlog/list-pattern  List logging patterns for each destination.
          vlog/set [SPEC]
              Set log levels as detailed in SPEC, which may include:
              A valid module name (all modules, by default)
              'syslog', 'console', 'file' (all destinations, by default))
              'off', 'emer', 'err', 'warn', 'info', or 'dbg' ('dbg', by default)
          vlog/reopen        Make the program reopen its log file
        Other options:
          --timeout=SECS     wait at most SECS seconds for a response
          -h, --help         Print this helpful information
          -V, --version      Display ovs-appctl version information

        """
}
