import Daemon
import Glibc
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// `martlet run`: database and switch in one process, with their state in one directory.
///
/// The tools find it there with `OVS_RUNDIR` set to the directory; without `--state` it is the
/// directory that they look into anyway.
enum RunProgram {
    static let name = "run"
    /// The daemon whose control socket and pid file the tools look for.
    private static let daemonName = "ovs-vswitchd"

    private static let options =
        [
            CommandOption("help", "h"), CommandOption("state", nil, .required),
            CommandOption("remote", nil, .required),
            CommandOption("enable-dummy", nil, .optional),
        ] + CommonOptions.daemon + CommonOptions.logging

    private struct Options {
        var state: String?
        var remotes: [String] = []
        var switchArguments: [String] = []
        var hasPidFile = false
    }

    static func run(_ arguments: [String]) -> Int32 {
        Program.run("martlet") { try serve(arguments) }
    }

    private static func serve(_ arguments: [String]) throws {
        // The directories are read from the environment once, so the state's place is set first.
        if let state = try parse(arguments, nil)?.state { try use(state) }
        LogSystem.shared.start(program: daemonName)
        let process = DaemonProcess(program: daemonName)
        guard let options = try parse(arguments, process) else {
            Program.printOutput(help)
            return
        }
        if !options.hasPidFile {
            try process.handle(OptionParser.Found(name: "pidfile", value: nil))
        }
        let switchOptions = try VswitchdProgram.parse(
            options.switchArguments, DaemonProcess(program: daemonName))
        try DaemonRun.run(process) { run in
            guard let switchOptions else { return }
            let remotes = try startDatabase(options.remotes, run)
            let daemon = try SwitchDaemon(run, switchOptions)
            run.onShutdown = { cleanup in
                daemon.shutDown(cleanup: cleanup)
                remotes.closeAll()
            }
            daemon.start()
        }
    }

    /// Makes `state` the directory of sockets, logs and the database.
    private static func use(_ state: String) throws {
        guard mkdir(state, 0o755) == 0 || errno == EEXIST else {
            throw ProgramError("\(state): mkdir failed (\(TransportError.text(of: errno)))")
        }
        guard let path = realpath(state, nil) else {
            throw ProgramError("\(state): \(TransportError.text(of: errno))")
        }
        defer { free(path) }
        for variable in ["OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR"] {
            setenv(variable, path, 1)
        }
    }

    private static func startDatabase(
        _ names: [String], _ run: DaemonRun
    ) throws -> DatabaseRemotes {
        let host = DatabaseHost(loop: run.loop)
        let directories = InstallDirectories.current
        do throws(OVSDBError) {
            try host.openDatabase(
                databasePath(directories), creating: OpenVSwitchSchema.schema)
        } catch {
            throw ProgramError(error.description)
        }
        initialize(host)
        let remotes = DatabaseRemotes(host)
        do throws(ControlError) {
            try remotes.add("punix:\(directories.run)/db.sock")
            try remotes.add("db:Open_vSwitch,Open_vSwitch,manager_options")
            for name in names { try remotes.add(name) }
        } catch {
            throw ProgramError(error.description)
        }
        DatabaseCommands(host, remotes, Replication(host)).register(in: run.control)
        return remotes
    }

    /// The database file; where Debian keeps a link to it, what the link names.
    private static func databasePath(_ directories: InstallDirectories) -> String {
        let path = directories.database + "/conf.db"
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        let target = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        guard !target.isEmpty else { return path }
        let name = String(decoding: target, as: UTF8.self)
        return InstallDirectories.path(name, in: directories.database)
    }

    /// Gives a new database the one row that everything hangs from, as Open vSwitch's start
    /// script does.
    private static func initialize(_ host: DatabaseHost) {
        let session = host.openSession { _ in }
        host.handle(
            .request(
                method: "transact",
                params: [
                    "Open_vSwitch",
                    [
                        "op": "wait", "table": "Open_vSwitch", "where": [], "columns": [],
                        "until": "==", "rows": [], "timeout": 0,
                    ],
                    [
                        "op": "insert", "table": "Open_vSwitch",
                        "row": [
                            "ovs_version": "3.1.0",
                            "db_version": .string(OpenVSwitchSchema.schema.version),
                        ],
                    ],
                ], id: 0),
            from: session)
        host.closeSession(session)
    }

    /// - Returns: nil if help was asked for.
    private static func parse(
        _ arguments: [String], _ process: DaemonProcess?
    ) throws -> Options? {
        var result = Options()
        var parser = OptionParser(arguments, options: options)
        while let option = try parser.nextOption() {
            switch option.name {
            case "help": return nil
            case "state": result.state = option.value
            case "remote": result.remotes.append(option.value ?? "")
            case "enable-dummy":
                let value = option.value.map { "=\($0)" } ?? ""
                result.switchArguments.append("--enable-dummy\(value)")
            case _ where CommonOptions.logging.contains { $0.name == option.name }:
                if process != nil { try CommonOptions.handleLogging(option) }
            default:
                if option.name == "pidfile" { result.hasPidFile = true }
                try process?.handle(option)
            }
        }
        if let operand = parser.operands.first {
            throw ProgramError("run: unexpected argument \"\(operand)\"")
        }
        return result
    }

    private static var help: String {
        """
        martlet run: database and switch in one process
        usage: martlet run [OPTIONS]

          --state DIR             directory of the database, sockets and logs, made if missing
          --remote REMOTE         serve the database there too, such as ptcp:6640:127.0.0.1
          --enable-dummy[=override|system]  ports of memory, for tests

        """ + CommonOptions.daemonHelp(program: daemonName)
            + CommonOptions.loggingHelp(program: daemonName)
    }
}
