import Glibc
import JSONRPC
import TestSupport

/// Two databases in two genuine servers: genuine `ovs-vsctl` works on one of them, ours on the
/// other.
final class DatabasePair {
    enum Side: String, CaseIterable {
        case genuine
        case martlet
    }

    private let directory = TemporaryDirectory()

    /// Whether the genuine programs are there; prints what is missing.
    static let isAvailable: Bool = {
        for name in ["ovsdb-server", "ovsdb-tool", "ovsdb-client", "ovs-vsctl"]
        where Subprocess.find(name) == nil {
            print("skipped: \(name) is not installed")
            return false
        }
        return true
    }()

    init() {
        symlink(Subprocess.built("martlet"), directory("ovs-vsctl"))
        for side in Side.allCases {
            let place = place(side)
            mkdir(place, 0o700)
            let schema = "/usr/share/openvswitch/vswitch.ovsschema"
            expect(["ovsdb-tool", "create", place + "/conf.db", schema])
            expect([
                "ovsdb-server", "--detach", "--no-chdir", "--pidfile=\(place)/server.pid",
                "--unixctl=\(place)/server.ctl", "--log-file=\(place)/server.log",
                "-vconsole:off", "--remote=punix:\(place)/db.sock", "\(place)/conf.db",
            ])
        }
    }

    deinit {
        for side in Side.allCases {
            let digits = directory.contents(of: "\(side.rawValue)/server.pid") ?? ""
            if let pid = pid_t(digits.prefix { $0.isNumber }) { kill(pid, SIGKILL) }
        }
    }

    private func expect(_ command: [String]) {
        let result = Subprocess.run(command)
        precondition(result.status == 0, "\(command): \(result.error)")
    }

    func place(_ side: Side) -> String { directory(side.rawValue) }

    func environment(_ side: Side) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: ["RUN", "DB", "LOG", "SYSCONF"].map {
                ("OVS_\($0)DIR", place(side))
            })
    }

    /// The program of one side.
    func program(_ side: Side) -> String {
        switch side {
        case .genuine: Subprocess.find("ovs-vsctl") ?? "ovs-vsctl"
        case .martlet: directory("ovs-vsctl")
        }
    }

    /// Runs `ovs-vsctl`, and returns what it showed with everything alike that may differ: UUIDs,
    /// times, and the program's directory.
    func run(_ side: Side, _ arguments: [String]) -> Shown {
        let result = Subprocess.run(
            [program(side)] + arguments, environment: environment(side))
        var error = masked(result.error)
        error.replace(program(side), with: "ovs-vsctl")
        return Shown(status: result.status, output: masked(result.output), error: error)
    }

    private func masked(_ text: String) -> String {
        text.replacing(/row[0-9a-f]{8}(_[0-9a-f]{4}){3}_[0-9a-f]{12}/, with: "<row>")
            .replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, with: "<uuid>")
            .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "<time>")
    }

    func image(_ side: Side) throws -> DatabaseImage {
        let result = Subprocess.run([
            "ovsdb-client", "--format=json", "dump", "unix:\(place(side))/db.sock", "Open_vSwitch",
        ])
        return try DatabaseImage(result.output)
    }
}

/// What a command line showed, and how it ended.
struct Shown: Equatable {
    var status: Int32
    var output: String
    var error: String
}

/// What a database holds, read from a dump.
struct DatabaseImage {
    private struct Row {
        let table: String
        let columns: JSONObject
    }

    private var rows: [String: Row] = [:]

    /// - Parameter dump: one table as JSON on each line.
    init(_ dump: String) throws {
        for line in dump.split(separator: "\n") {
            let json = try JSON.parse(line)
            let table = String(json["caption"]?.string?.prefix { $0 != " " } ?? "")
            let headings = (json["headings"]?.array ?? []).compactMap(\.string)
            for values in json["data"]?.array ?? [] {
                var columns = JSONObject()
                for (name, value) in zip(headings, values.array ?? []) where name != "_uuid" {
                    columns[name] = value
                }
                guard let index = headings.firstIndex(of: "_uuid"),
                    let uuid = values[index]?[1]?.string
                else { continue }
                rows[uuid] = Row(table: table, columns: columns)
            }
        }
    }

    /// The UUID of the only record of that table and name; any name if it is `*`.
    func uuid(of name: Substring, in table: Substring) -> String? {
        let found = rows.filter { _, row in
            row.table == table && (name == "*" || row.columns["name"]?.string == String(name))
        }
        return found.count == 1 ? found.first?.key : nil
    }

    /// The rows as text in which each reference is told by what it leads to, so that databases
    /// which differ in UUIDs alone are alike.
    var lines: [String] {
        var signatures = rows.mapValues(\.table)
        // As deep as references go: switch, bridge, port, interface or QoS, queue.
        for _ in 0..<5 {
            signatures = rows.mapValues { row in
                "\(row.table) \(Self.text(.object(row.columns), signatures).hashValue)"
            }
        }
        return rows.values.map { row in
            row.table + " " + Self.text(.object(row.columns), signatures)
        }.sorted()
    }

    private static func text(_ json: JSON, _ signatures: [String: String]) -> String {
        switch json {
        case .object(let object):
            return object.members.map { "\($0.key)=\(text($0.value, signatures))" }
                .joined(separator: "; ")
        case .array(let elements):
            if json[0]?.string == "uuid", let uuid = json[1]?.string {
                return "<\(signatures[uuid] ?? "nothing")>"
            }
            let texts = elements.map { text($0, signatures) }
            let isSet = json[0]?.string == "set" || json[0]?.string == "map"
            if isSet, let members = json[1]?.array {
                return "{" + members.map { text($0, signatures) }.sorted().joined(separator: ",")
                    + "}"
            }
            return "[" + texts.joined(separator: ",") + "]"
        default:
            return json.text
        }
    }
}
