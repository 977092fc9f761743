import Testing
import Transport

/// Runs a control loop on this thread until the test calls `finish`.
///
/// The limit only ends a test that has failed already.
func runLoop(
    _ body: @escaping (_ loop: ControlLoop, _ finish: @escaping () -> Void) throws -> Void
) {
    var timedOut = false
    ControlLoop.run { loop in
        loop.after(.seconds(30)) {
            timedOut = true
            loop.stop()
        }
        do {
            try body(loop) { loop.stop() }
        } catch {
            Issue.record(error)
            loop.stop()
        }
    }
    #expect(!timedOut, "the loop was not finished")
}
