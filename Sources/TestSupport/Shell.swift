import Glibc

/// Runs command lines in a directory, each with a limit of time.
public struct Shell: Sendable {
    /// Where the commands run.
    public let directory: String

    /// `NAME=VALUE`, and nothing is inherited.
    public let environment: [String]

    /// After so many seconds a command is ended, and its status is not 0.
    public let limit: Int

    /// How a command ended, and what its standard output and standard error showed together.
    public struct Result: Sendable {
        public var status: Int32
        public var output: String
    }

    /// A shell without commands yet.
    public init(directory: String, environment: [String], limit: Int = 15) {
        self.directory = directory
        self.environment = environment
        self.limit = limit
    }

    /// Runs `command` and returns what it showed when it has ended.
    ///
    /// The output goes by a file, not a pipe: a daemon that the command leaves behind may keep its
    /// end open without holding up the reader.
    public func run(_ command: String) throws -> Result {
        let path = directory + "/.output"
        let program = [
            "env", "-C", directory, "timeout", "-k", "5", String(limit), "bash", "-c", command,
        ]
        let pid = try spawn(program, output: path)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw FileError("waitpid: errno \(errno)") }
        }
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        return Result(status: code, output: try readFile(path))
    }

    private func spawn(_ arguments: [String], output: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t.withAllSignals()
        defer { posix_spawnattr_destroy(&attributes) }
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer {
            argv.forEach { free($0) }
            envp.forEach { free($0) }
        }
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
        guard error == 0 else { throw FileError("\(arguments[0]): errno \(error)") }
        return pid
    }
}

extension posix_spawnattr_t {
    /// What starts a program that gets signals as any other: the threads that run tests block all
    /// of them, which a program must not inherit.
    static func withAllSignals() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )
        return attributes
    }
}
