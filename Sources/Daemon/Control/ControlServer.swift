import Glibc
import JSONRPC
public import Transport

/// The control socket of a daemon, which `ovs-appctl` talks to: JSON-RPC requests whose method is a
/// command and whose parameters are words.
///
/// It belongs to the control loop.
public final class ControlServer {
    /// A command line has no business being longer, even one that carries a whole packet.
    static let maximumMessageByteCount = 1 << 24

    /// One command.
    struct Command {
        let usage: String?
        let argumentCount: ClosedRange<Int>
        let body: (ControlRequest) -> Void
    }

    public let program: String
    /// Called by the command `exit`; true if it asks for `--cleanup`.
    public var onExit: ((_ cleanup: Bool) -> Void)?
    /// What `memory/show` prints: names and counts.
    public var onMemoryUsage: (() -> [(name: String, count: Int)])?

    private let loop: ControlLoop
    private var listener: StreamListener?
    private var commands: [String: Command] = [:]
    private let log = LogModule("unixctl")

    /// A server with the commands that every daemon has; it listens once ``listen(at:)`` is called.
    public init(program: String, loop: ControlLoop) {
        self.program = program
        self.loop = loop
        registerBuiltIns()
    }

    /// The socket's path when nothing else is asked for.
    public static func defaultPath(
        program: String, directories: InstallDirectories = .current
    ) -> String {
        directories.socketPath("\(program).\(getpid()).ctl")
    }

    /// Listens at what `--unixctl` says; nil for the default, `none` for nowhere.
    public func listen(
        at name: String?, directories: InstallDirectories = .current
    ) throws(ProgramError) {
        guard name != "none" else { return }
        let path =
            name.map { directories.socketPath($0) }
            ?? Self.defaultPath(program: program, directories: directories)
        do {
            let target = try StreamTarget("punix:" + path, defaultPort: nil)
            listener = try StreamListener(target, loop: loop) { [unowned self] stream in
                serve(JSONRPCConnection(stream, maximumByteCount: Self.maximumMessageByteCount))
            }
        } catch {
            throw ProgramError(
                "\(path): could not initialize control socket (\(error.reason))")
        }
        ExitCleanup.add(path)
    }

    public func close() {
        guard let listener else { return }
        listener.close()
        if case .unix(let path) = listener.target.address { ExitCleanup.remove(path) }
        self.listener = nil
    }

    /// Adds a command that may answer later.
    ///
    /// - Parameters:
    ///   - usage: its arguments, as `list-commands` prints them; `nil` keeps it off that list.
    ///   - argumentCount: how many there may be; `Int.max` for no limit.
    public func register(
        _ name: String, _ usage: String? = "", _ argumentCount: ClosedRange<Int> = 0...0,
        body: @escaping (ControlRequest) -> Void
    ) {
        commands[name] = Command(usage: usage, argumentCount: argumentCount, body: body)
    }

    /// Adds a command that answers with text at once, or throws a ``ControlError``.
    public func registerText(
        _ name: String, _ usage: String? = "", _ argumentCount: ClosedRange<Int> = 0...0,
        body: @escaping ([String]) throws(ControlError) -> String
    ) {
        register(name, usage, argumentCount) { request in
            do throws(ControlError) {
                request.reply(try body(request.arguments))
            } catch {
                request.fail(error.description)
            }
        }
    }

    /// Runs a command as if it had come in on the socket, for programs that embed the daemon.
    public func execute(
        _ command: String, _ arguments: [String],
        answer: @escaping (Result<String, ControlError>) -> Void
    ) {
        run(ControlRequest(command: command, arguments: arguments, answer: answer))
    }

    /// The answer to `list-commands`.
    public func commandTable(startingWith prefix: String = "", nameWidth: Int = 23) -> String {
        let shown = commands.filter { $0.key.hasPrefix(prefix) }
        let lines = shown.sorted { $0.key < $1.key }.compactMap { name, command in
            command.usage.map { "  " + pad(name, nameWidth) + " " + $0 + "\n" }
        }
        return "The available commands are:\n" + lines.joined()
    }

    /// A table of these commands, in this order, as far as they are there.
    public func commandTable(of names: [String], nameWidth: Int) -> String {
        let lines = names.compactMap { name in
            commands[name]?.usage.map { "  " + pad(name, nameWidth) + " " + $0 + "\n" }
        }
        return "The available commands are:\n" + lines.joined()
    }

    private func serve(_ connection: JSONRPCConnection) {
        connection.onClose = { [log] error in
            guard let error, error.errno != ECONNRESET else { return }
            log.warning("\(connection.name): \(error.reason)")
        }
        connection.onMessage = { [unowned self, unowned connection] message in
            guard case .request(let method, let parameters, let id) = message else {
                log.warning("\(connection.name): received unexpected message")
                connection.close()
                return
            }
            receive(method, parameters, from: connection) { [weak connection] result in
                switch result {
                case .success(let text): connection?.send(.reply(result: .string(text), id: id))
                case .failure(let error):
                    connection?.send(.error(.string(error.description), id: id))
                }
                connection?.isPaused = false
            }
        }
    }

    private func receive(
        _ method: String, _ parameters: [JSON], from connection: JSONRPCConnection,
        answer: @escaping (Result<String, ControlError>) -> Void
    ) {
        connection.isPaused = true
        log.debug("received request \(method)\(JSON.array(parameters).text)")
        let arguments = parameters.compactMap(\.string)
        let request = ControlRequest(command: method, arguments: arguments) { [log] result in
            switch result {
            case .success(let text): log.debug("replying with success: \"\(text)\"")
            case .failure(let error):
                log.debug("replying with error: \"\(error.terminatedText)\"")
            }
            answer(result)
        }
        guard arguments.count == parameters.count else {
            request.fail("\"\(method)\" command has non-string argument")
            return
        }
        run(request)
    }

    private func run(_ request: ControlRequest) {
        let name = request.command
        guard let command = commands[name] else {
            request.fail(
                "\"\(name)\" is not a valid command (use \"list-commands\" to see a list of "
                    + "valid commands)")
            return
        }
        if request.arguments.count < command.argumentCount.lowerBound {
            request.fail(
                "\"\(name)\" command requires at least \(command.argumentCount.lowerBound) "
                    + "arguments")
        } else if request.arguments.count > command.argumentCount.upperBound {
            request.fail(
                "\"\(name)\" command takes at most \(command.argumentCount.upperBound) "
                    + "arguments")
        } else {
            command.body(request)
        }
    }
}
