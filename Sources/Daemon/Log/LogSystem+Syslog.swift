import Glibc

extension LogSystem {
    /// Where a program sends its lines to the system's log.
    func setSyslogMethod(_ method: SyslogMethod) {
        state.withLock { state in
            state.syslog?.close()
            state.syslog = nil
            state.isSyslogOpen = false
            state.syslogMethod = method
        }
    }

    /// Sends them to a further daemon too.
    func setSyslogTarget(_ socket: SyslogSocket) {
        state.withLock { state in
            state.syslogTarget?.close()
            state.syslogTarget = socket
        }
    }

    static func sendToSyslog(_ record: LogRecord, _ state: inout State) {
        if !state.isSyslogOpen {
            state.isSyslogOpen = true
            state.syslog =
                switch state.syslogMethod {
                case .library: SyslogSocket(path: "/dev/log")
                case .unix(let path): SyslogSocket(path: path)
                case .udp(let text):
                    (try? SyslogAddress(text, defaultPort: SyslogAddress.standardPort))
                        .flatMap { SyslogSocket($0) }
                case .null: nil
                }
        }
        guard state.syslog != nil || state.syslogTarget != nil else { return }
        let line = state.patterns[LogDestination.syslog.rawValue].format(record)
        if let socket = state.syslog {
            let prefix =
                state.syslogMethod == .library
                ? "<%B>%d{%b %e %H:%M:%S} %A[%P]: " : LogPattern.syslogPrefix
            socket.send(LogPattern(prefix).format(record) + line)
        }
        if let socket = state.syslogTarget {
            var remote = record
            remote.facility = state.facility ?? .local0
            socket.send(LogPattern("<%B>").format(remote) + line)
        }
    }
}
