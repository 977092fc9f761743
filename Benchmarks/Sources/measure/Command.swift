import Glibc

/// What one run of a command cost.
struct CommandCost {
    let milliseconds: Double
    let kilobytes: Int
}

/// Runs a command with its output thrown away, and waits for it.
func measureCommand(_ arguments: [String]) -> CommandCost {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let argv = arguments.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var pid: pid_t = 0
    let start = now()
    guard posix_spawnp(&pid, arguments[0], &actions, nil, argv, environ) == 0 else {
        fail("cannot run \(arguments[0])")
    }
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(pid, &status, 0, &usage) == pid else { fail("cannot wait for \(arguments[0])") }
    let end = now()
    guard status == 0 else {
        fail("\(arguments.joined(separator: " ")) ended with status \(status >> 8)")
    }
    return CommandCost(milliseconds: (end - start) * 1000, kilobytes: usage.ru_maxrss)
}
