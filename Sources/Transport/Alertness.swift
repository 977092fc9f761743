import CLinux
import Glibc
import NIOCore

/// Looks for the next octets of a loop's streams a little while before the loop sleeps.
///
/// A client that waits for each answer asks again tens of microseconds after it has it, and a
/// processor that went to sleep meanwhile takes as long to wake. So once streams were sent what
/// they wait for, their loop looks at all its streams for up to ``time``. It gives up soon where
/// nobody asks: each time in vain makes it pass over twice as many turns as before. The streams
/// are watched by a descriptor of its own, as swift-nio runs what is queued before it looks at
/// sockets.
///
/// It belongs to the loop's thread.
final class Alertness: @unchecked Sendable {
    /// How long to look, in nanoseconds: what a client takes to wake and ask.
    static let time: UInt64 = 100_000

    /// Turns in a row after which timers, signals and listeners have their turn too.
    static let maximumTurnCount = 32

    /// Turns without looking after many in vain.
    static let maximumPause = 256

    /// Streams that are read in one turn.
    private static let eventCount = 16

    /// Where a single processor serves both ends, looking keeps the client from asking.
    private static let isUseful = sysconf(CInt(_SC_NPROCESSORS_ONLN)) > 1

    private let descriptor: CInt
    /// By descriptor.
    private var streams: [StreamConnection?] = []
    private var turnCount = 0
    private var pause = 0
    private var nextPause = 1

    init() { descriptor = Self.isUseful ? epoll_create1(CInt(EPOLL_CLOEXEC)) : -1 }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func watch(_ stream: StreamConnection, _ socket: CInt) {
        guard descriptor >= 0 else { return }
        let events = EPOLLIN.rawValue
        guard
            clinux_epoll_control(descriptor, EPOLL_CTL_ADD, socket, events, UInt64(socket)) == 0
        else { return }
        let index = Int(socket)
        if index >= streams.count {
            streams += Array(repeating: nil, count: index + 1 - streams.count)
        }
        streams[index] = stream
    }

    /// Forgets a stream whose socket is closed, which ends the watch too.
    func forget(_ stream: StreamConnection, _ socket: CInt) {
        let index = Int(socket)
        if index < streams.count, streams[index] === stream { streams[index] = nil }
    }

    /// Says that the loop itself has looked at its sockets.
    func looked() { turnCount = 0 }

    /// Reads what comes within ``time``, unless that was in vain too often of late.
    ///
    /// - Returns: whether anything came.
    func look() -> Bool {
        guard !streams.isEmpty, turnCount < Self.maximumTurnCount else { return false }
        guard pause == 0 else {
            pause -= 1
            return false
        }
        let end = NIODeadline.now().uptimeNanoseconds + Self.time
        repeat {
            let ready = readyStreams()
            guard ready.isEmpty else {
                turnCount += 1
                nextPause = 1
                for stream in ready { stream.receiveNow() }
                return true
            }
        } while NIODeadline.now().uptimeNanoseconds < end
        pause = nextPause
        nextPause = min(2 * nextPause, Self.maximumPause)
        return false
    }

    private func readyStreams() -> [StreamConnection] {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventCount) { events in
            let count = clinux_epoll_wait(
                descriptor, events.baseAddress, CInt(Self.eventCount), 0)
            guard count > 0 else { return [] }
            return events[..<Int(count)].compactMap { streams[Int($0.data.u64)] }
        }
    }
}
