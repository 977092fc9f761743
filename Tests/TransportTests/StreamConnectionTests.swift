import Dispatch
import Glibc
import TestSupport
import Testing
import Transport

@Suite(.serialized)
struct StreamConnectionTests {
    let directory = TemporaryDirectory()

    func target(_ text: String) throws -> StreamTarget {
        try StreamTarget(text, defaultPort: nil)
    }

    /// The target to connect to for a listener that chose its own port.
    func peer(of listener: StreamListener) throws -> StreamTarget {
        switch listener.target.address {
        case .unix(let path): .unix(path: path)
        case .tcp(let host, _):
            try target("tcp:\(host.contains(":") ? "[\(host)]" : host):\(listener.boundPort!)")
        }
    }

    @Test(arguments: ["punix:", "ptcp:0:127.0.0.1", "ptcp:0:[::1]"])
    func `octets go both ways and both ends see the close`(method: String) throws {
        let text = method == "punix:" ? method + directory("s") : method
        if method.contains("::1"), !hasIPv6Loopback() {
            print("skipped: this machine has no IPv6 loopback")
            return
        }
        var log: [String] = []
        runLoop { loop, finish in
            let count = Counter(2, finish)
            let listener = try StreamListener(try target(text), loop: loop) { server in
                log.append(server.name.prefix(4) == "unix" ? "unix" : "tcp")
                server.onReceive = { octets in server.send(octets + [9]) }
                server.onClose = { error in
                    #expect(error == nil)
                    count.down()
                }
            }
            StreamClient.connect(to: try peer(of: listener), loop: loop) { client in
                client.onReceive = { octets in
                    log.append("\(octets)")
                    listener.close()
                    client.close()
                }
                client.onClose = { _ in count.down() }
                client.send([1, 2])
                client.send([3])
            } onFailure: { error in
                Issue.record("\(error)")
            }
        }
        #expect(log == [method == "punix:" ? "unix" : "tcp", "[1, 2, 3, 9]"])
        #expect(!directory.contains("s"))
    }

    @Test func `streams that never stop asking keep neither timers nor newcomers waiting`() throws {
        let path = directory("s")
        var count = 0
        runLoop { loop, finish in
            var streams: [StreamConnection] = []
            let listener = try StreamListener(try target("punix:" + path), loop: loop) { server in
                streams.append(server)
                server.onReceive = { server.send($0) }
            }
            func connect(_ opened: @escaping (StreamConnection) -> Void) {
                StreamClient.connect(to: .unix(path: path), loop: loop) { client in
                    streams.append(client)
                    opened(client)
                } onFailure: { error in
                    Issue.record("\(error)")
                }
            }
            connect { asking in
                asking.onReceive = { octets in
                    count += 1
                    asking.send(octets)
                }
                asking.send([1])
            }
            loop.after(.milliseconds(5)) {
                connect { newcomer in
                    newcomer.onReceive = { _ in
                        listener.close()
                        for stream in streams { stream.close() }
                        finish()
                    }
                    newcomer.send([2])
                }
            }
        }
        #expect(count > 0)
    }

    @Test func `octets that may wait keep their place among those that may not`() throws {
        var received: [UInt8] = []
        runLoop { loop, finish in
            let path = directory("s")
            let listener = try StreamListener(try target("punix:" + path), loop: loop) { server in
                server.sendSoon([0])
                server.send([1])
                // What was just sent makes these wait, the more so the sooner the peer answers.
                server.onReceive = { octets in
                    server.sendSoon(octets)
                    server.sendSoon([UInt8(octets.count + 2)])
                    if octets.contains(2) { server.send([4]) } else { server.sendSoon([9]) }
                }
            }
            StreamClient.connect(to: .unix(path: path), loop: loop) { client in
                client.onReceive = { octets in
                    received += octets
                    if received.count == 2 { client.send([2]) }
                    if received.count == 5 { client.send([5, 6]) }
                    guard received.count == 9 else { return }
                    listener.close()
                    client.close()
                }
                client.onClose = { _ in finish() }
            } onFailure: { error in
                Issue.record("\(error)")
            }
        }
        #expect(received == [0, 1, 2, 3, 4, 5, 6, 4, 9])
    }

    @Test func `close waits until queued output is out`() throws {
        let byteCount = 8 << 20
        var received = 0
        runLoop { loop, finish in
            let path = directory("s")
            let listener = try StreamListener(try target("punix:" + path), loop: loop) { server in
                server.send([UInt8](repeating: 1, count: byteCount))
                server.close()
            }
            StreamClient.connect(to: .unix(path: path), loop: loop) { client in
                client.onReceive = { received += $0.count }
                client.onClose = { error in
                    #expect(error == nil)
                    listener.close()
                    finish()
                }
            } onFailure: { error in
                Issue.record("\(error)")
            }
        }
        #expect(received == byteCount)
    }

