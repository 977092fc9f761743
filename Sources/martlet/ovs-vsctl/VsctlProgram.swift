import ControlCommands
import Daemon
import Glibc
import JSONRPC
import OVSDBModel
import Transport

/// `ovs-vsctl`: reads and changes the configuration of a switch.
enum VsctlProgram {
    static let name = "ovs-vsctl"

    static func run(_ arguments: [String]) -> Int32 {
        var status: Int32 = 0
        let failure = Program.run(name) { status = try execute(arguments) }
        return failure == 0 ? status : failure
    }

    private static func execute(_ arguments: [String]) throws -> Int32 {
        LogSystem.shared.start(program: name)
        LogSystem.shared.setLevel(.warning, at: .console)
        LogModule("reconnect").setLevel(.warning)
        let options = try VsctlOptions(arguments)
        if let information = options.information {
            Program.printOutput(text(of: information))
            return 0
        }
        let commands = try Command.parse(options.operands, leading: options.leading)
        let session = try VsctlSession(options, commands, arguments: arguments)
        return try session.execute()
    }

    private static func text(of information: VsctlOptions.Information) -> String {
        switch information {
        case .help: VsctlHelp.text
        case .version:
            ProgramVersion.text(
                for: name, further: ["DB Schema \(OpenVSwitchSchema.schema.version)"])
        case .commands:
            CommandSyntax.all.map { $0.completionLine + "\n" }.joined()
        case .options: list(VsctlOptions.global)
        }
    }

    /// The options for shells; unlike other programs this one says of each argument, optional or
    /// not, that it is there.
    private static func list(_ options: [Daemon.CommandOption]) -> String {
        options.map { option in
            let hasArgument = option.argument != .none
            let letter = option.letter.map { "-\($0)\(hasArgument ? " ARG" : "")\n" } ?? ""
            return "--\(option.name)\(hasArgument ? "=ARG" : "")\n" + letter
        }.joined()
    }
}
