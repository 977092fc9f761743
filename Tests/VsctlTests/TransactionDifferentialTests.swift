import JSONRPC
import TestSupport
import Testing

/// Random transactions, sent to the genuine `ovsdb-server` and to ours.
///
/// `MARTLET_OVSDB_SEEDS=FIRST-LAST` in the environment runs other seeds than the few that a usual
/// run has time for, and `MARTLET_OVSDB_TRANSACTIONS` transactions of each.
@Suite(.enabled(if: ServerPair.isAvailable, "Open vSwitch is not installed"))
struct TransactionDifferentialTests {
    static let seeds = RunSize.seeds("MARTLET_OVSDB_SEEDS", usually: 1..<4)
    static let transactionCount = RunSize.count("MARTLET_OVSDB_TRANSACTIONS", usually: 150)

    @Test(arguments: seeds)
    func `random transactions get the genuine replies and updates`(seed: UInt64) throws {
        let pair = ServerPair(schema: TrialSchema.json.text)
        var generator = TransactionGenerator(seed: seed)
        _ = try pair.answers("lock", ["held"])
        let tables = TrialSchema.tables.map { table in
            let columns = table.columns.map { JSON.string($0.name) }
            return (table.name, JSON.array([["columns": .array(columns)]]))
        }
        let start = try pair.answers(
            "monitor_cond", ["Trial", "m", .object(JSONObject(tables))])
        try #require(start[0] == start[1])
        for number in 0..<Self.transactionCount {
            let operations = generator.transaction()
            let answers = try pair.answers("transact", ["Trial"] + operations)
            let agrees =
                try answers[0] == answers[1]
                || Self.isOfAnotherRow(answers, operations, pair)
            try #require(
                agrees,
                "\(answers)\nseed \(seed), transaction \(number): \(JSON.array(operations).text)")
        }
    }

    /// Whether both servers refuse one mutation, and the genuine one because of another row that it
    /// may as well be refused for: the order of rows is nowhere told.
    private static func isOfAnotherRow(
        _ answers: [[String]], _ operations: [JSON], _ pair: ServerPair
    ) throws -> Bool {
        let (genuine, ours) = (try results(answers[0]), try results(answers[1]))
        guard let index = genuine.firstIndex(where: { $0["error"] != nil }),
            index == ours.firstIndex(where: { $0["error"] != nil }),
            genuine[..<index] == ours[..<index], operations[index]["op"] == "mutate",
            let table = operations[index]["table"], let condition = operations[index]["where"]
        else { return false }
        func ourResult(of operation: JSON) throws -> JSON? {
            let tried = operations[..<index] + [operation, ["op": "abort"]]
            return try results(pair.answers("transact", ["Trial"] + tried)[1])[index]
        }
        let selection = try ourResult(
            of: ["op": "select", "table": table, "where": condition, "columns": ["_uuid"]])
        return try (selection?["rows"]?.array ?? []).contains { row in
            guard let uuid = row["_uuid"], var alone = operations[index].object else {
                return false
            }
            alone["where"] = [["_uuid", "==", uuid]]
            return try ourResult(of: .object(alone)) == genuine[index]
        }
    }

    /// The results of the operations in what a server said.
    private static func results(_ answer: [String]) throws -> [JSON] {
        try answer.lazy.map { try JSON.parse($0) }.compactMap { $0["result"]?.array }.first ?? []
    }
}
