import Glibc
import JSONRPC
public import Transport

/// A command-line tool's end of a daemon's control socket.
public struct ControlClient {
    private let stream: BlockingStream
    /// The socket's path.
    public let path: String

    /// Connects to a daemon.
    ///
    /// - Parameter target: a socket's path, or the name of a daemon whose pid file is in the run
    ///   directory.
    public init(
        target: String, directories: InstallDirectories = .current
    ) throws(ProgramError) {
        if target.hasPrefix("/") {
            path = target
        } else {
            let pidFile = directories.socketPath(target + ".pid")
            let pid = try PidFile.readRunning(pidFile)
            path = directories.socketPath("\(target).\(pid).ctl")
        }
        do {
            stream = try BlockingStream(connectingTo: .unix(path: path))
        } catch {
            LogModule("unixctl").warning("failed to connect to \(path)")
            throw ProgramError("cannot connect to \"\(path)\" (\(error.reason))")
        }
    }

    /// Runs one command, and waits for its answer.
    public func execute(
        _ command: String, _ arguments: [String]
    ) throws(ProgramError) -> Result<String, ControlError> {
        let log = LogModule("unixctl")
        let request = JSONRPCMessage.request(
            method: command, params: arguments.map { .string($0) }, id: 0)
        LogModule("jsonrpc").debug("\(stream.name): send \(request.logText)")
        let reply: JSONRPCMessage
        do {
            try stream.send(request.encode())
            reply = try receive()
        } catch {
            log.warning("error communicating with unix:\(path): \(error.reason)")
            throw ProgramError("\(path): transaction error (\(error.reason))")
        }
        switch reply {
        case .reply(.string(let text), _): return .success(text)
        case .error(.string(let text), _): return .failure(ControlError(text))
        default:
            log.warning("unix:\(path): unexpected type of JSON-RPC reply: \(reply.json.text)")
            throw ProgramError(
                "\(path): transaction error (\(TransportError.text(of: EINVAL)))")
        }
    }

    private func receive() throws(TransportError) -> JSONRPCMessage {
        var incoming = JSONStream()
        while true {
            let value: JSON?
            do { value = try incoming.next() } catch { throw TransportError("\(error)") }
            if let value {
                let message: JSONRPCMessage
                do {
                    message = try JSONRPCMessage(value)
                } catch {
                    throw TransportError("\(error)")
                }
                LogModule("jsonrpc").debug("\(stream.name): received \(message.logText)")
                return message
            }
            let octets = try stream.receive()
            guard !octets.isEmpty else { throw TransportError("End of file") }
            incoming.append(octets)
        }
    }
}
