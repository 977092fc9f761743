import Testing
import Transport

@testable import Daemon

struct RestingMemoryTests {
    /// Runs a loop until `body` stops it, or for so long that the test has failed.
    private func run(_ body: @escaping (ControlLoop) -> Void) {
        ControlLoop.run { loop in
            loop.after(.seconds(30)) {
                Issue.record("memory did not rest")
                loop.stop()
            }
            body(loop)
        }
    }

    @Test func `memory goes back once after work, and again after more`() {
        run { loop in
            var log: [String] = []
            var memory: RestingMemory?
            memory = RestingMemory(loop: loop, delay: .milliseconds(1)) {
                log.append("rest")
                guard log.count < 3 else {
                    #expect(log == ["rest", "work", "rest"])
                    memory = nil
                    return loop.stop()
                }
                // A rest without work would come before this.
                loop.after(.milliseconds(20)) {
                    log.append("work")
                    memory?.noteWork()
                }
            }
            memory?.noteWork()
            memory?.noteWork()
        }
    }

    @Test func `a process that gave its pages back goes on`() {
        let text = String(repeating: "memory ", count: 10_000)
        RestingMemory.release()
        #expect(text.utf8.count == 70_000)
    }
}
