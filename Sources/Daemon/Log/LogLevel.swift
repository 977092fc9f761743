/// How grave a log line is, gravest first.
public enum LogLevel: UInt8, CaseIterable, Comparable, Sendable {
    /// No line is of this level: a destination set to it is silent.
    case off
    case emergency
    case error
    case warning
    case info
    case debug

    /// As log lines and `vlog/list` print it.
    public var text: String {
        switch self {
        case .off: "OFF"
        case .emergency: "EMER"
        case .error: "ERR"
        case .warning: "WARN"
        case .info: "INFO"
        case .debug: "DBG"
        }
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The level of that name, in whatever case.
    init?(text: some StringProtocol) {
        let name = text.uppercased()
        guard let level = Self.allCases.first(where: { $0.text == name }) else { return nil }
        self = level
    }

    /// The severity of RFC 5424 §6.2.1.
    var syslogSeverity: Int {
        switch self {
        case .off, .emergency: 1
        case .error: 3
        case .warning: 4
        case .info: 6
        case .debug: 7
        }
    }
}

/// Where log lines go.
public enum LogDestination: Int, CaseIterable, Sendable {
    case syslog
    case console
    case file

    public var text: String {
        switch self {
        case .syslog: "SYSLOG"
        case .console: "CONSOLE"
        case .file: "FILE"
        }
    }

    init?(text: some StringProtocol) {
        let name = text.uppercased()
        guard let destination = Self.allCases.first(where: { $0.text == name }) else {
            return nil
        }
        self = destination
    }
}
