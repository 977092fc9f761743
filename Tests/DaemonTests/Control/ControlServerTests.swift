import Dispatch
import TestSupport
import Testing
import Transport

@testable import Daemon

@Suite struct ControlServerTests {
    let directory = TemporaryDirectory()

    /// Runs a server while `body` talks to its socket from another thread.
    func serve(
        _ setUp: @escaping (ControlServer, ControlLoop) -> Void = { _, _ in },
        _ body: @escaping @Sendable (_ socket: String) -> Void
    ) {
        let socket = directory("test.ctl")
        let failure = ControlLoop.run { loop -> (any Error)? in
            let server = ControlServer(program: "ovs-vswitchd", loop: loop)
            setUp(server, loop)
            do {
                try server.listen(at: socket)
            } catch {
                loop.stop()
                return error
            }
            nonisolated(unsafe) let shared = server
            DispatchQueue.global().async {
                body(socket)
                loop.post {
                    shared.close()
                    loop.stop()
                }
            }
            return nil
        }
        if let failure = failure ?? nil { Issue.record(failure) }
        #expect(!directory.contains("test.ctl"))
    }

    static func ask(_ socket: String, _ command: String, _ arguments: String...) -> String {
        do {
            switch try ControlClient(target: socket).execute(command, arguments) {
            case .success(let text): return text
            case .failure(let error): return "error: \(error)"
            }
        } catch {
            return "failure: \(error)"
        }
    }

    @Test func `commands are found and their arguments counted`() {
        serve { server, _ in
            server.registerText("test/join", "word...", 1...2) { $0.joined(separator: "+") }
        } _: { socket in
            #expect(
                Self.ask(socket, "version")
                    == "ovs-vswitchd (Open vSwitch) 3.1.0\n")
            #expect(
                Self.ask(socket, "foo")
                    == "error: \"foo\" is not a valid command (use \"list-commands\" to see a "
                    + "list of valid commands)\n")
            #expect(
                Self.ask(socket, "version", "x")
                    == "error: \"version\" command takes at most 0 arguments\n")
            #expect(
                Self.ask(socket, "test/join")
                    == "error: \"test/join\" command requires at least 1 arguments\n")
            #expect(Self.ask(socket, "test/join", "a", "b c") == "a+b c\n")
            let list = Self.ask(socket, "list-commands")
            #expect(list.hasPrefix("The available commands are:\n"))
            #expect(list.contains("\n  test/join               word...\n"))
            #expect(list.contains("\n  coverage/show           \n"))
            #expect(Self.ask(socket, "coverage/read-counter", "x") == "error: No such counter\n")
        }
    }

    @Test func `an answer may come later and a forgotten one is an error`() {
        serve { server, loop in
            server.register("test/later") { request in
                loop.soon { request.reply("late") }
            }
            server.register("test/never") { _ in }
        } _: { socket in
            #expect(Self.ask(socket, "test/later") == "late\n")
            #expect(Self.ask(socket, "test/never") == "error: no answer to this command")
        }
    }

    @Test func `what is no request ends the connection and nothing else`() {
        serve { socket in
            for text in [
                "junk ", #"{"id":null,"method":"version","params":[]}"#,
                #"{"id":1,"method":"version","params":{}}"#,
            ] {
                let stream = try? BlockingStream(connectingTo: .unix(path: socket))
                try? stream?.send(Array(text.utf8))
                #expect(((try? stream?.receive()) ?? []) == [])
            }
            let stream = try? BlockingStream(connectingTo: .unix(path: socket))
            try? stream?.send(Array(#"{"id":1,"method":"version","params":[1]}"#.utf8))
            let reply = (try? stream?.receive()) ?? []
            let text = String(decoding: reply, as: UTF8.self)
            #expect(text.contains(#""error":"\"version\" command has non-string argument\n""#))
            #expect(Self.ask(socket, "version") == "ovs-vswitchd (Open vSwitch) 3.1.0\n")
        }
    }

    @Test func `exit says whether to clean up`() {
        nonisolated(unsafe) var exits: [Bool] = []
        serve { server, _ in
            server.onExit = { exits.append($0) }
        } _: { socket in
            #expect(Self.ask(socket, "exit") == "")
            #expect(Self.ask(socket, "exit", "--cleanup") == "")
            #expect(
                Self.ask(socket, "exit", "a", "b")
                    == "error: \"exit\" command takes at most 1 arguments\n")
        }
        #expect(exits == [false, true])
    }

    @Test func `genuine ovs-appctl talks to the server`() {
        guard let appctl = Subprocess.find("ovs-appctl") else {
            print("skipped: ovs-appctl is not installed")
            return
        }
        serve { socket in
            let version = Subprocess.run([appctl, "-t", socket, "version"])
            #expect(version.output == "ovs-vswitchd (Open vSwitch) 3.1.0\n")
            #expect(version.status == 0)
            let wrong = Subprocess.run([appctl, "-t", socket, "vlog/set", "foo"])
            #expect(
                wrong.error == "no destination, level, or module \"foo\"\n"
                    + "ovs-appctl: \(socket): server returned an error\n")
            #expect(wrong.status == 2)
        }
    }

    @Test func `no socket is made where none is asked for`() {
        var error: (any Error)?
        ControlLoop.run { loop in
            let server = ControlServer(program: "test", loop: loop)
            do { try server.listen(at: "none") } catch let thrown { error = thrown }
            loop.stop()
        }
        #expect(error == nil)
    }
}
