import CLinux

/// What a command left behind.
public struct CommandResult: Sendable {
    /// The exit status, or 128 and the number of the signal that ended it.
    public let status: Int32
    /// What it wrote to its standard output and error, mixed.
    public let output: String

    public var succeeded: Bool { status == 0 }
}

/// Runs `command`, found by `PATH`, and waits for its end.
///
/// - Returns: its output; status 127 if it cannot be started.
@discardableResult
public func run(_ command: [String], environment: [String: String]? = nil) -> CommandResult {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return CommandResult(status: 127, output: "pipe failed") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var variables: [UnsafeMutablePointer<CChar>?] = []
    if let environment { variables = environment.map { strdup("\($0.key)=\($0.value)") } }
    variables.append(nil)
    defer { for variable in variables { free(variable) } }

    var process: pid_t = 0
    let code =
        environment == nil
        ? posix_spawnp(&process, command[0], &actions, nil, arguments, clinux_environment())
        : posix_spawnp(&process, command[0], &actions, nil, arguments, variables)
    close(ends[1])
    defer { close(ends[0]) }
    guard code == 0 else {
        return CommandResult(
            status: 127, output: "\(command[0]): \(String(cString: strerror(code)))")
    }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(ends[0], &chunk, chunk.count)
        if count > 0 {
            output += chunk[..<count]
        } else if count == 0 || clinux_errno() != EINTR {
            break
        }
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && clinux_errno() == EINTR {}
    let signal = status & 0x7f
    return CommandResult(
        status: signal == 0 ? status >> 8 & 0xff : 128 + signal,
        output: String(decoding: output, as: UTF8.self)
    )
}
