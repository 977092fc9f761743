import Daemon
import Glibc
import OVSDBEngine
import OVSDBModel
import Transport

/// `ovsdb-tool`: works on the files of databases (ovsdb-tool(1)).
enum OVSDBToolProgram {
    static let name = "ovsdb-tool"

    struct Command: Sendable {
        let name: String
        let usage: String
        let argumentCount: ClosedRange<Int>
        /// Returns the exit status.
        let body: @Sendable (OVSDBTool, [String]) throws -> Int32
    }

    static let commands = [
        Command(name: "create", usage: "[db [schema]]", argumentCount: 0...2) {
            try $0.create($1)
        },
        Command(name: "create-cluster", usage: "db contents local", argumentCount: 3...3) {
            tool, _ in try tool.refuseCluster("create-cluster")
        },
        Command(
            name: "join-cluster", usage: "db name local remote...", argumentCount: 4...many
        ) { tool, _ in try tool.refuseCluster("join-cluster") },
        Command(name: "compact", usage: "[db [dst]]", argumentCount: 0...2) {
            try $0.compact($1)
        },
        Command(name: "convert", usage: "[db [schema [dst]]]", argumentCount: 0...3) {
            try $0.convert($1)
        },
        Command(name: "needs-conversion", usage: "[db [schema]]", argumentCount: 0...2) {
            try $0.compareSchemas($1)
        },
        Command(name: "db-name", usage: "[db]", argumentCount: 0...1) {
            try $0.databaseName($1)
        },
        Command(name: "db-version", usage: "[db]", argumentCount: 0...1) {
            $0.print(try $0.databaseSchema($1).version)
        },
        Command(name: "db-cksum", usage: "[db]", argumentCount: 0...1) {
            $0.print(try $0.databaseSchema($1).checksum)
        },
        Command(name: "db-cid", usage: "db", argumentCount: 1...1) {
            try $0.clusterID($1[0])
        },
        Command(name: "db-sid", usage: "db", argumentCount: 1...1) {
            try $0.clusterMember($1[0], "server_id")
        },
        Command(name: "db-local-address", usage: "db", argumentCount: 1...1) {
            try $0.clusterMember($1[0], "local_address")
        },
        Command(name: "db-is-clustered", usage: "db", argumentCount: 1...1) {
            try $0.isStandalone($1[0]) ? 2 : 0
        },
        Command(name: "db-is-standalone", usage: "db", argumentCount: 1...1) {
            try $0.isStandalone($1[0]) ? 0 : 2
        },
        Command(name: "schema-name", usage: "[schema]", argumentCount: 0...1) {
            $0.print(try $0.schema($1.first).name)
        },
        Command(name: "schema-version", usage: "[schema]", argumentCount: 0...1) {
            $0.print(try $0.schema($1.first).version)
        },
        Command(name: "schema-cksum", usage: "[schema]", argumentCount: 0...1) {
            $0.print(try $0.schema($1.first).checksum)
        },
        Command(name: "query", usage: "[db] trns", argumentCount: 1...2) {
            try $0.transact($1, isQuery: true)
        },
        Command(name: "transact", usage: "[db] trns", argumentCount: 1...2) {
            try $0.transact($1, isQuery: false)
        },
        Command(name: "show-log", usage: "[db]", argumentCount: 0...1) { try $0.showLog($1) },
        Command(name: "check-cluster", usage: "db...", argumentCount: 1...many) {
            try $0.checkCluster($1)
        },
        Command(name: "compare-versions", usage: "a op b", argumentCount: 3...3) {
            try $0.compareVersions($1)
        },
        Command(name: "cluster-to-standalone", usage: "db clusterdb", argumentCount: 2...2) {
            try $0.leaveCluster(to: $1[0], from: $1[1])
        },
    ]

    private static let many = Int(Int32.max)

    /// In milliseconds; the bounds are those of `create-cluster`.
    private static let electionTimerRange = 100...600_000

    static let options =
        [
            CommandOption("more", "m"), CommandOption("rbac-role", nil, .required),
            CommandOption("cid", nil, .required), CommandOption("election-timer", nil, .required),
        ] + CommonOptions.logging + [
            CommandOption("help", "h"), CommandOption("option", "o"), CommandOption("version", "V"),
        ]

