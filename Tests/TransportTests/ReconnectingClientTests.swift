import TestSupport
import Testing

@testable import Transport

struct ReconnectingClientTests {
    @Test func `waits double up to the longest`() {
        var backoff = Backoff(maximumSeconds: 8)
        #expect((0..<6).map { _ in backoff.attemptFailed() } == [1, 2, 4, 8, 8, 8])
        #expect(backoff.connectionEnded(after: .seconds(7)) == 8)
        #expect(backoff.connectionEnded(after: .seconds(8)) == 0)
        #expect(backoff.connectionEnded(after: .milliseconds(999)) == 1)
    }

    @Test func `events read as log lines do`() {
        let events: [ReconnectEvent] = [
            .connecting, .failed("Connection refused"), .waiting(seconds: 2), .connected,
            .closed(nil), .closed("Connection reset by peer"),
        ]
        #expect(
            events.map(\.text) == [
                "connecting...", "connection attempt failed (Connection refused)",
                "waiting 2 seconds before reconnect", "connected", "connection closed by peer",
                "connection dropped (Connection reset by peer)",
            ])
    }

    @Test func `a client finds a listener that comes late and reports its end`() {
        let directory = TemporaryDirectory()
        let path = directory("s")
        var log: [ReconnectEvent] = []
        runLoop { loop, finish in
            let target = try StreamTarget("punix:" + path, defaultPort: nil)
            var listener: StreamListener?
            let client = ReconnectingClient(.unix(path: path), loop: loop)
            client.second = .zero
            client.onEvent = { event in
                log.append(event)
                guard case .failed = event else { return }
                listener = try? StreamListener(target, loop: loop) { stream in
                    listener?.close()
                    stream.close()
                }
            }
            client.onDisconnect = { error in
                #expect(error == nil)
                client.stop()
                finish()
            }
            client.start()
        }
        #expect(
            log == [
                .connecting, .failed("No such file or directory"), .waiting(seconds: 1),
                .connecting, .connected, .closed(nil),
            ])
    }
}
