import CLinux
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Daemon

struct LogSystemTests {
    let directory = TemporaryDirectory()

    /// A log of its own, silent on the console and in the system's log.
    func makeLog(_ program: String = "ovs-vswitchd") throws -> LogSystem {
        let log = LogSystem()
        log.start(program: program)
        for spec in ["console:off", "syslog:off", "PATTERN:file:%05N|%c%T|%p|%m"] {
            try log.apply(spec: spec)
        }
        return log
    }

    func level(_ log: LogSystem, _ module: String) -> String {
        LogDestination.allCases.map { log.module(module).level($0).text }.joined(separator: " ")
    }

    @Test(arguments: [
        ("dbg", "DBG DBG DBG"),
        ("", "DBG DBG DBG"),
        ("any", "DBG DBG DBG"),
        ("bridge", "DBG DBG DBG"),
        ("BRIDGE:Err", "ERR ERR ERR"),
        ("bridge:file:warn", "OFF OFF WARN"),
        ("bridge,console,emer", "OFF EMER INFO"),
        ("info syslog", "INFO OFF INFO"),
        ("ANY:ANY:off", "OFF OFF OFF"),
        ("timeval:dbg", "OFF OFF INFO"),
    ])
    func `a specification sets levels`(spec: String, expected: String) throws {
        let log = try makeLog()
        try log.apply(spec: spec)
        #expect(level(log, "bridge") == expected)
    }

    @Test(arguments: [
        ("foo", "no destination, level, or module \"foo\""),
        ("bridge:foo:dbg", "no destination, level, or module \"foo\""),
        ("ofproto-dpif:dbg", "no destination, level, or module \"ofproto-dpif\""),
        ("dbg:info", "cannot specify multiple levels"),
        ("console:file:dbg", "cannot specify multiple destinations"),
        ("jsonrpc:bridge:dbg", "cannot specify multiple modules"),
        ("PATTERN", "missing destination"),
        ("PATTERN:foo:bar", "unknown destination \"foo\""),
        ("FACILITY", "invalid facility"),
        ("FACILITY:xx", "invalid facility"),
    ])
    func `a wrong specification is refused and sets nothing`(spec: String, text: String) throws {
        let log = try makeLog()
        #expect {
            try log.apply(spec: spec)
        } throws: { "\($0)" == text }
        #expect(level(log, "bridge") == "OFF OFF INFO")
    }

    @Test func `modules that come late take the levels that were set for all`() throws {
        let log = try makeLog()
        try log.apply(spec: "file:dbg")
        #expect(level(log, "late") == "OFF OFF DBG")
        #expect(log.levelTable().contains("\nlate               OFF        OFF        DBG\n"))
    }

    @Test func `lines go to the file by their level and are numbered`() throws {
        let log = try makeLog()
        try log.openFile(directory("log"))
        let module = log.module("bridge")
        log.write("bridge", module, .info, "one")
        log.write("bridge", module, .debug, "hidden by the file's level")
        log.write("bridge", module, .error, "two\nlines")
        log.closeFile()
        log.write("bridge", module, .error, "lost")
        try log.reopenFile()
        let onMain = isMainThread()
        let text = try #require(directory.contents(of: "log"))
        let lines = text.split(separator: "\n").map { line in
            onMain ? String(line) : String(line.replacing(#/\(.*?\)/#, with: ""))
        }
        #expect(
            lines == [
                "00001|vlog|INFO|opened log file \(directory("log"))", "00002|bridge|INFO|one",
                "00004|bridge|ERR|two", "lines",
                "00007|vlog|INFO|opened log file \(directory("log"))",
            ])
    }

    @Test func `a full disk loses lines and says how many`() throws {
        let log = try makeLog()
        try log.openFile("/dev/full")
        log.write("bridge", log.module("bridge"), .info, "into the void")
        #expect(log.state.withLock { $0.file?.lostLineCount } == 2)
    }

    @Test func `a file that cannot be opened is an error`() throws {
        let log = try makeLog()
        let path = directory("no/such")
        #expect {
            try log.openFile(path)
        } throws: {
            "\($0)" == "failed to open \(path) for logging: No such file or directory"
        }
    }

    @Test func `rate limits count what they hold back`() {
        let limit = LogRateLimit(perMinute: 6, burst: 2)
        let start = LogRateLimit.monotonicSeconds()
        #expect(limit.admit(isLimited: true, now: start) == .admit(nil))
        #expect(limit.admit(isLimited: true, now: start) == .admit(nil))
        #expect(limit.admit(isLimited: true, now: start) == .drop)
        #expect(limit.admit(isLimited: true, now: start + 9) == .drop)
        #expect(
            limit.admit(isLimited: true, now: start + 10)
                == .admit(
                    "Dropped 2 log messages in last 10 seconds (most recently, 1 seconds ago) "
                        + "due to excessive rate"))
        #expect(limit.admit(isLimited: true, now: start + 10) == .drop)
        #expect(limit.admit(isLimited: false, now: start + 10) != .drop)
    }

    func isLimited(_ log: LogSystem, _ module: String) -> Bool {
        log.module(module).isRateLimited.load(ordering: .relaxed)
    }

    @Test func `rate limits are lifted by module`() throws {
        let log = try makeLog()
        try log.setRateLimit(false, modules: ["bridge"])
        #expect(isLimited(log, "bridge") == false)
        #expect(isLimited(log, "timeval") == true)
        #expect(throws: LogSpecError(description: "unknown module")) {
            try log.setRateLimit(false, modules: ["foo"])
        }
        try log.setRateLimit(true, modules: [])
        #expect(isLimited(log, "bridge") == true)
    }

    @Test(arguments: [
        ("libc", true), ("null", true), ("unix:/x", true), ("udp:127.0.0.1:514", true),
        ("udp:127.0.0.1", true), ("udp:", true), ("foo", false), ("unix", false), ("", false),
    ])
    func `syslog methods are known`(text: String, isKnown: Bool) {
        #expect((SyslogMethod(text: text) != nil) == isKnown)
    }
}

/// Log lines of other threads carry the thread's name.
private func isMainThread() -> Bool { clinux_gettid() == getpid() }
