import Transport

/// Options that many programs share, and what they do.
public enum CommonOptions {
    public static let logging = [
        CommandOption("verbose", "v", .optional), CommandOption("log-file", nil, .optional),
        CommandOption("syslog-method", nil, .required),
        CommandOption("syslog-target", nil, .required),
    ]

    public static let daemon = [
        CommandOption("detach"), CommandOption("no-self-confinement"), CommandOption("no-chdir"),
        CommandOption("pidfile", nil, .optional), CommandOption("overwrite-pidfile"),
        CommandOption("monitor"), CommandOption("user", nil, .required),
        CommandOption("unixctl", nil, .required),
    ]

    public static let tls = [
        CommandOption("private-key", "p", .required), CommandOption("certificate", "c", .required),
        CommandOption("ca-cert", "C", .required),
        CommandOption("bootstrap-ca-cert", nil, .required),
        CommandOption("peer-ca-cert", nil, .required),
        CommandOption("ssl-protocols", nil, .required),
        CommandOption("ssl-ciphers", nil, .required),
    ]

    /// Obeys a logging option.
    public static func handleLogging(_ option: OptionParser.Found) throws(ProgramError) {
        let log = LogSystem.shared
        switch option.name {
        case "verbose":
            let spec = option.value ?? "dbg"
            do {
                try log.apply(spec: spec)
            } catch {
                throw ProgramError("processing \"\(spec)\": \(error)")
            }
        case "log-file":
            let path = option.value ?? InstallDirectories.current.log + "/\(log.program).log"
            // The log has said why; a daemon that cannot log as asked must not run unseen.
            do { try log.openFile(path) } catch { throw ProgramError(status: 1) }
        case "syslog-method":
            guard let method = SyslogMethod(text: option.value ?? "") else {
                throw ProgramError("unsupported syslog method '\(option.value ?? "")'")
            }
            if case .udp(let text) = method {
                _ = syslogAddress(text, defaultPort: SyslogAddress.standardPort)
            }
            log.setSyslogMethod(method)
        case "syslog-target":
            let address = syslogAddress(option.value ?? "", defaultPort: nil)
            if let socket = address.flatMap({ SyslogSocket($0) }) { log.setSyslogTarget(socket) }
        default:
            preconditionFailure("--\(option.name) is no logging option")
        }
    }

    /// The address of a syslog daemon; one that cannot be understood is told of in the log.
    ///
    /// The program goes on without it, as the genuine programs do.
    private static func syslogAddress(_ text: String, defaultPort: UInt16?) -> SyslogAddress? {
        do {
            return try SyslogAddress(text, defaultPort: defaultPort)
        } catch {
            LogModule("socket_util").error("\(text): \(error)")
            return nil
        }
    }

    /// The options by their names, for shells that complete command lines.
    public static func list(_ options: [CommandOption]) -> String {
        var text = ""
        for option in options {
            let (long, short) =
                switch option.argument {
                case .none: ("", " ")
                case .required: ("=ARG", " ARG")
                case .optional: ("=[ARG]", " [ARG]")
                }
            text += "--\(option.name)\(long)\n"
            if let letter = option.letter { text += "-\(letter)\(short)\n" }
        }
        return text
    }

    /// What `--help` of a daemon says about ``daemon``.
    public static func daemonHelp(program: String) -> String {
        """

        Daemon options:
          --detach                run in background as daemon
          --monitor               creates a process to monitor this daemon
          --user=username[:group] changes the effective daemon user:group
          --no-chdir              do not chdir to '/'
          --pidfile[=FILE]        create pidfile (default: \
        \(InstallDirectories.current.run)/\(program).pid)
          --overwrite-pidfile     with --pidfile, start even if already running

        """
    }

    /// What `--help` says about ``logging``.
    public static func loggingHelp(program: String) -> String {
        """

        Logging options:
          -vSPEC, --verbose=SPEC   set logging levels
          -v, --verbose            set maximum verbosity level
          --log-file[=FILE]        enable logging to specified FILE
                                   (default: \
        \(InstallDirectories.current.log)/\(program).log)
          --syslog-method=(libc|unix:file|udp:ip:port|null)
                                   how to send messages to the syslog daemon
          --syslog-target=HOST:PORT  also send syslog messages to HOST:PORT by UDP

        """
    }
}
