public import JSONRPC

/// A change of one column in place (`<mutation>`, RFC 7047 §5.1).
public struct Mutation: Hashable, Sendable {
    public enum Mutator: String, Hashable, Sendable {
        case add = "+="
        case subtract = "-="
        case multiply = "*="
        case divide = "/="
        case remainder = "%="
        case insert
        case delete
    }

    public let column: Int
    public let mutator: Mutator
    public let argument: Datum

    public init(column: Int, _ mutator: Mutator, _ argument: Datum) {
        self.column = column
        self.mutator = mutator
        self.argument = argument
    }

    public init(
        _ json: JSON, table: TableSchema, context: inout NamingContext?
    ) throws(OVSDBError) {
        guard let parts = json.array, parts.count == 3, let name = parts[0].string,
            let function = parts[1].string
        else { throw .syntax("Parse error in mutation.", in: json) }
        guard let column = table.index(of: name) else {
            throw .unknownColumn(name, table: table.name, in: json)
        }
        guard table.columns[column].isMutable else {
            throw .constraint(
                "Cannot mutate immutable column \(name) in table \(table.name).", syntax: json)
        }
        guard let mutator = Mutator(rawValue: function) else {
            throw OVSDBError("unknown mutator", "No mutator named \(function).")
        }
        let type = table.columns[column].type
        guard mutator.applies(to: type) else {
            throw .syntax(
                "Type mismatch: \"\(function)\" operator may not be applied to column \(name) of "
                    + "type \(type.english).", in: json)
        }
        self.column = column
        self.mutator = mutator
        argument = try mutator.argument(parts[2], type: type, context: &context)
    }

    /// Changes a datum of the column.
    public func apply(to datum: inout Datum, type: ColumnType) throws(OVSDBError) {
        switch mutator {
        case .insert:
            datum.formUnion(argument)
            try checkCount(datum, type: type)
        case .delete:
            datum.subtract(argument)
            try checkCount(datum, type: type)
        case .add, .subtract, .multiply, .divide, .remainder:
            guard let operand = argument.scalar else { return }
            datum = try compute(datum, operand, type: type)
        }
    }

    private func checkCount(_ datum: Datum, type: ColumnType) throws(OVSDBError) {
        guard datum.count < type.minimum || datum.count > type.maximum else { return }
        throw .constraint("Attempted to store \(datum.count) elements in \(type.english).")
    }

    private func compute(
        _ datum: Datum, _ operand: Atom, type: ColumnType
    ) throws(OVSDBError) -> Datum {
        var keys: [Atom] = []
        keys.reserveCapacity(datum.count)
        for key in datum.keys {
            let result = try compute(key, operand)
            try type.key.check(result)
            keys.append(result)
        }
        let changed = Datum(set: keys)
        guard changed.count == datum.count else {
            throw .constraint(
                "Result of \"\(mutator.rawValue)\" operation contains duplicates.")
        }
        return changed
    }

    private func compute(_ atom: Atom, _ operand: Atom) throws(OVSDBError) -> Atom {
        switch (atom, operand) {
        case (.integer(let left), .integer(let right)):
            return .integer(try compute(left, right))
        case (.real(let left), .real(let right)):
            return .real(try compute(left, right))
        default:
            return atom
        }
    }

    private func compute(_ left: Int64, _ right: Int64) throws(OVSDBError) -> Int64 {
        if right == 0 && (mutator == .divide || mutator == .remainder) {
            throw OVSDBError("domain error", "Division by zero.")
        }
        let (result, overflows) =
            switch mutator {
            case .add: left.addingReportingOverflow(right)
            case .subtract: left.subtractingReportingOverflow(right)
            case .multiply: left.multipliedReportingOverflow(by: right)
            case .divide: left.dividedReportingOverflow(by: right)
            case .remainder:
                right == -1 ? (0, false) : left.remainderReportingOverflow(dividingBy: right)
            case .insert, .delete: (left, false)
            }
        guard !overflows else { throw rangeError }
        return result
    }

    private func compute(_ left: Double, _ right: Double) throws(OVSDBError) -> Double {
        if right == 0 && mutator == .divide {
            throw OVSDBError("domain error", "Division by zero.")
        }
        let result =
            switch mutator {
            case .add: left + right
            case .subtract: left - right
            case .multiply: left * right
            case .divide: left / right
            case .remainder, .insert, .delete: left
            }
        guard result.isFinite else { throw rangeError }
        return result
    }

    private var rangeError: OVSDBError {
        OVSDBError(
            "range error", "Result of \"\(mutator.rawValue)\" operation is out of range.")
    }
}

extension Mutation.Mutator {
    fileprivate func applies(to type: ColumnType) -> Bool {
        switch self {
        case .insert, .delete: type.maximum > 1 || type.minimum == 0 || type.isMap
        case .remainder: !type.isMap && type.key.type == .integer
        case .add, .subtract, .multiply, .divide:
            !type.isMap && (type.key.type == .integer || type.key.type == .real)
        }
    }

    fileprivate func argument(
        _ json: JSON, type: ColumnType, context: inout NamingContext?
    ) throws(OVSDBError) -> Datum {
        switch self {
        case .insert:
            return try Datum(
                json, type: ColumnType(type.key, type.value, minimum: 0, maximum: type.maximum),
                context: &context)
        case .delete:
            // What is no right map is taken for the keys alone, and its errors told as theirs.
            if type.isMap, let pairs = try? Datum(json, type: type.ofAnyCount, context: &context) {
                return pairs
            }
            return try Datum(
                json, type: ColumnType(type.key, nil, minimum: 0, maximum: ColumnType.unlimited),
                context: &context)
        case .add, .subtract, .multiply, .divide, .remainder:
            return try Datum(
                json, type: ColumnType(BaseType(type.key.type)), context: &context)
        }
    }
}

extension Mutation {
    /// The mutation as a client sends it.
    public func json(table: TableSchema) -> JSON {
        let type = table.columns[column].type
        let shape = type.isMap && !argument.values.isEmpty ? type : .set(of: type.key)
        return .array([
            .string(table.columns[column].name), .string(mutator.rawValue),
            argument.json(type: shape),
        ])
    }
}

extension ColumnType {
    fileprivate var ofAnyCount: ColumnType {
        ColumnType(key, value, minimum: 0, maximum: ColumnType.unlimited)
    }
}