    @Test func `too much queued output costs the connection`() throws {
        runLoop { loop, finish in
            let path = directory("s")
            let listener = try StreamListener(try target("punix:" + path), loop: loop) { server in
                server.maximumQueuedByteCount = 1 << 20
                server.onClose = { error in
                    #expect(error?.reason == "too much output is queued")
                    finish()
                }
                for _ in 0..<3 { server.send([UInt8](repeating: 1, count: 1 << 19)) }
            }
            StreamClient.connect(to: .unix(path: path), loop: loop) { client in
                client.isReadingPaused = true
                client.onClose = { _ in listener.close() }
            } onFailure: { error in
                Issue.record("\(error)")
            }
        }
    }

    @Test func `drain is called when a slow peer has caught up`() throws {
        runLoop { loop, finish in
            let path = directory("s")
            let listener = try StreamListener(try target("punix:" + path), loop: loop) { server in
                server.onDrain = {
                    #expect(server.queuedByteCount < 1 << 16)
                    finish()
                }
                server.send([UInt8](repeating: 1, count: 1 << 20))
                #expect(server.queuedByteCount == 1 << 20)
            }
            StreamClient.connect(to: .unix(path: path), loop: loop) { client in
                client.onReceive = { _ in }
                client.onClose = { _ in listener.close() }
            } onFailure: { error in
                Issue.record("\(error)")
            }
        }
    }

    @Test func `a blocking stream talks to the loop`() throws {
        let path = directory("s")
        let result = Box<[UInt8]>([])
        runLoop { loop, finish in
            let listener = try StreamListener(try target("punix:" + path), loop: loop) { server in
                server.onReceive = { octets in
                    server.send(octets.reversed())
                    server.close()
                }
            }
            let finished = Box {
                listener.close()
                finish()
            }
            DispatchQueue.global().async {
                let stream = try? BlockingStream(
                    connectingTo: .unix(path: path), timeout: .seconds(20))
                try? stream?.send([1, 2, 3])
                while let octets = try? stream?.receive(), !octets.isEmpty {
                    result.value += octets
                }
                loop.post { finished.value() }
            }
        }
        #expect(result.value == [3, 2, 1])
    }

    @Test func `a blocking stream gives up in time`() throws {
        let path = directory("s")
        let descriptor = try listenSilently(path)
        defer { close(descriptor) }
        let stream = try BlockingStream(
            connectingTo: .unix(path: path), timeout: .milliseconds(20))
        #expect {
            _ = try stream.receive()
        } throws: { ($0 as? TransportError)?.errno == ETIMEDOUT }
    }

    @Test func `what cannot be connected to is said`() throws {
        let missing = directory("missing")
        #expect {
            _ = try BlockingStream(connectingTo: .unix(path: missing))
        } throws: { "\($0)" == "unix:\(missing): No such file or directory" }
        var reason = ""
        runLoop { loop, finish in
            StreamClient.connect(to: .unix(path: missing), loop: loop) { _ in
                Issue.record("connected to nothing")
            } onFailure: { error in
                reason = "\(error)"
                finish()
            }
        }
        #expect(reason == "unix:\(missing): No such file or directory")
    }

    @Test func `a listener that cannot bind says why`() {
        runLoop { loop, finish in
            #expect {
                _ = try StreamListener(
                    try target("punix:" + directory("no/such")), loop: loop
                ) { _ in }
            } throws: { "\($0)".hasSuffix("no/such: No such file or directory") }
            finish()
        }
    }

    @Test func `a file that is no socket stays`() {
        directory.write("precious", to: "s")
        runLoop { loop, finish in
            #expect {
                _ = try StreamListener(try target("punix:" + directory("s")), loop: loop) { _ in }
            } throws: { ($0 as? TransportError)?.errno == EADDRINUSE }
            finish()
        }
        #expect(directory.contents(of: "s") == "precious")
    }
}

/// Calls back once it was counted down.
final class Counter {
    private var count: Int
    private let body: () -> Void

    init(_ count: Int, _ body: @escaping () -> Void) {
        self.count = count
        self.body = body
    }

    func down() {
        count -= 1
        if count == 0 { body() }
    }
}

/// A value that another thread leaves behind before the loop ends.
final class Box<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
}

private func hasIPv6Loopback() -> Bool {
    let descriptor = socket(AF_INET6, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_addr = in6addr_loopback
    let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0
        }
    }
}

/// A socket whose backlog takes connections that nobody ever accepts.
private func listenSilently(_ path: String) throws -> CInt {
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    try #require(status == 0 && listen(descriptor, 1) == 0)
    return descriptor
}
