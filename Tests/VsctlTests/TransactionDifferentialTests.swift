import Glibc
import JSONRPC
import Testing

/// Random transactions, sent to the genuine `ovsdb-server` and to ours.
///
/// `MARTLET_OVSDB_SEEDS=FIRST-LAST` in the environment runs other seeds than the few that a usual
/// run has time for, and `MARTLET_OVSDB_TRANSACTIONS` transactions of each.
@Suite(.enabled(if: ServerPair.isAvailable, "Open vSwitch is not installed"))
struct TransactionDifferentialTests {
    private static func number(_ name: String) -> [UInt64] {
        let text = getenv(name).map { String(cString: $0) } ?? ""
        return text.split(separator: "-").compactMap { UInt64($0) }
    }

    static let seeds: [UInt64] = {
        let bounds = number("MARTLET_OVSDB_SEEDS")
        guard let first = bounds.first, let last = bounds.last else { return [1, 2, 3] }
        return Array(first...last)
    }()

    static let transactionCount = number("MARTLET_OVSDB_TRANSACTIONS").first.map { Int($0) } ?? 150

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
            try #require(
                answers[0] == answers[1],
                "seed \(seed), transaction \(number): \(JSON.array(operations).text)")
        }
    }
}
