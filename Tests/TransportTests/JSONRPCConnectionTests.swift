import JSONRPC
import TestSupport
import Testing
import Transport

struct JSONRPCConnectionTests {
    let directory = TemporaryDirectory()

    /// Sends `octets` to a server that answers each request with its method.
    func exchange(_ octets: [UInt8]) -> (received: String, closeReason: String?) {
        let path = directory("s")
        var received = ""
        var closeReason: String?
        runLoop { loop, finish in
            let target = try StreamTarget("punix:" + path, defaultPort: nil)
            let listener = try StreamListener(target, loop: loop) { stream in
                let server = JSONRPCConnection(stream, maximumByteCount: 1000)
                server.onMessage = { message in
                    guard case .request(let method, _, let id) = message else { return }
                    server.send(.reply(result: .string(method), id: id))
                    if method == "bye" { server.close() }
                }
                server.onClose = { closeReason = $0?.reason }
            }
            StreamClient.connect(to: .unix(path: path), loop: loop) { client in
                client.onReceive = { received += String(decoding: $0, as: UTF8.self) }
                client.onClose = { _ in
                    listener.close()
                    loop.soon(finish)
                }
                for octet in octets { client.send([octet]) }
            } onFailure: { error in
                Issue.record("\(error)")
            }
        }
        return (received, closeReason)
    }

    @Test func `requests in one stream are answered in order`() {
        let text = #"{"id":1,"method":"a","params":[]} {"id":2,"method":"bye","params":[]}"#
        let (received, closeReason) = exchange(Array(text.utf8))
        #expect(
            received
                == #"{"id":1,"result":"a","error":null}{"id":2,"result":"bye","error":null}"#)
        #expect(closeReason == nil)
    }

    @Test(arguments: ["}", "[1", #"{"id":1}"#, #"{"id" 1}"#, "[]"])
    func `what is no message ends the connection`(text: String) {
        let padded = text == "[1" ? "[" + String(repeating: "1,", count: 600) : text
        let (received, closeReason) = exchange(Array(padded.utf8))
        #expect(received == "")
        #expect(closeReason != nil)
    }
}
