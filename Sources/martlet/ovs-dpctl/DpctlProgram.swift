import Daemon
import Glibc
import Switch
import Transport

/// `ovs-dpctl`: shows and changes datapaths.
///
/// The datapath is in `ovs-vswitchd`, so each command goes there as `dpctl/COMMAND`.
enum DpctlProgram {
    static let name = "ovs-dpctl"

    static let options =
        [
            CommandOption("statistics", "s"), CommandOption("more", "m"), CommandOption("names"),
            CommandOption("no-names"), CommandOption("may-create"), CommandOption("read-only"),
            CommandOption("clear"), CommandOption("target", nil, .required),
            CommandOption("timeout", "t", .required), CommandOption("help", "h"),
            CommandOption("option", "o"), CommandOption("version", "V"),
        ] + CommonOptions.logging

    /// Commands in the order of OVS's list, with how many arguments each takes.
    static let commands: [(name: String, usage: String, count: ClosedRange<Int>)] =
        [
            ("add-dp", "dp [iface...]", 1...Int.max), ("del-dp", "dp", 1...1),
            ("add-if", "dp iface...", 2...Int.max), ("del-if", "dp iface...", 2...Int.max),
            ("set-if", "dp iface...", 2...Int.max), ("dump-dps", "", 0...0),
            ("show", "[-s] [dp...]", 0...Int.max),
            ("dump-flows", "[-m] [--names] [dp] [filter=..] [type=..] [pmd=..]", 0...6),
            ("add-flow", "[dp] flow actions", 2...3), ("mod-flow", "[dp] flow actions", 2...3),
            ("get-flow", "[dp] ufid", 1...2), ("del-flow", "[dp] flow", 1...2),
            ("add-flows", "[dp] file", 1...2), ("mod-flows", "[dp] file", 1...2),
            ("del-flows", "[dp] [file]", 0...2), ("offload-stats-show", "[dp]", 0...1),
        ] + trackingCommands + [
            ("help", "", 0...Int.max), ("list-commands", "", 0...Int.max),
            ("parse-actions", "actions", 1...Int.max),
            ("normalize-actions", "actions", 2...Int.max),
        ]

