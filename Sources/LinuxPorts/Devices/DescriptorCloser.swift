import CLinux
import Glibc

/// Closes descriptors on threads of its own, several side by side.
///
/// The kernel lets `close` of a bound packet socket wait until every processor has been seen
/// outside of its receive path, some 12 ms; one after the other, the sockets of a bridge with 500
/// ports take 6 seconds, in which the one who closes them can do nothing else. Nobody need wait:
/// a device takes the next socket while an old one is going. Waits that overlap are answered
/// together, so that a few threads shorten the whole too. They end when there is nothing left.
///
/// It is not for TAP devices, whose name is free only when `close` has returned.
///
/// *Thread safety*: every method may be called from any thread.
final class DescriptorCloser: @unchecked Sendable {
    static let shared = DescriptorCloser()

    /// Enough to make 500 waits of 12 ms less than half a second.
    static let maximumThreads = 16

    private var descriptors: [Int32] = []
    private var threadCount = 0
    private var mutex = pthread_mutex_t()
    private var idle = pthread_cond_t()

    init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&idle, nil)
    }

    deinit {
        pthread_cond_destroy(&idle)
        pthread_mutex_destroy(&mutex)
    }

    /// Has `descriptor` closed soon; it must not be used any more.
    func close(_ descriptor: Int32) {
        pthread_mutex_lock(&mutex)
        descriptors.append(descriptor)
        let needsThread = threadCount < Self.maximumThreads
        if needsThread { threadCount += 1 }
        pthread_mutex_unlock(&mutex)
        // Without a thread, the closing is done here.
        if needsThread && !startThread() { work() }
    }

    /// Waits until all descriptors are closed.
    func waitUntilIdle() {
        pthread_mutex_lock(&mutex)
        while threadCount > 0 { pthread_cond_wait(&idle, &mutex) }
        pthread_mutex_unlock(&mutex)
    }

    private func startThread() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            nil,
            { context in
                clinux_begin_thread("closing")
                Unmanaged<DescriptorCloser>.fromOpaque(context!).takeRetainedValue().work()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func work() {
        pthread_mutex_lock(&mutex)
        while let descriptor = descriptors.popLast() {
            pthread_mutex_unlock(&mutex)
            _ = Glibc.close(descriptor)
            pthread_mutex_lock(&mutex)
        }
        threadCount -= 1
        if threadCount == 0 { pthread_cond_broadcast(&idle) }
        pthread_mutex_unlock(&mutex)
    }
}

/// Waits until the sockets of ports that were closed are gone, as before the process ends.
public func waitForClosedPorts() { DescriptorCloser.shared.waitUntilIdle() }
