import JSONRPC

/// Random transactions on ``TrialSchema``: most of them right or nearly so.
struct TransactionGenerator {
    private var chooser: Chooser
    private var namedRows: [String] = []
    private var freshUUIDCount = 0

    init(seed: UInt64) { chooser = Chooser(seed: seed) }

    mutating func transaction() -> [JSON] {
        namedRows = []
        let made = (0..<chooser.one(of: [1, 1, 1, 2, 2, 3, 4])).map { _ in operation() }
        // Where a transaction changes a row, and then deletes one that it refers to weakly, the
        // genuine server lets the reference dangle, against RFC 7047 §3.2.
        let changes = made.firstIndex { ["update", "mutate"].contains($0["op"]?.string) }
        guard let changes else { return made }
        let late = made[changes...]
        return made[..<changes] + late.filter { $0["op"] == "delete" }
            + late.filter { $0["op"] != "delete" }
    }

    /// Few, so that references mostly lead to rows that are there.
    private mutating func rowNumber() -> Int { chooser.number(0...(chooser.chance(75) ? 2 : 7)) }

    private mutating func operation() -> JSON {
        let made = wellMade()
        return chooser.chance(7) ? damaged(made) : made
    }

    private mutating func wellMade() -> JSON {
        let table = chooser.one(of: TrialSchema.tables)
        let name: JSON = chooser.chance(2) ? "Nowhere" : .string(table.name)
        switch chooser.number(0...99) {
        case ..<40: return insertion(table, name)
        case ..<52:
            var members: [(String, JSON)] = [
                ("op", "select"), ("table", name), ("where", condition(table)),
            ]
            // Rows have versions, which are random.
            members.append(("columns", .array(columnNames(table))))
            return JSON.object(JSONObject(members))
        case ..<67:
            return [
                "op": "update", "table": name, "where": condition(table), "row": row(table, 4),
            ]
        case ..<82:
            let mutations = (0..<chooser.number(0...2)).map { _ in mutation(table) }
            return [
                "op": "mutate", "table": name, "where": condition(table),
                "mutations": .array(mutations),
            ]
        case ..<90: return ["op": "delete", "table": name, "where": condition(table)]
        case ..<94: return wait(table, name)
        case ..<96: return ["op": "commit", "durable": false]
        case ..<97: return ["op": "abort"]
        case ..<98: return ["op": "comment", "comment": "a word"]
        case ..<99: return ["op": "assert", "lock": chooser.chance(50) ? "held" : "free"]
        default: return ["op": "nothing", "table": name]
        }
    }

    private mutating func insertion(_ table: TrialTable, _ name: JSON) -> JSON {
        var uuid = TrialSchema.uuid(table, rowNumber())
        if chooser.chance(30) {
            freshUUIDCount += 1
            uuid = TrialSchema.uuid(table, 100 + freshUUIDCount)
        }
        var members: [(String, JSON)] = [
            ("op", "insert"), ("table", name), ("row", row(table, 12)), ("uuid", .string(uuid)),
        ]
        if chooser.chance(60) {
            let name = "row\(chooser.number(0...5))"
            members.append(("uuid-name", .string(name)))
            namedRows.append(name)
        }
        return .object(JSONObject(members))
    }

    private mutating func wait(_ table: TrialTable, _ name: JSON) -> JSON {
        let rows = (0..<chooser.number(0...2)).map { _ in row(table, 2) }
        return [
            "op": "wait", "table": name, "timeout": 0, "where": condition(table),
            "columns": .array(columnNames(table)), "rows": .array(rows),
            "until": .string(chooser.one(of: ["==", "!=", "!=", "<"])),
        ]
    }

    private mutating func columnNames(_ table: TrialTable) -> [JSON] {
        let names = table.columns.map(\.name) + ["_uuid"]
        var chosen = chooser.some(of: names)
        if chooser.chance(2) { chosen.append("nothing") }
        return chosen.map { .string($0) }
    }

