extension JSONRPCMessage {
    /// What logs say of the message, behind "send" or "received".
    public var logText: String {
        switch self {
        case .request(let method, let params, let id):
            "request, method=\"\(method)\", params=\(JSON.array(params).text), id=\(id.text)"
        case .notification(let method, let params):
            "notification, method=\"\(method)\", params=\(JSON.array(params).text)"
        case .reply(let result, let id):
            "reply, result=\(result.text), id=\(id.text)"
        case .error(let error, let id):
            "error, error=\(error.text), id=\(id.text)"
        }
    }
}
