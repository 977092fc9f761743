import CLinux
import Glibc
public import Transport

/// Ends a daemon in good order on SIGTERM, SIGINT and SIGHUP.
///
/// The signals are blocked in all threads and waited for in one of their own, which hands them to
/// the control loop as it hands everything. A second signal does not wait for the loop.
public enum TerminationSignals {
    private static let numbers = [SIGTERM, SIGINT, SIGHUP]

    /// - Precondition: no other thread exists yet, since threads inherit what is blocked.
    /// - Parameter body: runs on the loop; it calls ``die(of:)`` when it has tidied up.
    public static func watch(
        _ loop: ControlLoop, _ body: @escaping @Sendable (_ signal: CInt) -> Void
    ) {
        let waiting = Waiting(set: block(), loop: loop, body: body)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                clinux_set_thread_name("signals")
                Unmanaged<Waiting>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(waiting).toOpaque())
        pthread_detach(thread)
    }

    /// Blocks the signals in this thread and in those that it creates from now on.
    @discardableResult
    static func block() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return set
    }

    /// Unlinks what must not stay, and lets the signal do what it does.
    public static func die(of number: CInt) -> Never {
        ExitCleanup.run()
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        _exit(128 + number)
    }

    private final class Waiting: Sendable {
        let set: sigset_t
        let loop: ControlLoop
        let body: @Sendable (CInt) -> Void

        init(set: sigset_t, loop: ControlLoop, body: @escaping @Sendable (CInt) -> Void) {
            self.set = set
            self.loop = loop
            self.body = body
        }

        func run() {
            var isSecond = false
            while true {
                var set = set
                var number: CInt = 0
                guard sigwait(&set, &number) == 0 else { continue }
                if isSecond { TerminationSignals.die(of: number) }
                isSecond = true
                let body = body
                let received = number
                loop.post {
                    let text = strsignal(received).map { String(cString: $0) } ?? "unknown"
                    LogModule("fatal_signal").warning(
                        "terminating with signal \(received) (\(text))")
                    body(received)
                }
            }
        }
    }
}