    private mutating func row(_ table: TrialTable, _ count: Int) -> JSON {
        var members: [String: JSON] = [:]
        for _ in 0..<chooser.number(0...count) {
            let column = chooser.one(of: table.columns)
            members[column.name] = rightValue(column)
        }
        // What a new row is refused without is there more often than not.
        for column in table.columns where column.isMandatory && chooser.chance(90) {
            members[column.name] = rightValue(column)
        }
        // At most one is wrong, for which of two the genuine server finds first is up to its hash
        // tables.
        switch chooser.number(0...99) {
        case ..<1: members["nothing"] = 5
        case ..<2: members["_uuid"] = ["uuid", .string(TrialSchema.uuid(table, 0))]
        case ..<20:
            let column = chooser.one(of: table.columns)
            members[column.name] = value(column)
        default: break
        }
        return .object(JSONObject(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    }

    private mutating func condition(_ table: TrialTable) -> JSON {
        .array((0..<chooser.one(of: [0, 1, 1, 1, 2])).map { _ in clause(table) })
    }

    mutating func clause(_ table: TrialTable) -> JSON {
        if chooser.chance(5) { return .boolean(chooser.chance(70)) }
        if chooser.chance(25) {
            let uuid = TrialSchema.uuid(table, rowNumber())
            let comparison = chooser.one(of: ["==", "==", "!=", "includes", "excludes", "<"])
            return ["_uuid", .string(comparison), ["uuid", .string(uuid)]]
        }
        let column = chooser.one(of: table.columns)
        let isNumber = column.kind.isNumber && column.maximum == 1
        var comparisons = ["==", "!=", "includes", "excludes"]
        if isNumber || chooser.chance(5) { comparisons += ["<", "<=", ">", ">="] }
        if chooser.chance(1) { comparisons = ["=", "like"] }
        return [.string(column.name), .string(chooser.one(of: comparisons)), value(column)]
    }

    private mutating func mutation(_ table: TrialTable) -> JSON {
        let columns = table.columns
        let numbers = columns.filter(\.kind.isNumber)
        let column = chooser.one(of: !numbers.isEmpty && chooser.chance(50) ? numbers : columns)
        let arithmetic = ["+=", "-=", "*=", "/=", "%="]
        var mutators = ["insert", "delete"]
        if column.kind.isNumber { mutators = arithmetic + (column.maximum > 1 ? mutators : []) }
        if chooser.chance(4) { mutators = arithmetic + ["insert", "delete", "="] }
        let mutator = chooser.one(of: mutators)
        var argument = value(column)
        if arithmetic.contains(mutator) && !chooser.chance(4) { argument = atom(column.kind) }
        if mutator == "delete", column.value != nil, chooser.chance(50) {
            argument = ["set", .array((0..<chooser.number(0...2)).map { _ in atom(column.kind) })]
        }
        return [.string(column.name), .string(mutator), argument]
    }
}

// MARK: - Values

extension TransactionGenerator {
    private static let junk: [JSON] = [
        .null, true, 0, -1, 7, .integer(.max), .integer(.min), 1.5, 1e300, "", "x", "name", [], [:],
        ["set", []], ["set", [1, 2]], ["set", 5], ["set", [1, 1]], ["map", []],
        ["map", [["a", "b"]]], ["map", [[1, 2]]], ["map", [["a"]]], ["map", 5], ["uuid", "x"],
        ["uuid", 5], ["named-uuid", "nobody"], ["named-uuid", "9"], ["named-uuid", "row0"],
        ["name", "==", "a"], ["a": "b"], ["set", [["set", []]]], ["row", "a"],
    ]

    /// A value that the column takes.
    private mutating func rightValue(_ column: TrialColumn) -> JSON {
        let count = chooser.number(column.minimum...max(column.minimum, min(column.maximum, 3)))
        var keys: [JSON] = []
        for _ in 0..<20 where keys.count < count {
            let key = rightAtom(column.kind)
            if !keys.contains(key) { keys.append(key) }
        }
        if let value = column.value {
            return ["map", .array(keys.map { [$0, rightAtom(value)] })]
        }
        return keys.count == 1 ? keys[0] : ["set", .array(keys)]
    }

    private mutating func rightAtom(_ kind: TrialKind) -> JSON {
        switch kind {
        case .integer: .integer(Int64(chooser.number(0...9)))
        case .real: chooser.one(of: [0.5, -0.5, 1, -1, 0.1, 3.25, 1e-300, 2])
        case .string: .string(chooser.one(of: ["a", "b", "c", "de", "wörter", "d\n\"e\""]))
        case .choice: .string(chooser.one(of: ["red", "green", "blue"]))
        case .prime: .integer(Int64(chooser.one(of: [2, 3, 5, 7])))
        case .boolean, .uuid, .reference: atom(kind)
        }
    }

    private mutating func value(_ column: TrialColumn) -> JSON {
        if chooser.chance(3) { return chooser.one(of: Self.junk) }
        if let value = column.value {
            let count = chooser.number(0...3)
            return ["map", .array((0..<count).map { _ in [atom(column.kind), atom(value)] })]
        }
        if column.maximum == 1 && column.minimum == 1 && !chooser.chance(5) {
            return atom(column.kind)
        }
        let count = chooser.one(of: [0, 1, 1, 1, 2, 2, 3])
        if count == 1 && chooser.chance(50) { return atom(column.kind) }
        let most = chooser.chance(95) ? max(1, column.maximum) : 4
        var members: [JSON] = []
        while members.count < min(count, most) {
            let member = atom(column.kind)
            if members.contains(member) && !chooser.chance(20) { break }
            members.append(member)
        }
        return ["set", .array(members)]
    }

    private mutating func atom(_ kind: TrialKind) -> JSON {
        switch kind {
        case .integer:
            let large: [Int64] = [.max, .min, 1 << 40, -(1 << 40), 101]
            if chooser.chance(4) { return .integer(chooser.one(of: large)) }
            return chooser.chance(2) ? 2.0 : .integer(Int64(chooser.number(-1...9)))
        case .real:
            return chooser.one(of: [0, 0.5, -0.5, 1, -1, 0.1, 3.25, 1e300, 1e-300, 0.25, 2, -0.0])
        case .boolean: return .boolean(chooser.chance(50))
        case .string:
            let words = ["", "a", "b", "c", "de", "wörter", "too long for it", "d\n\"e\""]
            return .string(chooser.one(of: words))
        case .choice: return .string(chooser.one(of: ["red", "green", "blue", "red", "pink"]))
        case .prime: return .integer(Int64(chooser.one(of: [2, 3, 5, 7, 2, 3, 5, 4])))
        case .uuid: return ["uuid", .string(TrialSchema.uuid(0, chooser.number(0...3)))]
        case .reference(let table):
            if !namedRows.isEmpty && chooser.chance(40) {
                return ["named-uuid", .string(chooser.one(of: namedRows))]
            }
            return ["uuid", .string(TrialSchema.uuid(table, rowNumber()))]
        }
    }

    /// An operation with a member taken away, put in, or of another value.
    ///
    /// What says how long to wait stays, for neither server may wait.
    private mutating func damaged(_ operation: JSON) -> JSON {
        guard var object = operation.object else { return operation }
        let key = chooser.one(of: object.keys.filter { $0 != "timeout" })
        switch chooser.number(0...3) {
        case 0: object[key] = key == "uuid" ? 5 : nil
        case 1: object[chooser.one(of: ["extra", "uuid", "where", "row"])] = 5
        default: object[key] = chooser.one(of: Self.junk)
        }
        return chooser.chance(5) ? chooser.one(of: Self.junk) : .object(object)
    }
}
