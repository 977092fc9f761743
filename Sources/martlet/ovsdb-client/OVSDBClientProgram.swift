import Daemon
import Glibc
import JSONRPC
import OVSDBModel
import Transport

/// `ovsdb-client`: asks a database server, or watches one.
enum OVSDBClientProgram {
    static let name = "ovsdb-client"

    /// A command, what may stand behind its name beside the server, and what it does.
    struct Command: Sendable {
        let name: String
        /// How the database is named.
        let database: DatabaseArgument
        let arguments: ClosedRange<Int>
        let usage: String
        let body: @Sendable (OVSDBClientSession, [String]) throws -> Void
    }

    enum DatabaseArgument: Sendable {
        case none
        /// `Open_vSwitch` or the only one where it is left out.
        case optional
        case required
    }

    private static let many = Int(Int32.max)

    static let commands = [
        Command(
            name: "list-dbs", database: .none, arguments: 0...0, usage: "[SERVER]",
            body: { session, _ in try session.listDatabases() }),
        Command(
            name: "get-schema", database: .optional, arguments: 0...0,
            usage: "[SERVER] [DATABASE]", body: { session, _ in try session.printSchema() }),
        Command(
            name: "get-schema-version", database: .optional, arguments: 0...0,
            usage: "[SERVER] [DATABASE]",
            body: { session, _ in session.print(try session.schema().version + "\n") }),
        Command(
            name: "get-schema-cksum", database: .optional, arguments: 0...0,
            usage: "[SERVER] [DATABASE]",
            body: { session, _ in session.print(try session.schema().checksum + "\n") }),
        Command(
            name: "list-tables", database: .optional, arguments: 0...0,
            usage: "[SERVER] [DATABASE]", body: { session, _ in try session.listTables() }),
        Command(
            name: "list-columns", database: .optional, arguments: 0...1,
            usage: "[SERVER] [DATABASE] [TABLE]",
            body: { session, rest in try session.listColumns(of: rest.first) }),
        Command(
            name: "transact", database: .none, arguments: 1...1,
            usage: "[SERVER] TRANSACTION",
            body: { session, rest in try session.transact(rest[0], isQuery: false) }),
        Command(
            name: "query", database: .none, arguments: 1...1, usage: "[SERVER] TRANSACTION",
            body: { session, rest in try session.transact(rest[0], isQuery: true) }),
        Command(
            name: "dump", database: .optional, arguments: 0...many,
            usage: "[SERVER] [DATABASE] [TABLE [COLUMN]...]",
            body: { session, rest in try session.dump(rest) }),
        Command(
            name: "backup", database: .optional, arguments: 0...0,
            usage: "[SERVER] [DATABASE] > SNAPSHOT",
            body: { session, _ in try session.backup() }),
        Command(
            name: "restore", database: .optional, arguments: 0...0,
            usage: "[SERVER] [DATABASE] < SNAPSHOT",
            body: { session, _ in try session.restore() }),
        Command(
            name: "monitor", database: .optional, arguments: 1...many,
            usage: "[SERVER] [DATABASE] TABLE [COLUMN,...]...",
            body: { session, rest in try session.monitor(rest, method: .plain) }),
        Command(
            name: "monitor-cond", database: .optional, arguments: 2...3,
            usage: "[SERVER] [DATABASE] CONDITION TABLE [COLUMN,...]...",
            body: { session, rest in try session.monitor(rest, method: .conditional) }),
        Command(
            name: "monitor-cond-since", database: .optional, arguments: 2...4,
            usage: "[SERVER] [DATABASE] [LASTID] CONDITION TABLE [COLUMN,...]...",
            body: { session, rest in try session.monitor(rest, method: .since) }),
        Command(
            name: "needs-conversion", database: .none, arguments: 1...1,
            usage: "[SERVER] SCHEMA",
            body: { session, rest in try session.compareSchema(in: rest[0]) }),
        Command(
            name: "convert", database: .none, arguments: 1...1, usage: "[SERVER] SCHEMA",
            body: { session, rest in try session.convert(to: rest[0]) }),
        Command(
            name: "wait", database: .required, arguments: 1...1,
            usage: "[SERVER] DATABASE STATE",
            body: { session, rest in try session.wait(for: rest[0]) }),
        Command(
            name: "lock", database: .none, arguments: 1...1, usage: "[SERVER] LOCK",
            body: { session, rest in try session.hold("lock", rest[0]) }),
        Command(
            name: "steal", database: .none, arguments: 1...1, usage: "[SERVER] LOCK",
            body: { session, rest in try session.hold("steal", rest[0]) }),
        Command(
            name: "unlock", database: .none, arguments: 1...1, usage: "[SERVER] LOCK",
            body: { session, rest in try session.hold("unlock", rest[0]) }),
    ]

