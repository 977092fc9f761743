import Glibc

/// What a program that ran to its end left behind.
public struct ProgramResult: Sendable, Equatable {
    /// The exit status, or 128 and the signal's number.
    public let status: Int32
    public let output: String
    public let error: String
}

/// Programs that tests start: ours, and genuine ones to compare with.
public enum Subprocess {
    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up in `PATH` if its name has no slash, and what it is
    ///     called with.
    ///   - environment: variables that are set beside those of this process.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) -> ProgramResult {
        let directory = TemporaryDirectory()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, directory("out"), flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, directory("err"), flags, 0o600)

        var attributes = posix_spawnattr_t.withAllSignals()
        defer { posix_spawnattr_destroy(&attributes) }

        var pid: pid_t = 0
        let status = withStrings(arguments) { argv in
            withStrings(variables(environment)) { envp in
                posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard status == 0 else {
            let reason = String(cString: strerror(status))
            return ProgramResult(status: 127, output: "", error: "\(arguments[0]): \(reason)\n")
        }
        var ended: CInt = 0
        while waitpid(pid, &ended, 0) < 0 && errno == EINTR {}
        let signal = ended & 0x7f
        return ProgramResult(
            status: signal == 0 ? ended >> 8 & 0xff : 128 + signal,
            output: directory.contents(of: "out") ?? "", error: directory.contents(of: "err") ?? ""
        )
    }

    /// Where a program of that name is in `PATH`, or nil.
    public static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories = path.split(separator: ":").map { String($0) } + ["/usr/sbin", "/sbin"]
        return directories.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    /// A program that this package builds, beside the tests that run.
    public static func built(_ name: String) -> String {
        var room = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &room, room.count)
        let path = String(
            decoding: room[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/" + name
    }

    private static func variables(_ further: [String: String]) -> [String] {
        var result: [String] = []
        var entry = environ
        while let variable = entry.pointee {
            let text = String(cString: variable)
            if further[String(text.prefix { $0 != "=" })] == nil { result.append(text) }
            entry += 1
        }
        return result + further.map { "\($0.key)=\($0.value)" }
    }

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
