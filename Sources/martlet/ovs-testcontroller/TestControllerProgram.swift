import Daemon
import FlowSyntax
import Glibc
import OpenFlow

/// `ovs-testcontroller`: makes switches hubs or learning switches, to try a network out.
enum TestControllerProgram {
    static let name = "ovs-testcontroller"

    private static let options =
        [
            CommandOption("hub", "H"), CommandOption("noflow", "n"), CommandOption("normal", "N"),
            CommandOption("wildcards", "w", .optional), CommandOption("max-idle", nil, .required),
            CommandOption("mute"), CommandOption("queue", "q", .required),
            CommandOption("port-queue", "Q", .required),
            CommandOption("with-flows", nil, .required),
            CommandOption("protocols", "O", .required),
            CommandOption("peer-ca-cert", nil, .required), CommandOption("help", "h"),
            CommandOption("version", "V"),
        ] + CommonOptions.daemon + CommonOptions.logging + CommonOptions.tls

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try execute(arguments) }
    }

    private static func execute(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        signal(SIGPIPE, SIG_IGN)
        let process = DaemonProcess(program: name)
        var options = ControllerOptions()
        var parser = OptionParser(arguments, options: Self.options)
        while let option = try parser.nextOption() {
            switch option.name {
            case "help": return Program.printOutput(help)
            case "version":
                let versions = ["OpenFlow versions 0x1:0x6"]
                return Program.printOutput(ProgramVersion.text(for: name, further: versions))
            case _ where CommonOptions.daemon.contains { $0.name == option.name }:
                try process.handle(option)
            case _ where CommonOptions.logging.contains { $0.name == option.name }:
                try CommonOptions.handleLogging(option)
            case _ where CommonOptions.handleTLS(option): break
            default: try handle(option, &options)
            }
        }
        guard !parser.operands.isEmpty else {
            throw ProgramError("at least one vconn argument required; use --help for usage")
        }
        settle(&options)
        try serve(parser.operands, options, process)
    }

    private static func handle(
        _ option: OptionParser.Found, _ options: inout ControllerOptions
    ) throws {
        let value = option.value ?? ""
        switch option.name {
        case "hub": options.mode = .hub
        case "normal": options.mode = .normal
        case "noflow": options.makesFlows = false
        case "mute": options.isMute = true
        case "wildcards":
            options.wildcards =
                option.value.map(hexadecimal) ?? ControllerOptions.layer2Wildcards
        case "max-idle": options.maxIdle = try idleTime(value)
        case "queue": options.queue = number(value)
        case "port-queue":
            let (port, queue) = try portQueue(value)
            guard options.portQueues.updateValue(queue, forKey: port) == nil else {
                throw ProgramError(
                    "<port-name> arguments for -Q or --port-queue must be unique")
            }
        case "with-flows": options.flows += try flows(of: value)
        case "protocols": options.versions = try versions(value)
        default: break
        }
    }

    private static func portQueue(_ text: String) throws -> (port: String, queue: UInt32) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            text.index(after: colon) != text.endIndex
        else {
            throw ProgramError(
                "argument to -Q or --port-queue should take the form "
                    + "\"<port-name>:<queue-id>\"")
        }
        return (String(text[..<colon]), number(text[text.index(after: colon)...]))
    }

    /// A number of any base that C knows, or 0.
    private static func number(_ text: some StringProtocol) -> UInt32 {
        text.hasPrefix("0x") ? hexadecimal(String(text)) : UInt32(text) ?? 0
    }

    /// Queues are of ports, so that nobody but the controller may choose the port.
    private static func settle(_ options: inout ControllerOptions) {
        guard options.queue != nil || !options.portQueues.isEmpty else { return }
        if options.mode == .normal {
            Program.printError(
                "\(name): queue IDs are incompatible with -N or --normal; not using OFPP_NORMAL")
        }
        if options.mode == .hub {
            Program.printError(
                "\(name): queue IDs are incompatible with -H or --hub; not acting as hub")
        }
        options.mode = .learning
    }

    private static func hexadecimal(_ text: String) -> UInt32 {
        UInt32(text.hasPrefix("0x") ? text.dropFirst(2) : text[...], radix: 16) ?? 0
    }

    private static func idleTime(_ text: String) throws -> UInt16 {
        if text == "permanent" { return 0 }
        guard let seconds = UInt16(text), seconds > 0 else {
            throw ProgramError(
                "--max-idle argument must be between 1 and 65535 or the word 'permanent'")
        }
        return seconds
    }

    private static func flows(of path: String) throws -> [FlowDescription] {
        let octets = try TextFile.read(path, failure: "open failed")
        var parser = FlowParser()
        defer { NoteLog.write(parser.takeNotes()) }
        var flows: [FlowDescription] = []
        try TextFile.forEachLine(of: octets) { line, number in
            do {
                flows.append(try parser.flow(line, for: .add))
            } catch {
                throw ProgramError("\(path):\(number): \(error)")
            }
        }
        return flows
    }

    private static func versions(_ text: String) throws -> OpenFlowVersions {
        var versions: OpenFlowVersions = []
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let version = OpenFlowVersion(name: part) else {
                throw ProgramError("Unknown OpenFlow version: \"\(part)\"")
            }
            versions.insert(OpenFlowVersions(version))
        }
        return versions
    }

    private static func serve(
        _ remotes: [String], _ options: ControllerOptions, _ process: DaemonProcess
    ) throws {
        try DaemonRun.run(process) { run in
            let controller = TestController(options)
            // Every remote is tried, so that all that is wrong is told.
            let opened = remotes.filter { controller.open($0, run.loop) }
            guard !opened.isEmpty else {
                throw ProgramError("no active or passive switch connections")
            }
            run.onShutdown = { _ in controller.close() }
            run.ready()
        }
    }

    private static var help: String {
        """
        ovs-testcontroller: a controller to try OpenFlow switches
        usage: ovs-testcontroller [OPTIONS] METHOD...
        where METHOD is a way to switches.

        Active OpenFlow connection methods:
          tcp:HOST[:PORT]         PORT (default: 6653) at remote HOST
          ssl:HOST[:PORT]         SSL PORT (default: 6653) at remote HOST
          unix:FILE               Unix domain socket named FILE
        Passive OpenFlow connection methods:
          ptcp:[PORT][:IP]        listen to TCP PORT (default: 6653) on IP
          pssl:[PORT][:IP]        listen for SSL on PORT (default: 6653) on IP
          punix:FILE              listen on Unix domain socket FILE

        """ + CommonOptions.tlsHelp + CommonOptions.daemonHelp(program: name)
            + CommonOptions.loggingHelp(program: name)
                + """

                Other options:
                  -O, --protocols=VERSIONS  allowed OpenFlow versions (default: all)
                  -H, --hub               act as hub instead of learning switch
                  -n, --noflow            pass packets on without making flows
                  --max-idle=SECS         seconds that unused flows stay, or permanent
                  -N, --normal            leave it to the switch where packets go
                  -w, --wildcards[=MASK]  what flows leave out (default: all but L2)
                  -q, --queue=QUEUE-ID    queue for packets
                  -Q, --port-queue=PORT-NAME:QUEUE-ID  queue for packets from a port
                  --with-flows FILE       give each switch the flows of a file
                  --mute                  answer nothing
                  --unixctl=SOCKET        override default control socket name
                  -h, --help              display this help message
                  -V, --version           display version information

                """
    }
}
