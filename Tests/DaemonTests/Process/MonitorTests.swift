import Glibc
import TestSupport
import Testing

/// `--monitor`: the process that starts a daemon again which died of a mistake in it.
@Suite(.timeLimit(.minutes(2)))
struct MonitorTests {
    private let directory = TemporaryDirectory()
    private let martlet = Subprocess.built("martlet")

    private func processID() -> pid_t? {
        directory.contents(of: "pid").flatMap { pid_t($0.prefix { $0.isNumber }) }
    }

    /// Waits in a shell, without keeping this process busy.
    private func wait(until condition: String) {
        let loop = "cd \(directory.path); until \(condition); do sleep 0.05; done 2> errors"
        #expect(Subprocess.run(["bash", "-c", loop]).status == 0)
    }

    private func start() {
        let result = Subprocess.run([
            martlet, "ovsdb-server", "--no-dbs", "--detach", "--monitor", "--no-chdir",
            "--pidfile=\(directory("pid"))", "--unixctl=\(directory("ctl"))",
            "--log-file=\(directory("log"))", "-vconsole:off",
        ])
        #expect(result.status == 0, "\(result.error)")
    }

    @Test func `a daemon that crashes is started again, and one that is ended is not`() throws {
        start()
        let first = try #require(processID())
        kill(first, SIGSEGV)
        wait(until: "[ $(cat pid) != \(first) ]")
        let second = try #require(processID())
        // Now the monitor waits until ten seconds have passed since the restart.
        kill(second, SIGSEGV)
        wait(until: "grep -q 'waiting until' log && [ $(cat pid) != \(second) ]")
        let third = try #require(processID())
        let log = try #require(directory.contents(of: "log"))
        for (count, pid) in [first, second].enumerated() {
            let death = "\(count + 1) crashes: pid \(pid) died, killed (Segmentation fault)"
            #expect(log.contains("|ERR|" + death) && log.contains(", restarting"))
        }
        #expect(log.contains("|WARN|2 crashes") && log.contains("until 10 seconds since last"))
        let version = Subprocess.run([martlet, "ovs-appctl", "-t", directory("ctl"), "version"])
        #expect(version.status == 0, "\(version.error)")
        kill(third, SIGTERM)
        wait(until: "[ ! -e pid ] && grep -q exiting log")
    }
}
