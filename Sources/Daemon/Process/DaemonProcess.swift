import CLinux
import Glibc
public import Transport

/// How a program becomes a daemon: in the background, watched over, with a pid file.
///
/// The order matters. ``start()`` comes before any thread exists, since it forks; the process that
/// was called waits for ``ready()`` in the child, so that whoever called it knows that the daemon
/// serves when it returns, and gets its exit status when it does not.
public final class DaemonProcess {
    /// As `--monitor` restarts a daemon that crashes, but not in a tight loop.
    static let minimumRestartSeconds = 10

    public let program: String
    public private(set) var detaches = false
    public private(set) var monitors = false
    /// What `--unixctl` says.
    public private(set) var controlSocket: String?
    /// Whether standard output stays open in the background, for programs that go on printing.
    public var keepsOutput = false
    /// Whether another user keeps the right to handle packets.
    public var handlesPackets = false
    private var user: ServiceUser?
    private var changesDirectory = true
    private var overwritesPidFile = false
    private var pidFile: PidFile?
    private let directories: InstallDirectories
    /// Where the process that was called waits for a word.
    private var readyDescriptor: CInt = -1

    public init(program: String, directories: InstallDirectories = .current) {
        self.program = program
        self.directories = directories
    }

    /// Obeys one of ``CommonOptions/daemon``.
    public func handle(_ option: OptionParser.Found) throws(ProgramError) {
        switch option.name {
        case "detach": detaches = true
        case "monitor": monitors = true
        case "no-chdir": changesDirectory = false
        case "pidfile":
            pidFile = PidFile(path: directories.socketPath(option.value ?? "\(program).pid"))
        case "overwrite-pidfile": overwritesPidFile = true
        case "no-self-confinement": break
        case "user":
            user = try ServiceUser(option.value ?? "", subject: pidFile?.path ?? "(null)")
        case "unixctl": controlSocket = option.value
        default: preconditionFailure("--\(option.name) is no daemon option")
        }
    }

    /// Forks as asked, writes the pid file, and returns in the process that is to serve.
    public func start() throws(ProgramError) {
        signal(SIGPIPE, SIG_IGN)
        try user?.become(handlesPackets: handlesPackets)
        if detaches || monitors { Self.letCrashesEnd() }
        if detaches {
            try forkAndWait()
            setsid()
        }
        if monitors { try monitor() }
        if let pidFile {
            try pidFile.create(program: program, overwrite: overwritesPidFile)
        }
    }

    /// Says that the daemon serves: the process that was called ends, and the terminal is let go.
    public func ready() {
        notify()
        guard detaches else { return }
        LogSystem.shared.setLevel(.off, at: .console)
        let null = open("/dev/null", O_RDWR)
        if null >= 0 {
            let kept = keepsOutput ? [STDOUT_FILENO] : []
            for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
            where !kept.contains(descriptor) {
                dup2(null, descriptor)
            }
            if null > STDERR_FILENO { close(null) }
        }
        if changesDirectory { chdir("/") }
    }

    private func notify() {
        guard readyDescriptor >= 0 else { return }
        var octet: UInt8 = 0
        write(readyDescriptor, &octet, 1)
        close(readyDescriptor)
        readyDescriptor = -1
    }

    /// Returns in the child; the parent waits until the child is ready, and ends.
    private func forkAndWait() throws(ProgramError) {
        let (child, descriptor) = try forkChild()
        guard child != 0 else { return }
        if Self.waitForWord(descriptor) { _exit(0) }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        if Self.exitStatus(status) == nil {
            let end = Self.text(ofStatus: status)
            Program.printError("\(program): fork child died before signaling startup (\(end))")
        }
        _exit(Self.exitStatus(status) ?? 1)
    }

    /// Forks with a pipe: the child holds the end that says it is ready.
    private func forkChild() throws(ProgramError) -> (pid: pid_t, descriptor: CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ProgramError("pipe failed (\(TransportError.text(of: errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child = clinux_fork()
        guard child >= 0 else {
            throw ProgramError("fork failed (\(TransportError.text(of: errno)))")
        }
        if child == 0 {
            close(ends[0])
            ExitCleanup.forget()
            // The parent's own word can only be given once it is known that all is well.
            if readyDescriptor >= 0 { close(readyDescriptor) }
            readyDescriptor = ends[1]
        } else {
            close(ends[1])
        }
        return (child, ends[0])
    }

    private static func waitForWord(_ descriptor: CInt) -> Bool {
        defer { close(descriptor) }
        var octet: UInt8 = 0
        while true {
            let count = read(descriptor, &octet, 1)
            if count >= 0 || errno != EINTR { return count == 1 }
        }
    }

    // MARK: The monitor

    /// Returns in each new child; the monitor itself never returns.
    private func monitor() throws(ProgramError) {
        let log = LogModule("daemon_unix")
        var hasServed = false
        var past = "healthy"
        var crashCount = 0
        var restartedAt: Int?
        while true {
            let (child, descriptor) = try forkChild()
            guard child != 0 else {
                LogSystem.shared.setSubprogram("")
                return
            }
            LogSystem.shared.setSubprogram("monitor")
            ProcessTitle.set("\(program): monitoring pid \(child) (\(past))")
            if Self.waitForWord(descriptor), !hasServed {
                hasServed = true
                ready()
            }
            var status: CInt = 0
            while waitpid(child, &status, 0) < 0 && errno == EINTR {}
            let death = "pid \(child) died, \(Self.text(ofStatus: status))"
            guard Self.isCrash(status), hasServed else {
                log.info("\(death), exiting")
                _exit(Self.exitStatus(status) ?? 1)
            }
            crashCount += 1
            past = "\(crashCount) crashes: \(death)"
            Self.waitToRestart(past, after: restartedAt, log)
            restartedAt = LogRateLimit.monotonicSeconds()
            log.error("\(past), restarting")
        }
    }

    /// Waits where a daemon was restarted a moment ago.
    private static func waitToRestart(_ past: String, after restart: Int?, _ log: LogModule) {
        guard let restart else { return }
        let end = restart + minimumRestartSeconds
        guard LogRateLimit.monotonicSeconds() < end else { return }
        log.warning(
            "\(past), waiting until \(minimumRestartSeconds) seconds since last restart")
        while case let left = end - LogRateLimit.monotonicSeconds(), left > 0 {
            sleep(UInt32(left))
        }
    }

    private static let crashes = [
        SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGSEGV, SIGTRAP, SIGXCPU, SIGXFSZ,
    ]

    /// Takes back what Swift's library does where it finds its `swift-backtrace`: it waits for that
    /// program to look at the dead process, which then never ends, and nobody starts it again.
    private static func letCrashesEnd() {
        for number in crashes where number != SIGPIPE { signal(number, SIG_DFL) }
    }

    /// Whether a process died of what is a mistake in it.
    private static func isCrash(_ status: CInt) -> Bool {
        return crashes.contains(status & 0x7f)
    }

    /// The status of a process that ended by itself.
    private static func exitStatus(_ status: CInt) -> CInt? {
        status & 0x7f == 0 ? status >> 8 & 0xff : nil
    }

    /// What a process ended with, from the status that the system keeps of it.
    public static func text(ofStatus status: CInt) -> String {
        if let exit = exitStatus(status) { return "exit status \(exit)" }
        let number = status & 0x7f
        let name = strsignal(number).map { String(cString: $0) } ?? "unknown"
        return "killed (\(name))" + (status & 0x80 != 0 ? ", core dumped" : "")
    }
}
