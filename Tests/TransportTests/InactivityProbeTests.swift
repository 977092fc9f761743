import JSONRPC
import TestSupport
import Testing

@testable import Transport

/// Peers that say nothing.
struct InactivityProbeTests {
    private let directory = TemporaryDirectory()

    /// Connects to a listener that gives each connection to `serve`, and probes it.
    private func probe(
        serve: @escaping (JSONRPCConnection, _ finish: @escaping () -> Void) -> Void,
        onSilence: @escaping (Int64) -> Void
    ) {
        var probe: InactivityProbe?
        var listener: StreamListener?
        var peer: JSONRPCConnection?
        runLoop { loop, finish in
            let passive = try StreamTarget("punix:" + directory("s"), defaultPort: nil)
            listener = try StreamListener(passive, loop: loop) { stream in
                let connection = JSONRPCConnection(stream)
                peer = connection
                serve(connection, finish)
            }
            StreamClient.connect(
                to: .unix(path: directory("s")), loop: loop,
                onConnect: { stream in
                    let connection = JSONRPCConnection(stream)
                    connection.onMessage = { _ in probe?.heard() }
                    probe = InactivityProbe(connection, loop: loop, milliseconds: 1) { silence in
                        onSilence(silence)
                        finish()
                    }
                }, onFailure: { Issue.record($0) })
        }
        listener?.close()
        peer?.close()
    }

    @Test func `a silent peer is asked and then given up`() {
        var requests: [JSONRPCMessage] = []
        var silences: [Int64] = []
        probe { connection, _ in
            connection.onMessage = { requests.append($0) }
        } onSilence: {
            silences.append($0)
        }
        let count = InactivityProbe.maximumUnansweredCount
        #expect(silences.count == 1)
        #expect(silences.allSatisfy { $0 >= count })
        #expect(requests.count <= count)
        #expect(requests.allSatisfy { $0 == .request(method: "echo", params: [], id: "echo") })
    }

    @Test func `a peer that answers is kept`() {
        var answerCount = 0
        probe { connection, finish in
            connection.onMessage = { message in
                guard case .request(_, let params, let id) = message else { return }
                connection.send(.reply(result: .array(params), id: id))
                answerCount += 1
                if answerCount == 2 * InactivityProbe.maximumUnansweredCount { finish() }
            }
        } onSilence: { _ in
            // On a machine that does nothing for milliseconds even an answer is late.
        }
        #expect(answerCount > 0)
    }
}
