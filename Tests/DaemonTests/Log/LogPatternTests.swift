import Glibc
import Testing

@testable import Daemon

struct LogPatternTests {
    static var record: LogRecord {
        var record = LogRecord(
            program: "ovs-vswitchd", module: "bridge", level: .warning, text: "hello",
            serial: 7, time: timespec(tv_sec: 1_700_000_000, tv_nsec: 45_678_901),
            facility: .daemon)
        record.millisecondsSinceStart = 1234
        return record
    }

    @Test(arguments: [
        (LogPattern.fileDefault, "2023-11-14T22:13:20.045Z|00007|bridge|WARN|hello"),
        (LogPattern.consoleDefault, "2023-11-14T22:13:20Z|00007|bridge|WARN|hello"),
        (LogPattern.syslogDefault, "ovs|00007|bridge|WARN|hello"),
        ("%D", "2023-11-14 22:13:20"),
        ("%A %r %t%T %%", "ovs-vswitchd 1234 main %"),
        ("<%B>", "<28>"),
        ("%-8c|%8c|%03N|%2m", "bridge  |  bridge|007|hello"),
        ("a%nb", "a\nb"),
        ("%", ""),
        ("%D{", "2023-11-14 22:13:20{"),
        ("%D{%S.####}", "20.0450"),
        ("", ""),
    ])
    func `escapes are expanded`(pattern: String, expected: String) {
        #expect(LogPattern(pattern).format(Self.record) == expected)
    }

    @Test func `lines of other threads say so`() {
        var record = Self.record
        record.subprogram = "handler3"
        #expect(LogPattern("%c%T %t").format(record) == "bridge(handler3) handler3")
    }

    @Test func `a mistaken width does not cost memory`() {
        let line = LogPattern("%99999999999c|%999999999c").format(Self.record)
        #expect(line.count <= 600)
    }
}
