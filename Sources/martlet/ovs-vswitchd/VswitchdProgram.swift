import CLinux
import Daemon
import Glibc
import Transport

/// `ovs-vswitchd`: the daemon that is the switch.
enum VswitchdProgram {
    static let name = "ovs-vswitchd"

    static let options =
        [
            CommandOption("help", "h"), CommandOption("version", "V"), CommandOption("mlockall"),
            CommandOption("enable-dummy", nil, .optional),
            CommandOption("dummy-numa", nil, .required),
            CommandOption("disable-system"),
            CommandOption("disable-system-route"), CommandOption("dpdk", nil, .optional),
        ] + CommonOptions.daemon + CommonOptions.logging + CommonOptions.tls

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try serve(arguments) }
    }

    private static func serve(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        let process = DaemonProcess(program: name)
        process.handlesPackets = true
        guard let options = try parse(arguments, process) else { return }
        if options.locksMemory, mlockall(MCL_CURRENT | MCL_FUTURE) != 0 {
            LogModule("vswitchd").error(
                "mlockall failed: \(TransportError.text(of: errno))")
        }
        try DaemonRun.run(process) { run in
            let daemon = try SwitchDaemon(run, options)
            run.onShutdown = { cleanup in daemon.shutDown(cleanup: cleanup) }
            daemon.start()
        }
    }

    /// The options, or nil if they asked for a text that has been printed.
    static func parse(
        _ arguments: [String], _ process: DaemonProcess
    ) throws -> VswitchdOptions? {
        var result = VswitchdOptions()
        var parser = OptionParser(arguments, options: options)
        while let option = try parser.nextOption() {
            switch option.name {
            case "help":
                Program.printOutput(help)
                return nil
            case "version":
                Program.printOutput(ProgramVersion.text(for: name))
                return nil
            case "mlockall": result.locksMemory = true
            case "enable-dummy":
                result.dummy =
                    switch option.value {
                    case "override": .overrideAll
                    case "system": .overrideSystem
                    default: .available
                    }
            case "dummy-numa":
                result.processors = option.value.flatMap { ProcessorList(dummy: $0) }
            case "disable-system": result.disablesSystem = true
            case "disable-system-route": result.disablesSystemRoutes = true
            case "dpdk":
                throw ProgramError("Using --dpdk to configure DPDK is not supported.")
            case _ where CommonOptions.daemon.contains { $0.name == option.name }:
                try process.handle(option)
            case _ where CommonOptions.logging.contains { $0.name == option.name }:
                try CommonOptions.handleLogging(option)
            default: _ = CommonOptions.handleTLS(option)
            }
        }
        guard parser.operands.count <= 1 else {
            throw ProgramError(
                "at most one non-option argument accepted; use --help for usage")
        }
        result.database = parser.operands.first ?? defaultDatabase
        return result
    }

    static var defaultDatabase: String { "unix:\(InstallDirectories.current.run)/db.sock" }

    static var help: String {
        """
        ovs-vswitchd: the switch daemon
        usage: ovs-vswitchd [OPTIONS] [DATABASE]
        where DATABASE is a socket on which ovsdb-server is listening
              (default: "\(defaultDatabase)").

        Active DATABASE connection methods:
          tcp:HOST:PORT           PORT at remote HOST
          ssl:HOST:PORT           SSL PORT at remote HOST
          unix:FILE               Unix domain socket named FILE

        """ + CommonOptions.tlsHelp + CommonOptions.daemonHelp(program: name)
            + CommonOptions.loggingHelp(program: name)
                + """

                Other options:
                  --enable-dummy[=override|system]  ports of memory, for tests
                  --dummy-numa=NODE,...    the NUMA node of each processor, for tests
                  --disable-system        no datapath of the kernel
                  --disable-system-route  do not read the kernel's routes
                  --mlockall              keep all memory in RAM
                  --unixctl=SOCKET        override default control socket name
                  -h, --help              display this help message
                  -V, --version           display version information

                """
    }
}
