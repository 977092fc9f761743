import Glibc

/// What a pattern can print about a log line.
struct LogRecord {
    var program: String
    var module: String
    var level: LogLevel
    var text: String
    var serial: Int
    /// The thread's name; empty on the main thread.
    var subprogram = ""
    var time: timespec
    var millisecondsSinceStart: Int = 0
    var facility: LogFacility
}

/// The form of log lines at one destination: text with escapes such as `%05N`
/// (ovs-appctl(8), *vlog/set*).
struct LogPattern: Hashable {
    static let consoleDefault = "%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m"
    static let fileDefault = "%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m"
    static let syslogDefault = "ovs|%05N|%c%T|%p|%m"
    /// What goes before a line that is sent to a syslog socket rather than to the C library.
    static let syslogPrefix = "<%B> %D{%h %e %T} %E %A: "

    var text: String

    init(_ text: String) { self.text = text }

    /// The line, without an end.
    func format(_ record: LogRecord) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            var isLeft = false
            var pad: Character = " "
            if rest.first == "-" {
                isLeft = true
                rest.removeFirst()
            }
            if rest.first == "0" {
                pad = "0"
                rest.removeFirst()
            }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let escape = rest.popFirst() else { break }
            var argument: Substring?
            if rest.first == "{", let end = rest.firstIndex(of: "}") {
                argument = rest[rest.startIndex..<end].dropFirst()
                rest = rest[rest.index(after: end)...]
            }
            let field = expand(escape, argument.map(String.init), record)
            // A width as wide as this is a mistake, and must not cost memory.
            let width = min(Int(digits) ?? 0, 256)
            let padding = String(repeating: pad, count: max(0, width - field.count))
            result += isLeft ? field + padding : padding + field
        }
        return result
    }

    private func expand(
        _ escape: Character, _ argument: String?, _ record: LogRecord
    ) -> String {
        switch escape {
        case "A": record.program
        case "B": String(record.facility.rawValue << 3 | record.level.syslogSeverity)
        case "c": record.module
        case "d": Self.time(record.time, argument, isUTC: false)
        case "D": Self.time(record.time, argument, isUTC: true)
        case "E": Self.hostName()
        case "m": record.text
        case "N": String(record.serial)
        case "n": "\n"
        case "p": record.level.text
        case "P": String(getpid())
        case "r": String(record.millisecondsSinceStart)
        case "t": record.subprogram.isEmpty ? "main" : record.subprogram
        case "T": record.subprogram.isEmpty ? "" : "(\(record.subprogram))"
        default: String(escape)
        }
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "-" }
        return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The time in a format of strftime(3), where `#` stands for digits of the fraction.
    private static func time(_ time: timespec, _ format: String?, isUTC: Bool) -> String {
        var seconds = time.tv_sec
        var parts = tm()
        if isUTC { gmtime_r(&seconds, &parts) } else { localtime_r(&seconds, &parts) }
        let milliseconds = time.tv_nsec / 1_000_000
        var expanded = ""
        var digit = 100
        for character in format ?? "%Y-%m-%d %H:%M:%S" {
            guard character == "#" else {
                expanded.append(character)
                continue
            }
            expanded.append(String(digit > 0 ? milliseconds / digit % 10 : 0))
            digit /= 10
        }
        guard !expanded.isEmpty else { return "" }
        var room = [CChar](repeating: 0, count: 512)
        let count = strftime(&room, room.count, expanded, &parts)
        return String(decoding: room[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Facilities of RFC 5424 §6.2.1.
enum LogFacility: Int, CaseIterable {
    case kern, user, mail, daemon, auth, syslog, lpr, news, uucp, clock, ftp, ntp, audit, alert
    case clock2, local0, local1, local2, local3, local4, local5, local6, local7

    init?(text: some StringProtocol) {
        let name = text.lowercased()
        guard let facility = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = facility
    }
}
