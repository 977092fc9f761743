import Daemon
import Glibc
import OVSDBEngine
import OVSDBModel
import Transport

/// `ovsdb-server`: the daemon that serves databases.
enum OvsdbServerProgram {
    static let name = "ovsdb-server"

    static let options =
        [
            CommandOption("help", "h"), CommandOption("version", "V"),
            CommandOption("remote", nil, .required), CommandOption("run", nil, .required),
            CommandOption("sync-from", nil, .required),
            CommandOption("sync-exclude-tables", nil, .required), CommandOption("active"),
            CommandOption("record", nil, .optional), CommandOption("replay", nil, .optional),
            CommandOption("no-dbs"), CommandOption("disable-file-column-diff"),
        ] + CommonOptions.daemon + CommonOptions.logging + CommonOptions.tls

    struct Options {
        var remotes: [String] = []
        var databases: [String] = []
        var command: String?
        var activeServer: String?
        var excludedTables: String?
        var startsActive = false
        var logsDifferences = true
    }

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try serve(arguments) }
    }

    private static func serve(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        let process = DaemonProcess(program: name)
        guard let options = try parse(arguments, process) else { return }
        let status = ExitStatus()
        try DaemonRun.run(process) { run in
            let host = DatabaseHost(loop: run.loop)
            host.logsDifferences = options.logsDifferences
            for path in options.databases {
                do throws(OVSDBError) {
                    try host.open(argument: path)
                } catch {
                    throw ProgramError(error.description)
                }
            }
            do throws(ControlError) {
                try DatabaseIdentity(TLSIdentity.shared.files, host.server).install()
            } catch {
                throw ProgramError(error.description)
            }
            let remotes = DatabaseRemotes(host)
            for remote in options.remotes {
                do throws(ControlError) {
                    try remotes.add(remote)
                } catch {
                    throw ProgramError(error.description)
                }
            }
            let replication = Replication(host)
            try start(replication, options)
            DatabaseCommands(host, remotes, replication).register(in: run.control)
            run.onShutdown = { _ in remotes.closeAll() }
            run.ready()
            if let command = options.command { return try start(command, run, status) }
            // Not on the terminal of whoever started a daemon: ``run`` has let go of it.
            LogModule("ovsdb_server").info("\(name) (Open vSwitch) \(ProgramVersion.openVSwitch)")
        }
        if let failure = status.failure { throw failure }
    }

    /// Takes the role that the options ask for.
    private static func start(_ replication: Replication, _ options: Options) throws {
        if let tables = options.excludedTables { replication.exclude(tables) }
        guard let server = options.activeServer else { return }
        replication.setActiveServer(server)
        if !options.startsActive { _ = replication.connect() }
    }

    /// The options, or nil if they asked for a text that has been printed.
    private static func parse(
        _ arguments: [String], _ process: DaemonProcess
    ) throws -> Options? {
        var result = Options()
        var hasDefaultDatabase = true
        var parser = OptionParser(arguments, options: options)
        while let option = try parser.nextOption() {
            switch option.name {
            case "help":
                Program.printOutput(help)
                return nil
            case "version":
                Program.printOutput(ProgramVersion.text(for: name))
                return nil
            case "remote": result.remotes.append(option.value ?? "")
            case "run": result.command = option.value
            case "no-dbs": hasDefaultDatabase = false
            case "active": result.startsActive = true
            case "sync-from": result.activeServer = option.value
            case "sync-exclude-tables": result.excludedTables = option.value
            case "disable-file-column-diff": result.logsDifferences = false
            case "record", "replay":
                throw ProgramError("--\(option.name) is not supported")
            case _ where CommonOptions.daemon.contains { $0.name == option.name }:
                try process.handle(option)
            case _ where CommonOptions.logging.contains { $0.name == option.name }:
                try CommonOptions.handleLogging(option)
            default: _ = CommonOptions.handleTLS(option)
            }
        }
        // One that is named twice is opened once.
        for operand in parser.operands where !result.databases.contains(operand) {
            result.databases.append(operand)
        }
        if result.databases.isEmpty && hasDefaultDatabase {
            result.databases = [InstallDirectories.current.database + "/conf.db"]
        }
        return result
    }

    // MARK: --run

    /// What the command of `--run` ended with.
    private final class ExitStatus {
        var failure: ProgramError?
    }

    private static let commandPollPeriod: Duration = .milliseconds(10)

    /// Runs a shell command, and ends the daemon when it ends.
    private static func start(_ command: String, _ run: DaemonRun, _ status: ExitStatus) throws {
        var pid = pid_t()
        let words = ["/bin/sh", "-c", command].map { (word: String) in strdup(word) }
        defer { for word in words { free(word) } }
        let code = posix_spawn(&pid, "/bin/sh", nil, nil, words + [nil], environ)
        guard code == 0 else {
            throw ProgramError("\(command): failed to start (\(TransportError.text(of: code)))")
        }
        let child = pid
        var timer: ControlTimer?
        timer = run.loop.every(commandPollPeriod) {
            var wait: CInt = 0
            guard waitpid(child, &wait, WNOHANG) == child else { return }
            timer?.cancel()
            if wait != 0 {
                let end = DaemonProcess.text(ofStatus: wait)
                status.failure = ProgramError("\(command): child exited, \(end)")
            }
            run.end()
        }
    }

    private static var help: String {
        """
        ovsdb-server: Open vSwitch database server
        usage: ovsdb-server [OPTIONS] [DATABASE...]
        where each DATABASE is a database file in ovsdb format, or
        relay:NAME:REMOTE for a copy of database NAME of the server REMOTE.
        The default DATABASE, if none is given, is
        \(InstallDirectories.current.database)/conf.db.

        JSON-RPC options (may be specified any number of times):
          --remote=REMOTE         connect or listen to REMOTE

        Active JSON-RPC connection methods:
          tcp:HOST:PORT           PORT at remote HOST
          ssl:HOST:PORT           SSL PORT at remote HOST
          unix:FILE               Unix domain socket named FILE
        Passive JSON-RPC connection methods:
          ptcp:PORT[:IP]          listen to TCP PORT on IP
          pssl:PORT[:IP]          listen for SSL on PORT on IP
          punix:FILE              listen on Unix domain socket FILE
        Connection methods from a column of a database:
          db:DATABASE,TABLE,COLUMN

        """ + CommonOptions.tlsHelp + CommonOptions.daemonHelp(program: name)
            + CommonOptions.loggingHelp(program: name)
                + """

                Syncing options:
                  --sync-from=SERVER      sync DATABASE from active SERVER and start in
                                          backup mode (except with --active)
                  --sync-exclude-tables=DB:TABLE,...
                                          exclude the TABLE in DB from syncing
                  --active                with --sync-from, start in active mode

                Other options:
                  --run COMMAND           run COMMAND as subprocess then exit
                  --unixctl=SOCKET        override default control socket name
                  --disable-file-column-diff
                                          don't use column diff in database file
                  --no-dbs                serve no database but _Server
                  -h, --help              display this help message
                  -V, --version           display version information

                """
    }
}
