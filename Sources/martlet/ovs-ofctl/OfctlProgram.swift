import CLinux
import Daemon
import FlowSyntax
import Glibc
import OpenFlow

/// `ovs-ofctl`: asks and changes an OpenFlow switch.
enum OfctlProgram {
    static let name = "ovs-ofctl"

    /// A command with how many arguments it takes.
    struct Command {
        let name: String
        let arguments: ClosedRange<Int>
        var writes = false
        let run: (OfctlContext) throws -> Void
    }

    static var commands: [Command] {
        flowCommands + groupCommands + tableCommands + otherCommands + codecCommands
    }

    private static var groupCommands: [Command] {
        [
            Command(name: "add-group", arguments: 1...2, writes: true, run: GroupCommands.add),
            Command(
                name: "add-groups", arguments: 1...2, writes: true, run: GroupCommands.addFile),
            Command(name: "mod-group", arguments: 1...2, writes: true, run: GroupCommands.modify),
            Command(name: "del-groups", arguments: 1...2, writes: true, run: GroupCommands.delete),
            Command(
                name: "insert-buckets", arguments: 1...2, writes: true,
                run: GroupCommands.insertBuckets),
            Command(
                name: "remove-buckets", arguments: 1...2, writes: true,
                run: GroupCommands.removeBuckets),
            Command(name: "dump-groups", arguments: 1...2, run: GroupCommands.dump),
            Command(name: "dump-group-stats", arguments: 1...2, run: GroupCommands.dumpStats),
            Command(
                name: "dump-group-features", arguments: 1...1, run: GroupCommands.dumpFeatures),
            Command(name: "bundle", arguments: 2...2, writes: true, run: BundleCommand.run),
            Command(name: "add-meter", arguments: 2...2, writes: true, run: MeterCommands.add),
            Command(name: "mod-meter", arguments: 2...2, writes: true, run: MeterCommands.modify),
            Command(name: "del-meter", arguments: 1...2, writes: true, run: MeterCommands.delete),
            Command(name: "del-meters", arguments: 1...2, writes: true, run: MeterCommands.delete),
            Command(name: "dump-meter", arguments: 1...2, run: MeterCommands.dump),
            Command(name: "dump-meters", arguments: 1...2, run: MeterCommands.dump),
            Command(name: "meter-stats", arguments: 1...2, run: MeterCommands.dumpStats),
            Command(name: "meter-features", arguments: 1...1, run: MeterCommands.dumpFeatures),
        ]
    }

    private static var tableCommands: [Command] {
        [
            Command(name: "dump-table-features", arguments: 1...1, run: TableCommands.dumpFeatures),
            Command(name: "dump-table-desc", arguments: 1...1, run: TableCommands.dumpDescriptions),
            Command(name: "mod-table", arguments: 3...3, writes: true, run: TableCommands.modify),
            Command(
                name: "dump-ipfix-bridge", arguments: 1...1,
                run: ConnectionCommands.dumpBridgeExport),
            Command(
                name: "dump-ipfix-flow", arguments: 1...1, run: ConnectionCommands.dumpFlowExport),
            Command(
                name: "ct-flush-zone", arguments: 2...2, writes: true,
                run: ConnectionCommands.flushZone),
            Command(
                name: "ct-flush", arguments: 1...4, writes: true, run: ConnectionCommands.flush),
            Command(
                name: "add-tlv-map", arguments: 2...2, writes: true, run: TunnelOptionCommands.add),
            Command(
                name: "del-tlv-map", arguments: 1...2, writes: true,
                run: TunnelOptionCommands.delete),
            Command(name: "dump-tlv-map", arguments: 1...1, run: TunnelOptionCommands.dump),
        ]
    }

