import Daemon
import Glibc

/// The program `openssl`, which does what needs cryptography, as for the genuine `ovs-pki`.
struct OpenSSLProgram {
    /// Where its output goes.
    let logPath: String

    /// Runs it with its output in the log.
    func run(_ arguments: [String]) throws {
        guard try spawn(arguments, output: logPath, appends: true) == 0 else {
            throw ProgramError("openssl \(arguments[0]) failed; \(logPath) says why")
        }
    }

    /// Runs it with its output where ours goes, and returns its exit status.
    func runVisibly(_ arguments: [String]) throws -> Int32 {
        try spawn(arguments, output: nil, appends: false)
    }

    /// Runs it, and returns what it printed.
    func output(_ arguments: [String]) throws -> String {
        let path = try TemporaryFile("").path
        defer { unlink(path) }
        guard try spawn(arguments, output: path, appends: false) == 0 else {
            throw ProgramError("openssl \(arguments[0]) failed")
        }
        return SmallFile.contents(of: path) ?? ""
    }

    private func spawn(
        _ arguments: [String], output: String?, appends: Bool
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let output {
            let flags = O_WRONLY | O_CREAT | (appends ? O_APPEND : O_TRUNC)
            posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o644)
            if appends { posix_spawn_file_actions_adddup2(&actions, 1, 2) }
        }
        var words = (["openssl"] + arguments).map { (word: String) in strdup(word) } + [nil]
        defer { for word in words { free(word) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, "openssl", &actions, nil, &words, environ)
        guard code == 0 else {
            throw ProgramError(
                code == ENOENT && (output.map { access($0, F_OK) == 0 } ?? true)
                    ? "the program openssl is not installed, and everything here needs it"
                    : "openssl: \(String(cString: strerror(code)))")
        }
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}

/// A text in a file of its own until somebody unlinks it.
struct TemporaryFile {
    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/ovs-pki-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw ProgramError("/tmp: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try SmallFile.write(text, to: path)
    }
}

/// Small files as texts.
enum SmallFile {
    static func contents(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var octets: [UInt8] = []
        while case let octet = getc(file), octet != EOF { octets.append(UInt8(octet)) }
        return String(decoding: octets, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "we") else {
            throw ProgramError("\(path): create failed (\(String(cString: strerror(errno))))")
        }
        let status = fputs(text, file)
        guard fclose(file) == 0, status >= 0 else {
            throw ProgramError("\(path): write failed (\(String(cString: strerror(errno))))")
        }
    }
}
