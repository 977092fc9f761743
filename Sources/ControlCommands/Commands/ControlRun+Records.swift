import OVSDBModel

/// Printing, making and deleting records.
extension ControlRun {
    /// The columns that `list` and `find` print.
    func listedColumns(_ command: Command, _ table: TableSchema) throws(ControlError) -> [Int] {
        guard let option = command.value(of: "--columns") else {
            return [TableSchema.uuidIndex]
                + Array(TableSchema.implicitColumns.count..<table.columns.count)
        }
        let names = option.split { $0 == "," || $0 == " " }
        guard !names.isEmpty else {
            throw ControlError("must specify at least one column name")
        }
        var indices: [Int] = []
        for name in names {
            indices.append(try displayedColumn(String(name), table))
        }
        return indices
    }

    private func displayedColumn(
        _ name: String, _ table: TableSchema
    ) throws(ControlError) -> Int {
        name == "_uuid" ? TableSchema.uuidIndex : try SchemaNames.column(name, of: table)
    }

    private func print(
        _ rows: [Row], _ command: Command, _ table: TableSchema
    ) throws(ControlError) {
        let indices = try listedColumns(command, table)
        var text = TextTable(headings: indices.map { table.columns[$0].name })
        text.rows = rows.map { row in
            indices.map { .datum(row.values[$0], table.columns[$0].type) }
        }
        print(text)
    }

    func list(_ command: Command, _ table: TableSchema) throws(ControlError) {
        let wanted = command.arguments.dropFirst()
        guard !wanted.isEmpty else {
            return try print(replica.rows(of: table.name), command, table)
        }
        let mustExist = !command.has("--if-exists")
        var rows: [Row] = []
        for name in wanted {
            if let row = try record(name, in: table, mustExist: mustExist) { rows.append(row) }
        }
        try print(rows, command, table)
    }

    func find(_ command: Command, _ table: TableSchema) throws(ControlError) {
        let conditions = Array(command.arguments.dropFirst())
        var rows: [Row] = []
        for row in replica.rows(of: table.name) where try satisfies(row, conditions) {
            rows.append(row)
        }
        try print(rows, command, table)
    }

    func get(_ command: Command, _ table: TableSchema) throws(ControlError) {
        let mustExist = !command.has("--if-exists")
        let name = command.value(of: "--id")
        if name != nil && !mustExist {
            throw ControlError("--if-exists and --id may not be specified together")
        }
        guard let row = try record(command.arguments[1], in: table, mustExist: mustExist) else {
            return
        }
        if let name {
            guard try names.define(name, as: row.uuid) == row.uuid else {
                throw ControlError("row id \"\(name)\" is used before the command that defines it")
            }
        }
        for argument in command.arguments.dropFirst(2) {
            try get(argument, of: row, command, mustExist: mustExist)
        }
    }

    private func get(
        _ text: String, of row: Row, _ command: Command, mustExist: Bool
    ) throws(ControlError) {
        if text == "_uuid" {
            print("\(row.uuid)\n")
            return
        }
        let argument = try ColumnArgument(text, of: row.table, kind: .columnOnly)
        let column = argument.column
        let value = row.values[argument.columnIndex]
        guard let key = argument.key else {
            print(value.text(type: column.type) + "\n")
            return
        }
        guard column.type.isMap else {
            throw ControlError("cannot specify key to get for non-map column \(column.name)")
        }
        let atom = try atom(key, column.type.key)
        if let member = value[atom] {
            print(member.text + "\n")
        } else if mustExist {
            throw ControlError(
                "no key \"\(key)\" in \(row.table.name) record \"\(command.arguments[1])\" "
                    + "column \(column.name)")
        } else {
            print("\n")
        }
    }

    func create(_ command: Command, _ table: TableSchema) throws(ControlError) {
        var uuid: UUID?
        var isChosen = false
        let name = command.value(of: "--id")
        if let name {
            if let chosen = UUID(name) {
                uuid = chosen
                isChosen = true
            } else {
                uuid = try names.define(name, as: nil)
            }
        }
        let row = replica.insert(in: table.name, uuid: uuid, isChosen: isChosen)
        if let name, !isChosen { names.noteCreated(name, row) }
        for argument in command.arguments.dropFirst() { try set(argument, on: row) }
        print(newRow: row.uuid)
    }

    func destroy(_ command: Command, _ table: TableSchema) throws(ControlError) {
        let wanted = command.arguments.dropFirst()
        if command.has("--all") {
            guard wanted.isEmpty else {
                throw ControlError(
                    "--all and records argument should not be specified together")
            }
            if command.has("--if-exists") {
                throw ControlError("--all and --if-exists should not be specified together")
            }
            replica.rows(of: table.name).forEach(replica.delete)
            return
        }
        if wanted.isEmpty {
            warn("either --all or records argument should be specified", module: "db_ctl_base")
        }
        let mustExist = !command.has("--if-exists")
        for name in wanted {
            if let row = try record(name, in: table, mustExist: mustExist) { replica.delete(row) }
        }
    }

    /// `wait-until`: whether the record is there and meets the conditions.
    func waitUntil(_ command: Command) throws(ControlError) -> Bool {
        let table = try SchemaNames.table(command.arguments[0], in: replica.schema)
        let conditions = Array(command.arguments.dropFirst(2))
        guard let row = try record(command.arguments[1], in: table, mustExist: false) else {
            return false
        }
        return try satisfies(row, conditions)
    }
}

// MARK: - Conditions

extension ControlRun {
    private func satisfies(_ row: Row, _ conditions: [String]) throws(ControlError) -> Bool {
        for condition in conditions where try !satisfies(row, condition) { return false }
        return true
    }

    private func satisfies(_ row: Row, _ condition: String) throws(ControlError) -> Bool {
        let argument = try ColumnArgument(condition, of: row.table, kind: .condition)
        let relation = argument.relation ?? .equal
        let type = argument.column.type
        let present = row.values[argument.columnIndex]
        guard let key = argument.key else {
            return relation.holds(present, try datum(argument.value, type))
        }
        guard let value = type.value else {
            throw ControlError(
                "cannot specify key to check for non-map column \(argument.column.name)")
        }
        let keyAtom = try atom(key, type.key)
        let wanted = try datum(
            argument.value, ColumnType(value, minimum: 0, maximum: ColumnType.unlimited))
        if let member = present[keyAtom] { return relation.holds(Datum(member), wanted) }
        return relation.isSetRelation && relation.holds(.empty, wanted)
    }
}

extension Relation {
    /// Whether it compares members, so that a missing key counts as an empty set.
    var isSetRelation: Bool { rawValue.hasPrefix("{") }

    func holds(_ left: Datum, _ right: Datum) -> Bool {
        switch self {
        case .equal, .setEqual: left == right
        case .notEqual, .setNotEqual: left != right
        case .less: left.precedes(right)
        case .greater: right.precedes(left)
        case .lessOrEqual: !right.precedes(left)
        case .greaterOrEqual: !left.precedes(right)
        case .subset, .within: right.includes(left)
        case .properSubset: right.includes(left) && right.count > left.count
        case .superset: left.includes(right)
        case .properSuperset: left.includes(right) && left.count > right.count
        case .disjoint: left.excludes(right)
        }
    }
}

extension Datum {
    /// Whether it comes first: fewer members, else the first difference of keys, then of values.
    func precedes(_ other: Datum) -> Bool {
        if count != other.count { return count < other.count }
        for (left, right) in zip(keys, other.keys) where left != right { return left < right }
        for (left, right) in zip(values, other.values) where left != right { return left < right }
        return false
    }
}
