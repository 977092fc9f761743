import CLinux
import Glibc
import Pipeline
import Synchronization

/// The switch's clock, which `time/stop` and `time/warp` move.
///
/// *Thread safety*: may be read and moved from any thread.
final class SwitchClock: Sendable {
    private struct State {
        /// Added to the monotonic time.
        var offset: Milliseconds = 0
        /// What a stopped clock shows.
        var stoppedAt: Milliseconds?
    }

    private let state = Mutex(State())

    var now: Milliseconds {
        state.withLock { $0.stoppedAt ?? Self.monotonic + $0.offset }
    }

    var isStopped: Bool { state.withLock { $0.stoppedAt != nil } }

    func stop() {
        state.withLock { $0.stoppedAt = $0.stoppedAt ?? Self.monotonic + $0.offset }
    }

    /// Moves the clock forward.
    func warp(by duration: Milliseconds) {
        state.withLock { state in
            if let stoppedAt = state.stoppedAt {
                state.stoppedAt = stoppedAt + duration
            } else {
                state.offset += duration
            }
        }
    }

    private static var monotonic: Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Milliseconds(time.tv_sec) * 1000 + Milliseconds(time.tv_nsec) / 1_000_000
    }
}