    static func run(_ arguments: [String]) -> Int32 {
        Program.run(name) { try execute(arguments) }
    }

    private static func execute(_ arguments: [String]) throws {
        LogSystem.shared.start(program: name)
        LogSystem.shared.setLevel(.info, at: .console)
        let options = try OVSDBClientOptions(arguments)
        if options.isVersion {
            return Program.printOutput(ProgramVersion.text(for: name))
        }
        if options.isHelp || options.operands.first == "help" {
            return Program.printOutput(help)
        }
        guard let word = options.operands.first else {
            throw ProgramError("missing command name; use --help for help")
        }
        guard let command = commands.first(where: { $0.name == word }) else {
            throw ProgramError("unknown command '\(word)'; use --help for help")
        }
        do {
            try run(command, options)
        } catch let error as TransportError where error.errno == ETIMEDOUT {
            Program.endByAlarm()
        }
    }

    /// Sorts out which words are the server, the database and the rest: the server is known by its
    /// colon, the database by being one.
    private static func run(_ command: Command, _ options: OVSDBClientOptions) throws {
        var rest = Array(options.operands.dropFirst())
        var server = "unix:\(InstallDirectories.current.run)/db.sock"
        // No name of a database or a table has a colon, but transactions and conditions do.
        if let first = rest.first, first.first?.isLetter == true, first.contains(":") {
            server = first
            rest.removeFirst()
        }
        let usage = ProgramError("invalid syntax for '\(command.name)' (use --help for help)")
        let databaseCount = command.database == .none ? 0 : 1
        let required =
            command.arguments.lowerBound + (command.database == .required ? 1 : 0)
        guard rest.count >= required,
            rest.count <= command.arguments.upperBound + databaseCount
        else { throw usage }
        if command.name == "wait", let state = rest.last {
            try OVSDBClientSession.checkState(state)
        }
        let session = try OVSDBClientSession(
            options, server: server, tellsProgress: command.name == "wait")
        do {
            try run(command, on: session, rest, usage)
        } catch let error as CallError {
            throw ProgramError("transaction returned error: \(error.error.text(sortsKeys: true))")
        } catch let error as TransportError where error.errno != ETIMEDOUT {
            throw ProgramError(
                session.client.isCalling
                    ? "transaction failed (\(error.reason))"
                    : "\(server): receive failed (\(error.reason))")
        }
    }

    private static func run(
        _ command: Command, on session: OVSDBClientSession, _ words: [String],
        _ usage: ProgramError
    ) throws {
        var rest = words
        switch command.database {
        case .none: break
        case .required: session.database = rest.removeFirst()
        case .optional:
            let databases = try session.databases()
            if let first = rest.first, rest.count > command.arguments.lowerBound,
                databases.contains(first)
            {
                session.database = first
                rest.removeFirst()
            } else {
                session.database = try defaultDatabase(of: databases)
            }
            guard command.arguments ~= rest.count else { throw usage }
        }
        try command.body(session, rest)
    }

    /// The database that is meant where none is named: the only one but those of the server itself.
    private static func defaultDatabase(of names: [String]) throws -> String {
        let usual = "Open_vSwitch"
        if names.contains(usual) { return usual }
        let own = names.filter { !$0.hasPrefix("_") }
        guard own.count == 1 else {
            throw ProgramError(
                "could not find a default database, please specify a database name")
        }
        return own[0]
    }

    private static var help: String {
        var text = """
            ovsdb-client: asks and watches database servers
            usage: ovsdb-client [OPTIONS] COMMAND [ARG...]

            Commands:

            """
        for command in commands { text += "  \(command.name) \(command.usage)\n" }
        return text + """

            SERVER is such as unix:FILE or tcp:HOST:PORT
            (default: unix:\(InstallDirectories.current.run)/db.sock).
            DATABASE is Open_vSwitch, or the server's only one, unless another one is named.

            Options:
              -t, --timeout=SECS       give up after SECS seconds
              -f, --format=FORMAT      print tables as "table", "list", "html", "csv" or "json"
              -d, --data=FORMAT        print cells as "string", "bare" or "json"
              --no-headings            leave out the row of headings
              --pretty                 print JSON in many lines
              --bare                   the same as "--format=list --data=bare --no-headings"
              --force                  restore even if the schemas differ
              --timestamp              put the time before each change that monitor prints
              --detach, --pidfile[=FILE], --no-chdir  monitor in the background
              -h, --help               print this help
              -V, --version            print the version

            """
    }
}