    /// Commands that show how things are encoded.
    private static var codecCommands: [Command] {
        [
            Command(name: "parse-group", arguments: 1...1, run: CodecCommands.parseGroup),
            Command(name: "parse-actions", arguments: 1...1, run: CodecCommands.parseActions),
            Command(
                name: "parse-instructions", arguments: 1...1,
                run: CodecCommands.parseInstructions),
            Command(name: "parse-nxm", arguments: 0...0, run: CodecCommands.parseNXM),
            Command(name: "parse-nx-match", arguments: 0...0, run: CodecCommands.parseNXM),
            Command(name: "parse-oxm", arguments: 1...1, run: CodecCommands.parseOXM),
            Command(name: "parse-ofp10-match", arguments: 0...0, run: CodecCommands.parseMatch10),
            Command(name: "parse-ofp11-match", arguments: 0...0, run: CodecCommands.parseMatch11),
            Command(name: "print-error", arguments: 1...1, run: CodecCommands.printError),
            Command(
                name: "encode-error-reply", arguments: 2...2, run: CodecCommands.encodeError),
            Command(name: "encode-hello", arguments: 1...1, run: CodecCommands.encodeHello),
            Command(
                name: "parse-key-value", arguments: 1...Int.max, run: CodecCommands.parsePairs),
            Command(name: "compose-packet", arguments: 1...2, run: CaptureCommands.compose),
            Command(name: "parse-packet", arguments: 0...0, run: CaptureCommands.parsePacket),
            Command(name: "parse-pcap", arguments: 1...Int.max, run: CaptureCommands.parseFile),
            Command(
                name: "ofp-parse-pcap", arguments: 1...Int.max,
                run: CaptureCommands.parseMessages),
        ]
    }

    private static var flowCommands: [Command] {
        [
            Command(name: "show", arguments: 1...1, run: SwitchCommands.show),
            Command(name: "dump-desc", arguments: 1...1, run: SwitchCommands.describe),
            Command(name: "dump-tables", arguments: 1...1, run: SwitchCommands.dumpTables),
            Command(name: "dump-ports", arguments: 1...2, run: SwitchCommands.dumpPorts),
            Command(
                name: "dump-ports-desc", arguments: 1...2,
                run: SwitchCommands.dumpPortDescriptions),
            Command(name: "queue-stats", arguments: 1...3, run: SwitchCommands.dumpQueues),
            Command(
                name: "queue-get-config", arguments: 1...3, run: SwitchCommands.dumpQueueConfig),
            Command(
                name: "mod-port", arguments: 3...3, writes: true, run: SwitchCommands.modifyPort),
            Command(name: "get-frags", arguments: 1...1, run: SwitchCommands.getFragments),
            Command(
                name: "set-frags", arguments: 2...2, writes: true,
                run: SwitchCommands.setFragments),
            Command(name: "dump-flows", arguments: 1...2, run: FlowDump.run),
            Command(name: "dump-aggregate", arguments: 1...2, run: FlowDump.aggregate),
            Command(name: "add-flow", arguments: 2...2, writes: true, run: FlowCommands.add),
            Command(name: "add-flows", arguments: 2...2, writes: true, run: FlowCommands.addFile),
            Command(name: "mod-flows", arguments: 2...2, writes: true, run: FlowCommands.modify),
            Command(name: "del-flows", arguments: 1...2, writes: true, run: FlowCommands.delete),
            Command(
                name: "replace-flows", arguments: 2...2, writes: true, run: FlowDifference.replace),
            Command(name: "diff-flows", arguments: 2...2, run: FlowDifference.compare),
            Command(
                name: "packet-out", arguments: 2...Int.max, writes: true,
                run: PacketOutCommand.run),
        ]
    }

