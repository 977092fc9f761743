import JSONRPC
import Testing

struct JSONRPCMessageTests {
    @Test(arguments: [
        JSONRPCMessage.request(method: "echo", params: [1, "a"], id: 7),
        .notification(method: "update", params: [.null, [:]]),
        .reply(result: ["a": 1], id: "x"),
        .error("unknown method", id: [1]),
    ])
    func `every message survives a round trip`(message: JSONRPCMessage) throws {
        #expect(try JSONRPCMessage(JSON.parse(octets: message.encode())) == message)
    }

    @Test func `messages are written as Open vSwitch writes them`() {
        #expect(
            JSONRPCMessage.reply(result: [1], id: 1).json.text
                == #"{"id":1,"result":[1],"error":null}"#)
        #expect(
            JSONRPCMessage.error("unknown method", id: 1).json.text
                == #"{"id":1,"error":"unknown method"}"#)
    }

    @Test(arguments: [
        ("[1]", "message is not a JSON object"),
        ("{}", #"notification must have "method""#),
        (#"{"id":1}"#, #"request must have "method""#),
        (#"{"method":5}"#, "method is not a JSON string"),
        (#"{"method":"echo"}"#, #"notification must have "params""#),
        (#"{"method":"echo","params":{}}"#, #""params" must be JSON array"#),
        (#"{"method":"a","params":[],"id":1,"x":2}"#, #"message has unexpected member "x""#),
        (#"{"method":"a","params":[],"id":1,"result":2}"#, #"request must not have "result""#),
    ])
    func `what is no message is refused with a reason`(text: String, reason: String) throws {
        let json = try JSON.parse(text)
        do throws(JSONRPCError) {
            _ = try JSONRPCMessage(json)
            Issue.record("accepted")
        } catch {
            #expect(error.description == reason)
        }
    }
}
