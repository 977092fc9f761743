public import JSONRPC

/// A clause that a row meets or not (`<condition>`, RFC 7047 §5.1).
public enum Clause: Hashable, Sendable {
    case always(Bool)
    case compare(column: Int, Comparison, Datum)

    public enum Comparison: String, Hashable, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case includes
        case excludes

        var isOrdering: Bool {
            switch self {
            case .less, .lessOrEqual, .greater, .greaterOrEqual: true
            case .equal, .notEqual, .includes, .excludes: false
            }
        }
    }
}

/// Clauses that a row must meet: all of them in an operation, any of them in a monitor.
public struct Condition: Hashable, Sendable {
    public let clauses: [Clause]

    public init(_ clauses: [Clause]) { self.clauses = clauses }

    public init(
        _ json: [JSON], table: TableSchema, context: inout NamingContext?
    ) throws(OVSDBError) {
        var clauses: [Clause] = []
        for clause in json {
            clauses.append(try Clause(clause, table: table, context: &context))
        }
        self.clauses = clauses
    }

    /// Whether a row meets every clause.
    public func all(_ row: [Datum]) -> Bool {
        clauses.allSatisfy { $0.isMet(by: row) }
    }

    /// Whether a row meets some clause; no clauses at all are met by none.
    public func any(_ row: [Datum]) -> Bool {
        clauses.contains { $0.isMet(by: row) }
    }

    /// What rows that meet every clause have in these columns, where clauses demand values for all.
    public func demandedValues(of columns: [Int]) -> [Datum]? {
        var values: [Datum] = []
        for demanded in columns {
            let value = clauses.lazy.compactMap { clause -> Datum? in
                guard case .compare(demanded, .equal, let datum) = clause else { return nil }
                return datum
            }.first
            guard let value else { return nil }
            values.append(value)
        }
        return values
    }

    /// The only row that can meet every clause, where a clause demands its UUID.
    public var demandedUUID: UUID? {
        for case .compare(let column, let comparison, let datum) in clauses
        where column == TableSchema.uuidIndex
            && (comparison == .equal || comparison == .includes)
        {
            if let uuid = datum.uuid { return uuid }
        }
        return nil
    }
}

extension Clause {
    init(
        _ json: JSON, table: TableSchema, context: inout NamingContext?
    ) throws(OVSDBError) {
        if let value = json.boolean {
            self = .always(value)
            return
        }
        guard let parts = json.array, parts.count == 3, let name = parts[0].string,
            let function = parts[1].string
        else { throw .syntax("Parse error in condition.", in: json) }
        guard let column = table.index(of: name) else {
            throw .unknownColumn(name, table: table.name, in: json)
        }
        guard let comparison = Comparison(rawValue: function) else {
            throw OVSDBError("unknown function", "No function named \(function).")
        }
        let type = table.columns[column].type
        if comparison.isOrdering {
            let isNumber = type.key.type == .integer || type.key.type == .real
            guard isNumber && (type.isScalar || type.isOptionalScalar) else {
                throw .syntax(
                    "Type mismatch: \"\(function)\" operator may not be applied to column "
                        + "\(name) of type \(type.english).", in: json)
            }
        }
        let argument = try Datum(
            parts[2], type: comparison.argumentType(for: type), context: &context)
        self = .compare(column: column, comparison, argument)
    }

    public func isMet(by row: [Datum]) -> Bool {
        switch self {
        case .always(let value):
            return value
        case .compare(let column, let comparison, let argument):
            let datum = row[column]
            switch comparison {
            case .equal: return datum == argument
            case .notEqual: return datum != argument
            case .includes: return datum.includes(argument)
            case .excludes: return datum.excludes(argument)
            case .less: return Self.compare(datum, argument, <)
            case .lessOrEqual: return Self.compare(datum, argument, <=)
            case .greater: return Self.compare(datum, argument, >)
            case .greaterOrEqual: return Self.compare(datum, argument, >=)
            }
        }
    }

    /// An absent number is neither less nor greater than any.
    private static func compare(
        _ datum: Datum, _ argument: Datum, _ isOrdered: (Atom, Atom) -> Bool
    ) -> Bool {
        guard let left = datum.scalar, let right = argument.scalar else { return false }
        return isOrdered(left, right)
    }
}

extension Clause.Comparison {
    /// What may stand on the right: `includes` also takes fewer members, `excludes` any number.
    fileprivate func argumentType(for type: ColumnType) -> ColumnType {
        switch self {
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            // A column may lack its number, but a bound may not.
            ColumnType(type.key)
        case .includes where !type.isScalar:
            ColumnType(type.key, type.value, minimum: 0, maximum: type.maximum)
        case .excludes where !type.isScalar:
            ColumnType(type.key, type.value, minimum: 0, maximum: ColumnType.unlimited)
        default: type
        }
    }
}

extension Condition {
    /// The clauses as JSON, as a client sends them.
    public func json(table: TableSchema) -> [JSON] {
        clauses.map { clause in
            switch clause {
            case .always(let value):
                .boolean(value)
            case .compare(let column, let comparison, let datum):
                .array([
                    .string(table.columns[column].name), .string(comparison.rawValue),
                    datum.json(type: table.columns[column].type),
                ])
            }
        }
    }
}
