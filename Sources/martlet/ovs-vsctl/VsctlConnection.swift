import Daemon
import Glibc
import Transport

/// How `ovs-vsctl` comes to a database server.
struct VsctlConnection {
    /// How often the server is sought with `--retry`.
    private static let retryInterval = Duration.milliseconds(500)

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
        let name =
            options.database == VsctlOptions.defaultDatabase
            ? "unix:" + InstallDirectories.current.socketPath("db.sock") : options.database
        return ProgramError("\(name): database connection failed (\(error.reason))")
    }

    /// Tries the servers of a list, such as `tcp:10.0.0.1:6640,tcp:10.0.0.2:6640`, one by one.
    private func openOnce() throws -> BlockingStream {
        var failure: TransportError?
        let methods = options.database.split(separator: ",").map(String.init)
        for method in methods.isEmpty ? [""] : methods {
            do {
                return try open(method)
            } catch let error as TransportError {
                failure = failure ?? error
            }
        }
        throw failure ?? TransportError(errno: EAFNOSUPPORT)
    }

    private func open(_ method: String) throws -> BlockingStream {
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
