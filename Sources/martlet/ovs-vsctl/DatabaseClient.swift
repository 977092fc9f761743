import Daemon
import Glibc
import JSONRPC
import Transport

/// A database server that a command-line tool asks one thing after another.
final class DatabaseClient {
    private let stream: BlockingStream
    private let log = LogModule("jsonrpc")
    private var incoming = JSONStream()
    private var nextID: Int64
    /// Notifications that arrived while something else was waited for.
    private var notifications: [(method: String, params: [JSON])] = []
    /// Whether the answer to a call is waited for.
    private(set) var isCalling = false
    /// Commands that may come while a message is waited for.
    var control: ControlThread? {
        didSet { stream.interruption = control?.descriptor ?? -1 }
    }
    /// Whether the server's messages are left unread.
    var isBlocked = false

    /// - Parameter firstID: The first request's; programs differ in it.
    init(_ stream: BlockingStream, firstID: Int64 = 0) {
        self.stream = stream
        nextID = firstID
    }

    /// Calls a method and waits for its result.
    func call(_ method: String, _ params: [JSON]) throws -> JSON {
        let id = JSON.integer(nextID)
        isCalling = true
        try send(method, params)
        while true {
            switch try nextMessage() {
            case .reply(let result, let replied) where replied == id:
                isCalling = false
                return result
            case .error(let error, let replied) where replied == id:
                isCalling = false
                throw CallError(method: method, error: error)
            case .notification(let method, let params):
                notifications.append((method, params))
            default:
                break
            }
        }
    }

    /// Waits for a notification of one of these methods.
    func nextNotification() throws -> (method: String, params: [JSON]) {
        if !notifications.isEmpty { return notifications.removeFirst() }
        while true {
            if case .notification(let method, let params) = try nextMessage() {
                return (method, params)
            }
        }
    }

    /// Sends a request whose answer is one of the next messages.
    func send(_ method: String, _ params: [JSON]) throws(TransportError) {
        let id = JSON.integer(nextID)
        nextID += 1
        let message = JSONRPCMessage.request(method: method, params: params, id: id)
        log.debug("\(stream.name): send \(message.logText)")
        try stream.send(message.encode())
    }

    /// The next message, probes answered.
    func nextMessage() throws -> JSONRPCMessage {
        while true {
            waitWhileBlocked()
            guard let message = try takeMessage() else {
                try receive()
                continue
            }
            guard case .request("echo", let params, let id) = message else { return message }
            try stream.send(JSONRPCMessage.reply(result: .array(params), id: id).encode())
        }
    }

    private func waitWhileBlocked() {
        guard let control else { return }
        while isBlocked { control.waitForCommands() }
    }

    /// Waits for octets, or for commands, and runs those.
    private func receive() throws(TransportError) {
        do throws(TransportError) {
            let octets = try stream.receive()
            guard !octets.isEmpty else {
                throw TransportError("End of file", subject: stream.name)
            }
            incoming.append(octets)
        } catch {
            guard let control, error.errno == EINTR else { throw error }
            control.runCommands()
        }
    }

    /// A message that has arrived whole.
    ///
    /// A server that speaks something else is told of in the log,
    /// and the connection is of no further use.
    private func takeMessage() throws(TransportError) -> JSONRPCMessage? {
        do {
            guard let json = try incoming.next() else { return nil }
            let message = try JSONRPCMessage(json)
            log.debug("\(stream.name): received \(message.logText)")
            return message
        } catch let error as JSONRPCError {
            log.warning("\(stream.name): received bad JSON-RPC message: \(error)")
        } catch {
            log.warning("\(stream.name): error parsing stream: \(error)")
        }
        throw TransportError(errno: EPROTO, subject: stream.name)
    }
}

/// A method that the server refused.
struct CallError: Error, CustomStringConvertible {
    let method: String
    let error: JSON

    var description: String { "\(method): \(error.string ?? error.text(sortsKeys: true))" }
}
