import Glibc
public import Transport

/// A daemon from its first turn of the loop to its end: the loop, the control socket, the ways out.
///
/// It belongs to the control loop. A program's `body` sets up what it serves and calls ``ready()``
/// once it serves, at once or later; from then on it is driven by the loop.
public final class DaemonRun {
    public let process: DaemonProcess
    public let loop: ControlLoop
    public let control: ControlServer
    /// Tidies up before the end; true if `exit --cleanup` asked for it.
    public var onShutdown: ((_ cleanup: Bool) -> Void)?

    private var isReady = false
    private var hasEnded = false
    private var failure: ProgramError?

    private init(process: DaemonProcess, loop: ControlLoop) {
        self.process = process
        self.loop = loop
        control = ControlServer(program: process.program, loop: loop)
    }

    /// Makes this process the daemon, and returns when it has ended.
    ///
    /// - Precondition: the process has one thread.
    /// - Throws: what kept the daemon from starting, or what it ended with.
    public static func run(
        _ process: DaemonProcess, _ body: @escaping (DaemonRun) throws -> Void
    ) throws {
        try process.start()
        defer { ExitCleanup.run() }
        var failure: (any Error)?
        let run = ControlLoop.run { loop in
            let run = DaemonRun(process: process, loop: loop)
            do {
                try run.begin(body)
            } catch {
                failure = error
                loop.stop()
            }
            return run
        }
        if let failure = failure ?? run?.failure { throw failure }
    }

    private func begin(_ body: (DaemonRun) throws -> Void) throws {
        watchSignals()
        try control.listen(at: process.controlSocket)
        control.onExit = { [unowned self] cleanup in
            // The answer to the command goes out at the end of this turn.
            loop.soon { [self] in
                loop.soon { [self] in end(cleanup: cleanup) }
            }
        }
        loop.every(Coverage.samplePeriod) { Coverage.shared.sample() }
        try body(self)
    }

    private func watchSignals() {
        nonisolated(unsafe) let run = self
        TerminationSignals.watch(loop) { number in
            run.shutDown(cleanup: false)
            TerminationSignals.die(of: number)
        }
    }

    /// Says that the daemon serves, so that whoever started it with `--detach` goes on.
    public func ready() {
        guard !isReady else { return }
        isReady = true
        process.ready()
    }

    /// Ends the daemon in good order.
    public func end(cleanup: Bool = false) {
        shutDown(cleanup: cleanup)
        loop.stop()
    }

    /// Ends the daemon with a sentence and an exit status.
    public func fail(_ error: ProgramError) {
        failure = failure ?? error
        end()
    }

    private func shutDown(cleanup: Bool) {
        guard !hasEnded else { return }
        hasEnded = true
        onShutdown?(cleanup)
        control.close()
    }
}