    static func run(_ arguments: [String]) -> Int32 {
        var status: Int32 = 0
        let failure = Program.run(name) {
            do {
                status = try execute(arguments)
            } catch let error as OVSDBError {
                throw ProgramError(error.description)
            } catch let error as StorageError {
                throw ProgramError("I/O error: \(error)")
            }
        }
        return failure == 0 ? status : failure
    }

    private static func execute(_ arguments: [String]) throws -> Int32 {
        LogSystem.shared.start(program: name)
        LogSystem.shared.setLevel(.warning, at: .console)
        var tool = OVSDBTool()
        var parser = OptionParser(arguments, options: options)
        while let option = try parser.nextOption() {
            switch option.name {
            case "more": tool.verbosity += 1
            case "help":
                Program.printOutput(help)
                return 0
            case "version":
                Program.printOutput(ProgramVersion.text(for: name))
                return 0
            case "option":
                Program.printOutput(CommonOptions.list(options))
                return 0
            case "rbac-role": tool.role = option.value
            case "cid":
                guard UUID(option.value ?? "") != nil else {
                    throw ProgramError("\(option.value ?? ""): not a valid UUID")
                }
            case "election-timer":
                guard let timer = Int(option.value ?? ""), electionTimerRange ~= timer else {
                    throw ProgramError(
                        "ovsdb error: election timer must be between 100 and 600000, in msec.")
                }
            default: try CommonOptions.handleLogging(option)
            }
        }
        guard let word = parser.operands.first else {
            throw ProgramError("missing command name; use --help for help")
        }
        return try dispatch(word, Array(parser.operands.dropFirst()), tool)
    }

    private static func dispatch(
        _ word: String, _ arguments: [String], _ tool: OVSDBTool
    ) throws -> Int32 {
        switch word {
        case "help":
            Program.printOutput(help)
            return 0
        case "list-commands":
            let lines = commands.map { command in
                let padding = String(repeating: " ", count: max(0, 24 - command.name.count))
                return "  \(command.name)\(padding)\(command.usage)\n"
            }
            Program.printOutput("The available commands are:\n" + lines.joined())
            return 0
        default:
            break
        }
        guard let command = commands.first(where: { $0.name == word }) else {
            throw ProgramError("unknown command '\(word)'; use --help for help")
        }
        let limits = command.argumentCount
        if arguments.count < limits.lowerBound {
            throw ProgramError(
                "'\(word)' command requires at least \(limits.lowerBound) arguments")
        }
        if arguments.count > limits.upperBound {
            throw ProgramError("'\(word)' command takes at most \(limits.upperBound) arguments")
        }
        return try command.body(tool, arguments)
    }

    private static var help: String {
        """
        ovsdb-tool: Open vSwitch database management utility
        usage: ovsdb-tool [OPTIONS] COMMAND [ARG...]
          create [DB [SCHEMA]]    create DB with the given SCHEMA
          compact [DB [DST]]      compact DB in-place (or to DST)
          convert [DB [SCHEMA [DST]]]   convert DB to SCHEMA (to DST)
          needs-conversion [DB [SCHEMA]]  whether DB has another schema
          db-name [DB]            report name of schema used by DB
          db-version [DB]         report version of schema used by DB
          db-cksum [DB]           report checksum of schema used by DB
          db-cid DB               report cluster ID of clustered DB
          db-sid DB               report server ID of clustered DB
          db-local-address DB     report local address of clustered DB
          db-is-clustered DB      test whether DB is clustered
          db-is-standalone DB     test whether DB is standalone
          schema-name [SCHEMA]    report SCHEMA's name
          schema-version [SCHEMA] report SCHEMA's schema version
          schema-cksum [SCHEMA]   report SCHEMA's checksum
          cluster-to-standalone DB CLUSTERDB
                                  write CLUSTERDB as standalone DB
          compare-versions A OP B  compare OVSDB schema version numbers
          query [DB] TRNS         execute read-only transaction on DB
          transact [DB] TRNS      execute read/write transaction on DB
          [-m]... show-log [DB]   print DB's log entries
        The default DB is \(OVSDBTool.defaultDatabase).
        The default SCHEMA is \(OVSDBTool.defaultSchema).

        """ + CommonOptions.loggingHelp(program: name) + """

            Other options:
              -m, --more                  increase show-log verbosity
              --rbac-role=ROLE            run transact and query in this role
              -h, --help                  display this help message
              -V, --version               display version information

            """
    }
}
