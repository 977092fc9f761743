import CLinux
import Daemon
import Glibc

extension Program {
    /// Ends the program by ``endByAlarm()`` if it still runs then, whatever it waits for.
    static func endByAlarm(after seconds: UInt32) {
        var thread = pthread_t()
        let argument = UnsafeMutableRawPointer(bitPattern: UInt(seconds))
        pthread_create(
            &thread, nil,
            { argument in
                // The log would name the thread otherwise.
                clinux_set_thread_name("")
                sleep(UInt32(UInt(bitPattern: argument)))
                Program.endByAlarm()
            }, argument)
    }

    /// Ends as the alarm of `--timeout` ends the programs of Open vSwitch.
    static func endByAlarm() -> Never {
        LogModule("fatal_signal").warning("terminating with signal \(SIGALRM) (Alarm clock)")
        signal(SIGALRM, SIG_DFL)
        raise(SIGALRM)
        exit(128 + SIGALRM)
    }
}
