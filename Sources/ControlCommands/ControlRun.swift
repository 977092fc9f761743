public import JSONRPC
public import OVSDBModel

/// One command line of `ovs-vsctl` at work, without the connection.
///
/// The obvious design reads the whole database and writes back what changed; thousands of ports
/// would then make every command slower. So each command first says which columns it reads
/// (``selections``), the answer is loaded into a replica (``load(_:)``), the commands work on that
/// (``run()``), and ``transaction(comment:waits:)`` holds only their changes.
///
/// A run is used once. Where the database changed under it, another run starts from the beginning.
public final class ControlRun {
    public enum Outcome: Hashable, Sendable {
        case finished
        /// A condition that `wait-until` waits for does not hold yet.
        case waiting
        /// The rows that were read by name do not suffice: another run must read whole tables.
        case tooNarrow
        /// A command says to exit with ``ControlRun/exitStatus`` at once, and nothing is changed.
        case ended
    }

    /// What the commands printed, in order.
    public enum Output {
        case text(String)
        case table(TextTable)
        /// The UUID that the database gave to a new row.
        case newRow(UUID)
    }

    let commands: [Command]
    var needs: Needs
    let replica: Replica
    var names = RecordNames()
    private var cachedView: NetworkView?
    /// Ports that a narrow run deletes, in the order of ``followUps()``.
    var soughtPorts: [Row] = []
    /// The bridges of those ports.
    var portOwners: [UUID: Row] = [:]
    /// Interfaces that were added, whose errors are reported in the end.
    private var newInterfaces: [Row] = []

    /// By command.
    public private(set) var outputs: [[Output]] = []
    /// Warnings, each with the name of the log's module.
    public private(set) var warnings: [Warning] = []
    public typealias Warning = (module: String, text: String)
    private let foreseen: (Warning) -> Void
    /// What the program exits with if all goes well; `br-exists` changes it.
    public internal(set) var exitStatus: Int32 = 0

    /// Whether only the rows with the names that the commands mention are read.
    ///
    /// With thousands of ports that is what makes the difference; it does as long as the names are
    /// free, or are those of real bridges and of records, which is what scripts do.
    let isNarrow: Bool

    /// - Parameters:
    ///   - isNarrow: Whether to read rows by name where the commands allow it.
    ///   - foreseen: Takes the warnings for which the database need not be read.
    public init(
        _ commands: [Command], schema: DatabaseSchema = OpenVSwitchSchema.schema,
        isNarrow: Bool = false, foreseen: @escaping (Warning) -> Void = { _ in }
    ) throws(ControlError) {
        self.commands = commands
        self.foreseen = foreseen
        self.isNarrow = isNarrow && commands.allSatisfy(Self.isNarrowable)
        replica = Replica(schema)
        needs = Needs(schema)
        needs.add("Open_vSwitch")
        for command in commands { try addNeeds(of: command) }
    }

    /// The operations that read what the commands need.
    public var selections: [JSON] { needs.selections.map(\.operation) }

    /// The tables that ``selections`` read, for a monitor that tells when to try again.
    public var monitoredTables: [String: [String]] {
        var tables: [String: [String]] = [:]
        for index in needs.tables {
            let table = replica.schema.tables[index]
            tables[table.name] = (needs.columns[index] ?? []).sorted().map {
                table.columns[$0].name
            }
        }
        return tables
    }

    /// Takes in the results of ``selections``.
    public func load(_ results: [JSON]) throws(ControlError) {
        for (table, result) in zip(needs.selections.map(\.table), results) {
            guard let rows = result["rows"]?.array else {
                throw ControlError("transaction error: \(result.text(sortsKeys: true))")
            }
            let schema = replica.schema.tables[table]
            var reader = RowReader(schema)
            for row in rows { replica.load(try reader.read(row), table: table) }
        }
        if replica.rows(of: "Open_vSwitch").isEmpty { _ = replica.insert(in: "Open_vSwitch") }
    }

    /// Runs the commands in order on what was loaded.
    public func run() throws(ControlError) -> Outcome {
        do throws(ControlError) {
            for command in commands {
                outputs.append([])
                guard try execute(command) else { return .waiting }
                if exitStatus != 0 { return .ended }
            }
            try names.checkDefined()
        } catch {
            if isNarrow { return .tooNarrow }
            throw error
        }
        names.warnings(replica).forEach { warn($0) }
        return .finished
    }