    /// Those about the connection tracker, and caches among them.
    private static let trackingCommands: [(name: String, usage: String, count: ClosedRange<Int>)] =
        [
            ("dump-conntrack", "[-m] [-s] [dp] [zone=N]", 0...4),
            ("flush-conntrack", "[dp] [zone=N] [ct-orig-tuple] [ct-reply-tuple]", 0...4),
            ("cache-get-size", "[dp]", 0...1), ("cache-set-size", "dp cache <size>", 3...3),
            ("ct-stats-show", "[dp] [zone=N]", 0...3), ("ct-bkts", "[dp] [gt=N]", 0...2),
            ("ct-set-maxconns", "[dp] maxconns", 1...2), ("ct-get-maxconns", "[dp]", 0...1),
            ("ct-get-nconns", "[dp]", 0...1), ("ct-enable-tcp-seq-chk", "[dp]", 0...1),
            ("ct-disable-tcp-seq-chk", "[dp]", 0...1), ("ct-get-tcp-seq-chk", "[dp]", 0...1),
            ("ct-set-limits", "[dp] [default=L] [zone=N,limit=L]...", 1...Int.max),
            ("ct-del-limits", "[dp] zone=N1[,N2]...", 1...2),
            ("ct-get-limits", "[dp] [zone=N1[,N2]...]", 0...2),
            ("ipf-set-enabled", "[dp] v4|v6", 1...2), ("ipf-set-disabled", "[dp] v4|v6", 1...2),
            ("ipf-set-min-frag", "[dp] v4|v6 minfragment", 2...3),
            ("ipf-set-max-nfrags", "[dp] maxfrags", 1...2), ("ipf-get-status", "[dp]", 0...1),
        ]

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try send(arguments) }
    }

    private static func send(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        var target = "ovs-vswitchd"
        var flags: [String] = []
        var parser = OptionParser(arguments, options: options, order: .beforeOperands)
        while let option = try parser.nextOption() {
            switch option.name {
            case "statistics": flags.append("-s")
            case "more": flags.append("-m")
            case "names", "no-names": flags.append("--" + option.name)
            case "may-create", "clear": flags.append("--" + option.name)
            case "read-only": break
            case "target": target = option.value ?? ""
            case "help": return Program.printOutput(help)
            case "option": return Program.printOutput(CommonOptions.list(options))
            case "version": return Program.printOutput(ProgramVersion.text(for: name))
            case "timeout":
                let value = option.value ?? ""
                guard let seconds = UInt32(value), seconds > 0 else {
                    throw ProgramError("value \(value) on -t or --timeout is invalid")
                }
                alarm(seconds)
            default: try CommonOptions.handleLogging(option)
            }
        }
        try execute(parser.operands, flags, target)
    }

    private static func execute(
        _ words: [String], _ flags: [String], _ target: String
    ) throws {
        guard let command = words.first else {
            throw ProgramError("missing command name; use --help for help")
        }
        guard let known = commands.first(where: { $0.name == command }) else {
            throw ProgramError("unknown command '\(command)'; use --help for help")
        }
        // Options of the command may stand behind it, too.
        let operands = words.dropFirst().filter { !$0.hasPrefix("-") || $0 == "-" }
        guard operands.count >= known.count.lowerBound else {
            throw ProgramError(
                "'\(command)' command requires at least \(known.count.lowerBound) arguments")
        }
        guard operands.count <= known.count.upperBound else {
            throw ProgramError(
                "'\(command)' command takes at most \(known.count.upperBound) arguments")
        }
        if command == "help" { return Program.printOutput(help) }
        if command == "list-commands" { return Program.printOutput(commandTable) }
        let client = try ControlClient(target: target)
        if let kind = fileCommands[command], command != "del-flows" || operands.count > 0 {
            let isDatapath = operands.count == 1 && operands[0].contains("@")
            if kind != .delete || !isDatapath {
                return try carryOut(fileOf: Array(operands), kind, client)
            }
        }
        let accepted = accepted(flags, by: command)
        switch try client.execute("dpctl/\(command)", accepted + words.dropFirst()) {
        case .success(let text): Program.printOutput(ownText(of: text))
        case .failure(let error): throw ProgramError(ownText(of: error))
        }
    }

    private static let fileCommands: [String: DatapathFlowChange.Kind] = [
        "add-flows": .add, "mod-flows": .modify, "del-flows": .delete,
    ]

    /// Does what each line of a file says; what is wrong with one stops nothing.
    private static func carryOut(
        fileOf operands: [String], _ kind: DatapathFlowChange.Kind, _ client: ControlClient
    ) throws {
        let path = operands[operands.count - 1]
        let octets: [UInt8]
        do {
            octets = try TextFile.read(path, failure: "")
        } catch {
            return complain("Opening file \"\(path)\" failed (\(TransportError.text(of: errno)))")
        }
        let commands: [DatapathFlowChange.Kind: String] = [
            .add: "add-flow", .modify: "mod-flow", .delete: "del-flow",
        ]
        for line in FlowFile(octets, kind).lines {
            switch line {
            case .failure(let error): complain(error.sentence)
            case .success(let order):
                let flow = [order.flow] + (order.kind == .delete ? [] : [order.actions])
                let command = "dpctl/" + (commands[order.kind] ?? "")
                let answer = try client.execute(command, operands.dropLast() + flow)
                if case .failure(let error) = answer { complain(ownText(of: error)) }
            }
        }
    }

    private static func complain(_ sentence: String) {
        let text = sentence.hasPrefix(daemon) ? String(sentence.dropFirst(daemon.count)) : sentence
        Program.printError("\(name): \(text)")
    }

    /// The options that mean something to the command; others are ignored, as they always were.
    private static func accepted(_ flags: [String], by command: String) -> [String] {
        switch command {
        case "show", "add-flow", "del-flow": flags.filter { $0 == "-s" }
        case "mod-flow": flags.filter { ["-s", "--may-create", "--clear"].contains($0) }
        case "dump-flows": flags.filter { $0 != "-s" }
        case "dump-conntrack", "ct-stats-show": flags.filter { !$0.hasPrefix("--") }
        case "ipf-get-status": flags.filter { $0 == "-m" }
        default: []
        }
    }

    /// The daemon's error with this program in the daemon's place.
    private static func ownText(of error: ControlError) -> String {
        let lines = error.terminatedText.split(separator: "\n").map { line in
            line.hasPrefix(daemon) ? String(line.dropFirst(daemon.count)) : String(line)
        }
        return lines.joined(separator: "\n\(name): ")
    }

    /// What the daemon begins its complaints with.
    private static var daemon: String { "ovs-vswitchd: " }

    /// The daemon's text with this program in the daemon's place.
    private static func ownText(of text: String) -> String {
        guard text.contains(daemon) else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix(daemon) ? "\(name): " + line.dropFirst(daemon.count) : String(line)
        }.joined(separator: "\n")
    }

    private static var commandTable: String {
        "The available commands are:\n"
            + commands.map { command in
                let padding = String(repeating: " ", count: max(1, 24 - command.name.count))
                return "  \(command.name)\(padding)\(command.usage)\n"
            }.joined()
    }

    static var help: String {
        """
        ovs-dpctl: shows and changes the datapaths of ovs-vswitchd
        usage: ovs-dpctl [OPTIONS] COMMAND [ARG...]
          dump-dps                  names of all datapaths
          show [DP...]              ports of all datapaths, or of these
          dump-flows [DP]           flows of the datapath
          add-flow [DP] FLOW ACTIONS, add-flows [DP] FILE
                                    put flows into the datapath
          mod-flow [DP] FLOW ACTIONS, mod-flows [DP] FILE
                                    give flows other actions
          get-flow [DP] ufid:UFID   one flow
          del-flow [DP] FLOW        remove a flow
          del-flows [DP] [FILE]     remove all flows, or those of a file
          normalize-actions FLOW ACTIONS
                                    actions by the tags that packets have then
          dump-conntrack [DP] [zone=N]
                                    connections
          flush-conntrack [DP] [zone=N] [ORIGINAL [REPLY]]
                                    forget connections
          ct-..., ipf-...           how connections and fragments are tracked: list-commands
        DP may be left out where there is only one datapath.

        Options for show, add-flow, mod-flow and del-flow:
          -s, --statistics          counters of ports, or of the flow, too
        Options for mod-flow:
          --may-create              add the flow if it is not there
        Options for dump-flows:
          -m, --more                what flows do not look at, too
          --names                   ports by their names

        """ + CommonOptions.loggingHelp(program: name) + """

            Other options:
              --target=TARGET           the daemon's name or socket
              -t, --timeout=SECS        give up after SECS seconds
              -h, --help                display this help message
              -V, --version             display version information

            """
    }
}
