import JSONRPC

/// What a column of ``TrialSchema`` holds.
enum TrialKind: Hashable {
    case integer, real, boolean, string, choice, prime, uuid
    case reference(Int)

    var isReference: Bool { if case .reference = self { true } else { false } }
    var isNumber: Bool { self == .integer || self == .real || self == .prime }
}

struct TrialColumn {
    let name: String
    var kind: TrialKind
    var value: TrialKind?
    var minimum = 1
    var maximum = 1
    /// Constraints of the key, as a schema has them.
    var constraints: [String: JSON] = [:]
    /// Members of the column beside its type.
    var attributes: [String: JSON] = [:]

    /// Whether a new row is refused without it.
    var isMandatory: Bool {
        minimum == 1 && (kind.isReference || kind == .prime || constraints["minLength"] != nil)
    }

    private static func base(_ kind: TrialKind, _ constraints: [String: JSON]) -> JSON {
        var members = constraints
        switch kind {
        case .integer: members["type"] = "integer"
        case .real: members["type"] = "real"
        case .boolean: members["type"] = "boolean"
        case .string: members["type"] = "string"
        case .choice:
            members["type"] = "string"
            members["enum"] = ["set", ["red", "green", "blue"]]
        case .prime:
            members["type"] = "integer"
            members["enum"] = ["set", [2, 3, 5, 7]]
        case .uuid: members["type"] = "uuid"
        case .reference(let table):
            members["type"] = "uuid"
            members["refTable"] = .string(TrialSchema.tableNames[table])
        }
        return .object(JSONObject(members.map { ($0.key, $0.value) }))
    }

    var json: JSON {
        var type: [(String, JSON)] = [
            ("key", Self.base(kind, constraints)), ("min", .integer(Int64(minimum))),
            ("max", maximum == .max ? "unlimited" : .integer(Int64(maximum))),
        ]
        if let value { type.append(("value", Self.base(value, [:]))) }
        var members = attributes
        members["type"] = .object(JSONObject(type))
        return .object(JSONObject(members.map { ($0.key, $0.value) }))
    }
}

struct TrialTable {
    let number: Int
    var name: String { TrialSchema.tableNames[number] }
    var attributes: [String: JSON] = [:]
    var columns: [TrialColumn]

    var json: JSON {
        var members = attributes
        members["columns"] = .object(JSONObject(columns.map { ($0.name, $0.json) }))
        return .object(JSONObject(members.map { ($0.key, $0.value) }))
    }
}

/// A small schema with something of everything that a schema can demand.
enum TrialSchema {
    static let tableNames = ["Root", "Child", "Leaf"]

    static let tables = [
        TrialTable(
            number: 0, attributes: ["isRoot": true, "indexes": [["name"]]],
            columns: [
                TrialColumn(name: "name", kind: .string, constraints: ["maxLength": 10]),
                TrialColumn(name: "kids", kind: .reference(1), minimum: 0, maximum: .max),
                TrialColumn(name: "heir", kind: .reference(1), minimum: 0),
                TrialColumn(
                    name: "named", kind: .string, value: .reference(1), minimum: 0, maximum: .max),
                TrialColumn(
                    name: "count", kind: .integer,
                    constraints: ["minInteger": 0, "maxInteger": 100]),
                TrialColumn(
                    name: "ratio", kind: .real, constraints: ["minReal": -1, "maxReal": 10]),
                TrialColumn(name: "level", kind: .integer, minimum: 0),
                TrialColumn(name: "flag", kind: .boolean),
                TrialColumn(name: "birth", kind: .string, attributes: ["mutable": false]),
                TrialColumn(name: "shown", kind: .integer, attributes: ["ephemeral": true]),
                TrialColumn(name: "pairs", kind: .integer, value: .string, minimum: 0, maximum: 3),
            ]),
        TrialTable(
            number: 1, attributes: ["indexes": [["label", "number"]]],
            columns: [
                TrialColumn(name: "label", kind: .string),
                TrialColumn(name: "number", kind: .integer),
                TrialColumn(name: "leaf", kind: .reference(2), minimum: 0),
                TrialColumn(
                    name: "peers", kind: .reference(1), minimum: 0, maximum: .max,
                    constraints: ["refType": "weak"]),
                TrialColumn(name: "colours", kind: .choice, minimum: 0, maximum: 2),
                TrialColumn(name: "numbers", kind: .integer, minimum: 0, maximum: .max),
                TrialColumn(name: "reals", kind: .real, minimum: 0, maximum: 3),
            ]),
        TrialTable(
            number: 2, attributes: ["isRoot": true, "maxRows": 6],
            columns: [
                TrialColumn(
                    name: "needs", kind: .reference(0), maximum: 2,
                    constraints: ["refType": "weak"]),
                TrialColumn(name: "prime", kind: .prime),
                TrialColumn(name: "colour", kind: .choice, minimum: 0),
                TrialColumn(
                    name: "words", kind: .string, minimum: 1, maximum: 2,
                    constraints: ["minLength": 1]),
                TrialColumn(name: "ids", kind: .uuid, minimum: 0, maximum: .max),
                TrialColumn(
                    name: "weights", kind: .choice, value: .real, minimum: 0, maximum: .max),
            ]),
    ]

    static var json: JSON {
        let tables = JSONObject(tables.map { ($0.name, $0.json) })
        return ["name": "Trial", "version": "1.0.0", "tables": .object(tables)]
    }

    static func uuid(_ table: Int, _ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "\(table)0000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count)
            + digits
    }

    static func uuid(_ table: TrialTable, _ number: Int) -> String { uuid(table.number, number) }
}