    /// Whether anything is to be sent.
    public var hasChanges: Bool { replica.hasChanges }
}

// MARK: - The transaction

extension ControlRun {
    /// The operations that make the changes.
    ///
    /// - Parameters:
    ///   - comment: What the database's log says of it.
    ///   - waits: Whether `ovs-vswitchd` is asked to take up the new configuration.
    public func transaction(comment: String, waits: Bool) -> [JSON] {
        var operations = replica.operations()
        if waits {
            let condition: JSON
            if let root = replica.rows(of: "Open_vSwitch").first, !root.isNew {
                condition = [["_uuid", "==", Atom.uuid(root.uuid).json]]
            } else {
                condition = []
            }
            operations.append([
                "op": "mutate", "table": "Open_vSwitch", "where": condition,
                "mutations": [["next_cfg", "+=", 1]],
            ])
            operations.append([
                "op": "select", "table": "Open_vSwitch", "where": condition,
                "columns": ["next_cfg"],
            ])
        }
        operations.append(["op": "comment", "comment": .string(comment)])
        return operations
    }

    /// The `next_cfg` that a transaction which waits has set.
    public func configurationNumber(in results: [JSON]) -> Int64? {
        for result in results {
            if let number = result["rows"]?[0]?["next_cfg"]?.integer { return number }
        }
        return nil
    }

    /// Replaces the provisional UUIDs that `create` printed by those that the database gave.
    public func adopt(_ results: [JSON]) {
        var actual: [UUID: UUID] = [:]
        // Presence checks come first, one for each changed row; then the insertions.
        let first = replica.changeOrder.count
        for (offset, row) in replica.inserted.enumerated() {
            guard first + offset < results.count,
                let text = results[first + offset]["uuid"]?[1]?.string, let uuid = UUID(text)
            else { continue }
            actual[row.uuid] = uuid
        }
        for command in outputs.indices {
            outputs[command] = outputs[command].map { output in
                if case .newRow(let uuid) = output { .newRow(actual[uuid] ?? uuid) } else { output }
            }
        }
    }

    /// The operations that read what `ovs-vswitchd` made of the interfaces that were added.
    public var interfaceChecks: [JSON] {
        newInterfaces.filter { !$0.isDeleted }.map { row in
            [
                "op": "select", "table": "Interface",
                "where": [["name", "==", .string(row.name)]],
                "columns": ["name", "ofport", "error"],
            ]
        }
    }

    /// The complaints about interfaces that could not be set up.
    public static func complaints(about results: [JSON]) -> [String] {
        results.compactMap { result in
            guard let row = result["rows"]?[0], row["ofport"]?.integer == -1,
                let name = row["name"]?.string
            else { return nil }
            let reason = row["error"]?.string.map { ": \($0)" } ?? ""
            return "Error detected while setting up '\(name)'\(reason).  "
                + "See ovs-vswitchd log for details."
        }
    }
}

// MARK: - What commands use

extension ControlRun {
    /// The bridges and ports, made on first use.
    var view: NetworkView {
        if let view = cachedView { return view }
        let view = NetworkView(replica, isNarrow: isNarrow)
        cachedView = view
        return view
    }

    /// Forgets the view where a database command changed what it is made of.
    func invalidateView(_ table: TableSchema, column: Int) {
        let relevant = ["bridges", "ports", "interfaces", "name", "tag", "fake_bridge"]
        if relevant.contains(table.columns[column].name) { cachedView = nil }
    }

    /// The one row of the table `Open_vSwitch`.
    var root: Row {
        guard let row = replica.rows(of: "Open_vSwitch").first else {
            return replica.insert(in: "Open_vSwitch")
        }
        return row
    }

    func print(_ text: String) { outputs[outputs.count - 1].append(.text(text)) }

    func print(lines: some Sequence<String>) { print(lines.map { $0 + "\n" }.joined()) }

    func print(_ table: TextTable) { outputs[outputs.count - 1].append(.table(table)) }

    func print(newRow uuid: UUID) { outputs[outputs.count - 1].append(.newRow(uuid)) }

    func warn(_ text: String, module: String = "vsctl") { warnings.append((module, text)) }

    /// Warns of what is wrong whatever the database holds.
    func foresee(_ text: String, module: String) { foreseen((module, text)) }

    func noteNewInterface(_ row: Row) { newInterfaces.append(row) }
}
