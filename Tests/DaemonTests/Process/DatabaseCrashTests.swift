import Glibc
import JSONRPC
import TestSupport
import Testing
import Transport

/// A database server that is killed while a client writes as fast as it can: what was acknowledged
/// is there after the next start, and nothing is there that was not asked for.
///
/// `MARTLET_CRASH_SEEDS=FIRST-LAST` in the environment runs other seeds than the few that a usual
/// run has time for; each kills the server five times, so that 200 of them make 1,000.
struct DatabaseCrashTests {
    private let directory = TemporaryDirectory()
    private let martlet = Subprocess.built("martlet")

    /// Transactions that are under way at a time, so that some are when the server dies.
    private static let window = 20

    private static let seeds = RunSize.seeds("MARTLET_CRASH_SEEDS", usually: 0..<4)

    @Test(arguments: seeds)
    func `nothing that was acknowledged is lost when the server is killed`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        directory.write(
            #"""
            {"name":"Crash","version":"1.0.0","tables":
             {"Item":{"columns":{"number":{"type":"integer"}},"isRoot":true}}}
            """#, to: "schema")
        run("ovsdb-tool", "create", directory("conf.db"), directory("schema"))
        var acknowledged: Set<Int64> = []
        var next: Int64 = 0
        for _ in 0..<5 {
            start()
            let goal = acknowledged.count + Int.random(in: 1..<200, using: &random)
            try write(&acknowledged, from: &next, until: goal, isDurable: seed % 2 == 1)
            kill()
        }
        start()
        let found = try numbers()
        kill()
        #expect(Set(found).count == found.count, "seed \(seed)")
        #expect(acknowledged.isSubset(of: found), "seed \(seed)")
        #expect(found.allSatisfy { 0..<next ~= $0 })
    }

    private func run(_ words: String...) {
        let result = Subprocess.run([martlet] + words)
        #expect(result.status == 0, "\(words): \(result.error)")
    }

    private func start() {
        run(
            "ovsdb-server", directory("conf.db"), "--remote=punix:\(directory("s"))", "--detach",
            "--no-chdir", "--pidfile=\(directory("pid"))", "--unixctl=\(directory("ctl"))",
            "-vconsole:off")
    }

    private func kill() {
        guard let text = directory.contents(of: "pid"),
            let process = Int32(text.prefix { $0.isNumber })
        else { return }
        Glibc.kill(process, SIGKILL)
        waitForLock()
        unlink(directory("pid"))
    }

    /// Waits until the last thread of the server is gone, and the lock of its file with it.
    private func waitForLock() {
        let descriptor = open(directory(".conf.db.~lock~"), O_RDWR)
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        while fcntl(descriptor, F_SETLKW, &request) != 0 && errno == EINTR {}
        close(descriptor)
    }

    private func connect() throws -> BlockingStream {
        try BlockingStream(connectingTo: StreamTarget("unix:\(directory("s"))", defaultPort: 0))
    }

    /// Inserts numbers until so many were acknowledged, and leaves the rest under way.
    private func write(
        _ acknowledged: inout Set<Int64>, from next: inout Int64, until goal: Int, isDurable: Bool
    ) throws {
        let stream = try connect()
        var replies = JSONStream()
        var underWay = 0
        while acknowledged.count < goal {
            while underWay < Self.window {
                let insertion: JSON = [
                    "op": "insert", "table": "Item", "row": ["number": .integer(next)],
                ]
                let commit: JSON = ["op": "commit", "durable": .boolean(isDurable)]
                try stream.send(
                    JSONRPCMessage.request(
                        method: "transact", params: ["Crash", insertion, commit],
                        id: .integer(next)
                    ).encode())
                next += 1
                underWay += 1
            }
            replies.append(try stream.receive())
            while let reply = try replies.next() {
                #expect(reply["result"]?[0]?["uuid"] != nil, "\(reply)")
                if let id = reply["id"]?.integer { acknowledged.insert(id) }
                underWay -= 1
            }
        }
    }

    /// The numbers of all rows.
    private func numbers() throws -> [Int64] {
        let stream = try connect()
        let selection: JSON = [
            "op": "select", "table": "Item", "where": [], "columns": ["number"],
        ]
        try stream.send(
            JSONRPCMessage.request(method: "transact", params: ["Crash", selection], id: 1)
                .encode())
        var replies = JSONStream()
        while true {
            replies.append(try stream.receive())
            guard let reply = try replies.next() else { continue }
            return (reply["result"]?[0]?["rows"]?.array ?? []).compactMap {
                $0["number"]?.integer
            }
        }
    }
}
