import Daemon
import Glibc

extension Program {
    /// Ends as the alarm of `--timeout` ends the programs of Open vSwitch.
    static func endByAlarm() -> Never {
        LogModule("fatal_signal").warning("terminating with signal \(SIGALRM) (Alarm clock)")
        signal(SIGALRM, SIG_DFL)
        raise(SIGALRM)
        exit(128 + SIGALRM)
    }
}
