import Daemon
import Glibc
import Transport

/// How `ovs-vsctl` comes to a database server.
struct VsctlConnection {
    /// How often the server is sought with `--retry`.
    private static let retryInterval = Duration.milliseconds(500)

    private let log = LogModule("reconnect")
    private let options: VsctlOptions
    private let deadline: ContinuousClock.Instant?

    init(_ options: VsctlOptions) {
        self.options = options
        deadline = options.timeout.map { ContinuousClock.now + .seconds(Int($0)) }
    }

    /// Connects, or waits for the server where the method says to listen.
    func open() throws -> BlockingStream {
        while true {
            do {
                return try openOnce()
            } catch let error as TransportError {
                if error.errno == ETIMEDOUT { Program.endByAlarm() }
                guard options.retries || StreamTarget.isPassive(options.database) else {
                    throw failure(error)
                }
            }
            if let deadline, ContinuousClock.now + Self.retryInterval >= deadline {
                Self.pause(deadline - ContinuousClock.now)
                Program.endByAlarm()
            }
            Self.pause(Self.retryInterval)
        }
    }

    /// The sentence that tells of a connection which failed.
    func failure(_ error: TransportError) -> ProgramError {
        let name = Self.fullName(options.database)
        return ProgramError("\(name): database connection failed (\(error.reason))")
    }

    /// Tries the servers of a list, such as `tcp:10.0.0.1:6640,tcp:10.0.0.2:6640`, one by one.
    private func openOnce() throws -> BlockingStream {
        var failure: TransportError?
        let methods = options.database.split(separator: ",").map(String.init)
        if let first = methods.first { log.debug("\(Self.fullName(first)): entering BACKOFF") }
        for method in methods.isEmpty ? [""] : methods {
            do {
                return try openLoudly(method)
            } catch let error as TransportError {
                failure = failure ?? error
            }
        }
        throw failure ?? TransportError(errno: EAFNOSUPPORT)
    }

    /// Connects, and tells the log how the connection comes about.
    private func openLoudly(_ method: String) throws -> BlockingStream {
        let name = Self.fullName(method)
        let isPassive = StreamTarget.isPassive(method)
        log.info("\(name): \(isPassive ? "listening" : "connecting")...")
        log.debug("\(name): entering \(isPassive ? "LISTENING" : "CONNECTING")")
        do {
            let stream = try open(method)
            log.info("\(name): connected")
            log.debug("\(name): entering ACTIVE")
            return stream
        } catch let error as TransportError {
            LogModule.logWrongTarget(error)
            log.info("\(name): connection attempt failed (\(error.reason))")
            log.debug("\(name): entering BACKOFF")
            throw error
        }
    }

    /// The method with the directory that a socket without one is in, if it is the usual one.
    private static func fullName(_ method: String) -> String {
        method == VsctlOptions.defaultDatabase
            ? "unix:" + InstallDirectories.current.socketPath("db.sock") : method
    }

    private func open(_ method: String) throws -> BlockingStream {
        LogModule.warnOfDefaultPort(method)
        let target = try StreamTarget(method, defaultPort: StreamTarget.ovsdbPort)
        let timeout = deadline.map { $0 - ContinuousClock.now }
        guard target.isPassive else {
            return try BlockingStream(connectingTo: target, timeout: timeout)
        }
        let listener: BlockingListener
        do {
            listener = try BlockingListener(target)
        } catch {
            LogModule.logFailedListen(target, error)
            throw error
        }
        return try listener.accept(timeout: timeout)
    }

    private static func pause(_ duration: Duration) {
        let milliseconds = max(0, (duration / .milliseconds(1)).rounded(.up))
        _ = poll(nil, 0, CInt(min(milliseconds, Double(CInt.max))))
    }
}

extension LogModule {
    /// Says which port a method to connect by means that names none.
    static func warnOfDefaultPort(_ method: String) {
        guard StreamTarget.lacksPort(method) else { return }
        LogModule("stream").warning(
            "The default OVSDB port number has changed from 6632 to \(StreamTarget.ovsdbPort)")
    }

    /// Says what is wrong with an address of TCP, if that is what an attempt failed for.
    static func logWrongTarget(_ error: TransportError) {
        guard error.errno == EAFNOSUPPORT, let colon = error.subject.firstIndex(of: ":"),
            ["tcp", "ssl", "ptcp", "pssl"].contains(error.subject[..<colon])
        else { return }
        let port = StreamTarget.lacksPort(error.subject) ? ":\(StreamTarget.ovsdbPort)" : ""
        if !error.detail.isEmpty {
            let place = error.subject[error.subject.index(after: colon)...]
            LogModule("socket_util").error("\(place)\(port): \(error.detail)")
        }
        guard !StreamTarget.isPassive(error.subject) else { return }
        LogModule("stream_" + error.subject[..<colon]).error(
            "\(error.subject)\(port): connect: \(error.reason)")
    }

    /// Says why a socket cannot be listened on.
    static func logFailedListen(_ target: StreamTarget, _ error: TransportError) {
        if case .unix(let path) = target.address {
            LogModule("stream_unix").error("\(path): binding failed: \(error.reason)")
        } else {
            let place = target.name.drop { $0 != ":" }.dropFirst()
            LogModule("socket_util").error("\(place): bind: \(error.reason)")
        }
    }
}
