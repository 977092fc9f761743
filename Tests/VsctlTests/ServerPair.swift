import Glibc
import JSONRPC
import TestSupport

/// The genuine `ovsdb-server` and ours, each with an empty database of the same schema and one
/// client connected to it.
final class ServerPair {
    /// A connection to one server, which waits for what it reads.
    private final class Client {
        private let descriptor: CInt
        private var stream = JSONStream(maximumByteCount: 1 << 26)

        init(path: String) {
            descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            precondition(status == 0, "cannot connect to \(path)")
        }

        deinit { close(descriptor) }

        func send(_ json: JSON) {
            let octets = Array(json.text.utf8)
            var sent = 0
            while sent < octets.count {
                let count = octets[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }

        /// The next message; nil where the server closed the connection.
        func receive() throws -> JSON? {
            while true {
                if let json = try stream.next() { return json }
                var room = [UInt8](repeating: 0, count: 1 << 16)
                let count = recv(descriptor, &room, room.count, 0)
                guard count > 0 else { return nil }
                stream.append(room[..<count])
            }
        }
    }

    private let directory = TemporaryDirectory()
    private var clients: [Client] = []
    private var lastID = 0

    static let isAvailable: Bool = {
        for name in ["ovsdb-server", "ovsdb-tool"] where Subprocess.find(name) == nil {
            print("skipped: \(name) is not installed")
            return false
        }
        return true
    }()

    init(schema: String) {
        let file = directory("trial.ovsschema")
        directory.write(schema, to: "trial.ovsschema")
        symlink(Subprocess.built("martlet"), directory("ovsdb-server"))
        let programs = ["ovsdb-server", directory("ovsdb-server")]
        for (name, program) in zip(["genuine", "martlet"], programs) {
            let place = directory(name)
            mkdir(place, 0o700)
            expect(["ovsdb-tool", "create", place + "/trial.db", file])
            expect([
                program, "--detach", "--no-chdir", "--pidfile=\(place)/server.pid",
                "--unixctl=\(place)/server.ctl", "--log-file=\(place)/server.log",
                "-vconsole:off", "--remote=punix:\(place)/db.sock", "\(place)/trial.db",
            ])
            clients.append(Client(path: "\(place)/db.sock"))
        }
    }

    deinit {
        for name in ["genuine", "martlet"] {
            let digits = directory.contents(of: "\(name)/server.pid") ?? ""
            if let pid = pid_t(digits.prefix { $0.isNumber }) { kill(pid, SIGKILL) }
        }
    }

    private func expect(_ command: [String]) {
        let result = Subprocess.run(command)
        precondition(result.status == 0, "\(command): \(result.error)")
    }

    /// Sends both servers a request, and returns what each said from then on: the reply and
    /// notifications, in words that are the same where the meaning is.
    func answers(_ method: String, _ params: [JSON]) throws -> [[String]] {
        lastID += 2
        let id = Int64(lastID)
        // The reply to the echo tells that nothing more comes.
        for client in clients {
            client.send(
                ["id": .integer(id), "method": .string(method), "params": .array(params)])
            client.send(["id": .integer(id + 1), "method": "echo", "params": []])
        }
        return try clients.map { client in
            var messages: [String] = []
            while true {
                guard let message = try client.receive() else { return messages + ["closed"] }
                if message["id"] == .integer(id + 1) { break }
                messages.append(Self.text(message))
            }
            return messages.sorted()
        }
    }

    /// JSON with members sorted by name, and the rows of a selection sorted.
    private static func text(_ json: JSON) -> String {
        switch json {
        case .object(let object):
            // Versions are random.
            let kept = object.members.filter { $0.key != "_version" }
            let members = kept.sorted { $0.key < $1.key }.map { member in
                let rows = member.key == "rows" ? member.value.array : nil
                let value = rows.map { "[\($0.map(text).sorted().joined(separator: ",\n  "))]" }
                return masked(JSON.string(member.key).text) + ":" + (value ?? text(member.value))
            }
            return "{" + members.joined(separator: ",") + "}"
        case .array(let elements):
            return "[" + elements.map(text).joined(separator: ",") + "]"
        default:
            return masked(json.text)
        }
    }

    /// A text without what depends on the order in which the genuine server's hash tables give out
    /// columns and rows: which of several bad references or values it finds first,
    /// and which two of the rows with the same index it names, in which order.
    private static func masked(_ text: String) -> String {
        text.replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) { match in
            // Those that the generator did not choose are random.
            match.output.0.contains("-0000-4000-8000-") ? String(match.output.0) : "<uuid>"
        }.replacing(
            /Table \w+ column \w+ row \S+ references nonexistent row \S+ in table \w+\./,
            with: "Table T column C row R references nonexistent row R in table T."
        ).replacing(
            /Deletion of \d+ weak.* from column .* caused this column/,
            with: "Deletion of weak references caused this column"
        ).replacing(
            /^"\S+ is not (one of the allowed values|in the valid range)/,
            with: "\"N is not among"
        ).replacing(
            /Weak reference column .* because this column is not allowed to be empty/,
            with: "Deletion of weak references caused this column to become empty, but "
                + "constraints on this column disallow an empty column"
        ).replacing(/First row, with .* Second row, with .*\."/, with: "Two rows.\"")
    }
}
