import CLinux
import Glibc
import Synchronization
public import Transport

/// The log of this process: modules, levels, destinations, and the lines' forms.
///
/// *Thread safety*: any thread may call anything. Levels are read without a lock; a line that is
/// written takes one, so lines do not mix.
public final class LogSystem: Sendable {
    /// The one of this process.
    public static let shared = LogSystem()

    struct State {
        var program = "martlet"
        var modules: [String: LogModuleState] = [:]
        /// Of modules that are yet to come.
        var defaults = [LogLevel](repeating: .info, count: LogDestination.allCases.count)
        var patterns = [
            LogPattern(LogPattern.syslogDefault), LogPattern(LogPattern.consoleDefault),
            LogPattern(LogPattern.fileDefault),
        ]
        var facility: LogFacility?
        var serial = 0
        var file: LogFile?
        var startedAt = LogSystem.now(CLOCK_MONOTONIC)
        /// What `%t` says on the main thread.
        var subprogram = ""
        var syslogMethod = SyslogMethod.library
        var syslog: SyslogSocket?
        var syslogTarget: SyslogSocket?
        var isSyslogOpen = false
    }

    let state = Guarded(State())

    init() {}

    /// Names the program, and the modules that its log has from the beginning.
    public func start(program: String) {
        state.withLock { state in
            state.program = program
            for name in LogModuleNames.of(program) where state.modules[name] == nil {
                state.modules[name] = LogModuleState(levels: state.defaults)
            }
            if let method = getenv("OVS_SYSLOG_METHOD"),
                let parsed = SyslogMethod(text: String(cString: method))
            {
                state.syslogMethod = parsed
            }
        }
        CommonOptions.reportTLS()
    }

    public var program: String { state.withLock { $0.program } }

    /// What log lines call this process where it is not the main one, such as `monitor`.
    public func setSubprogram(_ name: String) { state.withLock { $0.subprogram = name } }

    func module(_ name: String) -> LogModuleState {
        state.withLock { state in
            if let module = state.modules[name] { return module }
            let module = LogModuleState(levels: state.defaults)
            state.modules[name] = module
            return module
        }
    }

    /// Sets the level of every module at a destination.
    public func setLevel(_ level: LogLevel, at destination: LogDestination) {
        setLevels(modules: nil, destinations: [destination], level: level)
    }

    func setLevels(modules name: String?, destinations: [LogDestination], level: LogLevel) {
        state.withLock { state in
            let modules =
                if let name { state.modules[name].map { [$0] } ?? [] } else {
                    Array(state.modules.values)
                }
            for destination in destinations {
                for module in modules { module.set(destination, to: level) }
                if name == nil { state.defaults[destination.rawValue] = level }
            }
        }
    }

    // MARK: The file

    /// Starts logging to a file, which is appended to.
    public func openFile(_ path: String) throws(TransportError) {
        let file = LogFile(path: path)
        do {
            try file.open()
        } catch {
            let reason = "failed to open \(path) for logging: \(error.reason)"
            note(.warning, reason)
            throw TransportError(reason, errno: error.errno)
        }
        state.withLock { state in
            state.file?.close()
            state.file = file
        }
        note(.info, "opened log file \(path)")
    }

    /// Closes the file and opens it again, for whoever rotates logs.
    public func reopenFile() throws(TransportError) {
        let file = state.withLock { $0.file }
        guard let file else { return }
        note(.info, "closing log file")
        file.close()
        do {
            try file.open()
        } catch {
            throw TransportError(error.reason, errno: error.errno)
        }
        note(.info, "opened log file \(file.path)")
    }

    /// Logs what the log itself does.
    private func note(_ level: LogLevel, _ text: String) {
        let module = module("vlog")
        if level.rawValue <= module.mostVerbose.load(ordering: .relaxed) {
            write("vlog", module, level, text)
        }
    }

    public func closeFile() {
        state.withLock { $0.file?.close() }
    }

    // MARK: Lines

    func write(_ name: String, _ module: LogModuleState, _ level: LogLevel, _ text: String) {
        let subprogram = Self.threadName()
        let time = Self.now(CLOCK_REALTIME)
        let savedErrno = errno
        state.withLock { state in
            state.serial += 1
            let started = state.startedAt
            let uptime = Self.now(CLOCK_MONOTONIC)
            var record = LogRecord(
                program: state.program, module: name, level: level, text: text,
                serial: state.serial, subprogram: subprogram ?? state.subprogram, time: time,
                facility: state.facility ?? .daemon)
            record.millisecondsSinceStart =
                (uptime.tv_sec - started.tv_sec) * 1000
                + (uptime.tv_nsec - started.tv_nsec) / 1_000_000
            Self.deliver(record, module, &state)
        }
        errno = savedErrno
    }

    private static func deliver(
        _ record: LogRecord, _ module: LogModuleState, _ state: inout State
    ) {
        if record.level <= module.level(.console) {
            let line = state.patterns[LogDestination.console.rawValue].format(record) + "\n"
            fileWrite(STDERR_FILENO, line)
        }
        if record.level <= module.level(.file), let file = state.file {
            file.append(state.patterns[LogDestination.file.rawValue].format(record) + "\n")
        }
        guard record.level <= module.level(.syslog) else { return }
        // A datagram holds one line.
        for line in record.text.split(separator: "\n", omittingEmptySubsequences: false) {
            var single = record
            single.text = String(line)
            sendToSyslog(single, &state)
        }
    }

    private static func fileWrite(_ descriptor: CInt, _ line: String) {
        let octets = Array(line.utf8)
        _ = Glibc.write(descriptor, octets, octets.count)
    }

    private static func now(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }

    /// The name of a thread that is not the main one.
    private static func threadName() -> String? {
        guard clinux_gettid() != getpid() else { return nil }
        var name = [CChar](repeating: 0, count: 16)
        clinux_get_thread_name(&name)
        return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}

/// A log file, open or not.
///
/// A full disk loses lines, counts them, and says so once there is room again.
final class LogFile: @unchecked Sendable {
    // Guarded by the lock of the log system, but for `open`, whose race loses nothing but a line.
    let path: String
    private var descriptor: CInt = -1
    private(set) var lostLineCount = 0

    init(path: String) { self.path = path }

    func open() throws(TransportError) {
        let opened = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard opened >= 0 else { throw TransportError(errno: errno) }
        close()
        descriptor = opened
    }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    func append(_ line: String) {
        guard descriptor >= 0 else { return }
        if lostLineCount > 0 {
            guard put("... \(lostLineCount) log lines were lost for want of space\n") else {
                lostLineCount += 1
                return
            }
            lostLineCount = 0
        }
        if !put(line) { lostLineCount += 1 }
    }

    private func put(_ line: String) -> Bool {
        let octets = Array(line.utf8)
        return Glibc.write(descriptor, octets, octets.count) == octets.count
    }
}