    private static var otherCommands: [Command] {
        [
            Command(name: "monitor", arguments: 1...3, run: MonitorCommand.run),
            Command(name: "snoop", arguments: 1...1, run: MonitorCommand.snoop),
            Command(name: "probe", arguments: 1...1, run: EchoCommands.probe),
            Command(name: "ping", arguments: 1...2, run: EchoCommands.ping),
            Command(name: "benchmark", arguments: 3...3, run: EchoCommands.benchmark),
            Command(name: "ofp-parse", arguments: 1...1, run: ParseCommands.parseMessages),
            Command(name: "ofp-print", arguments: 1...2, run: ParseCommands.printMessage),
            Command(name: "parse-flow", arguments: 1...1, run: ParseCommands.parseFlow),
            Command(name: "parse-flows", arguments: 1...1, run: ParseCommands.parseFlows),
            Command(
                name: "list-commands", arguments: 0...Int.max,
                run: { _ in Program.printOutput(OfctlCommandList.text) }),
            Command(
                name: "help", arguments: 0...Int.max,
                run: { _ in Program.printOutput(OfctlHelp.text) }
            ),
        ]
    }

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try execute(arguments) }
    }

    private static func execute(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        signal(SIGPIPE, SIG_IGN)
        var options = OfctlOptions()
        let process = DaemonProcess(program: name)
        var parser = OptionParser(arguments, options: OfctlOptions.options)
        while let option = try parser.nextOption() {
            if try options.handle(option) { continue }
            switch option.name {
            case "timeout":
                guard let seconds = UInt32(option.value ?? ""), seconds > 0 else {
                    throw ProgramError(
                        "value \(option.value ?? "") on -t or --timeout is invalid")
                }
                Program.endByAlarm(after: seconds)
            case "help": return Program.printOutput(OfctlHelp.text)
            case "option": return Program.printOutput(CommonOptions.list(OfctlOptions.options))
            case "version":
                let versions = ["OpenFlow versions 0x1:0x4"]
                return Program.printOutput(ProgramVersion.text(for: name, further: versions))
            case _ where CommonOptions.daemon.contains { $0.name == option.name }:
                try process.handle(option)
            case _ where CommonOptions.logging.contains { $0.name == option.name }:
                try CommonOptions.handleLogging(option)
            default: _ = CommonOptions.handleTLS(option)
            }
        }
        if parser.operands.first == "bundle" { options.usesBundle = true }
        if options.usesBundle { options.chooseBundleVersion() }
        try options.checkFormats()
        try dispatch(parser.operands, options, process)
    }

    private static func dispatch(
        _ operands: [String], _ options: OfctlOptions, _ process: DaemonProcess
    ) throws {
        guard let word = operands.first else {
            throw ProgramError("missing command name; use --help for help")
        }
        guard let command = commands.first(where: { $0.name == word }) else {
            throw ProgramError("unknown command '\(word)'; use --help for help")
        }
        let count = operands.count - 1
        if count < command.arguments.lowerBound {
            throw ProgramError(
                "'\(word)' command requires at least \(command.arguments.lowerBound) arguments")
        }
        if count > command.arguments.upperBound {
            throw ProgramError(
                "'\(word)' command takes at most \(command.arguments.upperBound) arguments")
        }
        if command.writes && options.readsOnly {
            throw ProgramError("'\(word)' command does not work in read only mode")
        }
        let context = OfctlContext(
            arguments: Array(operands.dropFirst()), options: options, process: process)
        try command.run(context)
    }
}

/// What a command of `ovs-ofctl` works with.
struct OfctlContext {
    let arguments: [String]
    let options: OfctlOptions
    let process: DaemonProcess

    var target: String { arguments[0] }

    func connect() throws -> SwitchConnection {
        try SwitchConnection(target, versions: options.versions)
    }

    /// Whether commands take names of ports and tables.
    var acceptsNames: Bool { options.showsNames != false }

    /// Whether names are shown: on a terminal, or as asked.
    var showsNames: Bool { options.showsNames ?? (isatty(STDOUT_FILENO) == 1) }

    func printer(_ connection: SwitchConnection, names: FlowNames = FlowNames()) -> MessagePrinter {
        MessagePrinter(
            dialect: connection.dialect, names: names, verbosity: 1 + options.verbosity,
            colors: options.colors)
    }

    /// Prints what the switch answers to a request, message by message.
    func printReplies(_ connection: SwitchConnection, to request: OpenFlowMessage) throws {
        let printer = printer(connection)
        try connection.transact(request) { octets in
            Program.printOutput(MessageCodec.text(octets, printer))
        }
    }
}
