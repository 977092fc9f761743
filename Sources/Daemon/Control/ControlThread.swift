import Glibc
import NIOCore
import NIOPosix
import Transport

/// A control socket for a program that has no control loop, because it does nothing but wait for a
/// peer by plain system calls.
///
/// A thread of its own serves the socket. Commands do not run there: they make ``descriptor``
/// readable, which ends the program's wait, and run when it calls ``runCommands()``. To be made
/// after the last fork; it lasts as long as the process.
public final class ControlThread: Sendable {
    /// A command, which runs on the program's own thread.
    public struct Command {
        let name: String
        let usage: String
        let argumentCount: Int
        let body: ([String]) throws -> String

        public init(
            _ name: String, _ usage: String = "", argumentCount: Int = 0,
            body: @escaping ([String]) throws -> String
        ) {
            self.name = name
            self.usage = usage
            self.argumentCount = argumentCount
            self.body = body
        }
    }

    /// Readable while commands wait.
    public let descriptor: CInt
    private let writer: CInt
    private let loop: ControlLoop
    private let pending = Guarded<[@Sendable () -> Void]>([])

    /// Listens at the process's control socket, and ends the program when a signal or `exit` says
    /// so.
    public init(_ process: DaemonProcess, _ commands: [Command]) throws(ProgramError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ProgramError("pipe failed (\(TransportError.text(of: errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        writer = ends[1]
        // Before there are threads: each would be ended by a signal that it does not block.
        TerminationSignals.block()
        let loop = ControlLoop(MultiThreadedEventLoopGroup(numberOfThreads: 1).any())
        self.loop = loop
        nonisolated(unsafe) let unsafeCommands = commands
        let (program, socket) = (process.program, process.controlSocket)
        let started = loop.eventLoop.submit { [self] in
            let server = ControlServer(program: program, loop: loop)
            try server.listen(at: socket)
            for command in unsafeCommands { register(command, in: server) }
            server.onExit = { _ in
                // The answer goes out at the end of this turn; the server lives until then.
                loop.soon { loop.soon { [server] in Self.end(server) } }
            }
        }
        TerminationSignals.watch(loop) { TerminationSignals.die(of: $0) }
        do {
            try started.wait()
        } catch let error as ProgramError {
            throw error
        } catch {
            throw ProgramError("\(error)")
        }
    }

    private static func end(_ server: ControlServer) {
        server.close()
        ExitCleanup.run()
        exit(0)
    }

    private func register(_ command: Command, in server: ControlServer) {
        let count = command.argumentCount
        nonisolated(unsafe) let body = command.body
        server.register(command.name, command.usage, count...count) { [self] request in
            nonisolated(unsafe) let request = request
            let arguments = request.arguments
            post { [loop] in
                let result: Result<String, ControlError>
                do {
                    result = .success(try body(arguments))
                } catch {
                    result = .failure(ControlError("\(error)"))
                }
                loop.post {
                    switch result {
                    case .success(let text): request.reply(text)
                    case .failure(let error): request.fail(error.description)
                    }
                }
            }
        }
    }

    private func post(_ work: @escaping @Sendable () -> Void) {
        pending.withLock { $0.append(work) }
        var octet: UInt8 = 0
        // A pipe that is full is readable too.
        write(writer, &octet, 1)
    }

    /// Runs the commands that have come, in their order.
    public func runCommands() {
        var room = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &room, room.count) > 0 {}
        let works = pending.withLock { works in
            defer { works = [] }
            return works
        }
        for work in works { work() }
    }

    /// Waits for commands, and runs them.
    public func waitForCommands() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, -1)
        runCommands()
    }
}
