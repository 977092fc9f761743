/// A message of JSON-RPC 1.0, as OVSDB and the control sockets of Open vSwitch's daemons use it.
public enum JSONRPCMessage: Hashable, Sendable {
    case request(method: String, params: [JSON], id: JSON)
    case notification(method: String, params: [JSON])
    case reply(result: JSON, id: JSON)
    case error(JSON, id: JSON)
}

/// What makes a JSON value no message, in a sentence.
public struct JSONRPCError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension JSONRPCMessage {
    /// The message that an object spells; null counts as absent (JSON-RPC 1.0 §1.1).
    public init(_ json: JSON) throws(JSONRPCError) {
        guard let object = json.object else {
            throw JSONRPCError("message is not a JSON object")
        }
        func present(_ key: String) -> JSON? {
            object[key].flatMap { $0.isNull ? nil : $0 }
        }
        let method: String?
        switch present("method") {
        case nil: method = nil
        case .string(let name): method = name
        default: throw JSONRPCError("method is not a JSON string")
        }
        for member in object where !Self.memberNames.contains(member.key) {
            throw JSONRPCError("message has unexpected member \"\(member.key)\"")
        }
        if let method {
            self = try Self.call(method, parameters: object["params"], id: present("id"))
        } else {
            self = try Self.response(
                result: object["result"], error: present("error"), id: present("id"))
        }
        if method != nil, let extra = ["result", "error"].first(where: { present($0) != nil }) {
            throw JSONRPCError("request must not have \"\(extra)\"")
        }
    }

    private static let memberNames = ["method", "params", "result", "error", "id"]

    private static func call(
        _ method: String, parameters: JSON?, id: JSON?
    ) throws(JSONRPCError) -> JSONRPCMessage {
        guard let parameters, !parameters.isNull else {
            let kind = id == nil ? "notification" : "request"
            throw JSONRPCError("\(kind) must have \"params\"")
        }
        guard let params = parameters.array else {
            throw JSONRPCError("\"params\" must be JSON array")
        }
        guard let id else { return .notification(method: method, params: params) }
        return .request(method: method, params: params, id: id)
    }

    /// A result of null counts as absent too, as in Open vSwitch.
    private static func response(
        result: JSON?, error: JSON?, id: JSON?
    ) throws(JSONRPCError) -> JSONRPCMessage {
        let result = result?.isNull == true ? nil : result
        let kind = error != nil ? "error" : result != nil ? "reply" : nil
        guard let kind else {
            throw JSONRPCError("\(id == nil ? "notification" : "request") must have \"method\"")
        }
        guard let id else { throw JSONRPCError("\(kind) must have \"id\"") }
        if let error { return .error(error, id: id) }
        return .reply(result: result ?? .null, id: id)
    }

    public var json: JSON {
        switch self {
        case .request(let method, let params, let id):
            ["id": id, "method": .string(method), "params": .array(params)]
        case .notification(let method, let params):
            ["id": .null, "method": .string(method), "params": .array(params)]
        case .reply(let result, let id):
            ["id": id, "result": result, "error": .null]
        case .error(let error, let id):
            ["id": id, "error": error]
        }
    }

    /// The text of ``json``.
    public func encode() -> [UInt8] {
        var printer = JSONPrinter()
        switch self {
        case .request(let method, let params, let id):
            printer.writeCall(method, params, id: id)
        case .notification(let method, let params):
            printer.writeCall(method, params, id: .null)
        case .reply(let result, let id):
            printer.write(verbatim: "{\"id\":")
            printer.write(id)
            printer.write(verbatim: ",\"result\":")
            printer.write(result)
            printer.write(verbatim: ",\"error\":null}")
        case .error(let error, let id):
            printer.write(verbatim: "{\"id\":")
            printer.write(id)
            printer.write(verbatim: ",\"error\":")
            printer.write(error)
            printer.write(verbatim: "}")
        }
        return printer.octets
    }
}

extension JSONPrinter {
    fileprivate mutating func writeCall(_ method: String, _ params: [JSON], id: JSON) {
        write(verbatim: "{\"id\":")
        write(id)
        write(verbatim: ",\"method\":")
        write(quoted: method)
        write(verbatim: ",\"params\":")
        write(.array(params))
        write(verbatim: "}")
    }
}
