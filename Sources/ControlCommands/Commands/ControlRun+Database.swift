import OVSDBModel

/// The database commands, which know tables and columns and nothing of switches.
extension ControlRun {
    func addDatabaseNeeds(of command: Command) throws(ControlError) {
        let arguments = command.arguments
        let table = try SchemaNames.table(arguments[0], in: replica.schema)
        if isNarrow && command.name != "create" {
            let records = command.name == "list" ? arguments.dropFirst() : arguments[1...1]
            needs.add(table.name, named: Array(records))
        } else if command.name != "create" {
            needs.addNaming(of: table)
        }
        switch command.name {
        case "list":
            try addListNeeds(command, table)
        case "find":
            try addListNeeds(command, table)
            try addArgumentNeeds(arguments.dropFirst(), table)
        case "get":
            for argument in arguments.dropFirst(2) where argument != "_uuid" {
                try addArgumentNeeds([argument], table)
            }
        case "set", "wait-until":
            try addArgumentNeeds(arguments.dropFirst(2), table)
        case "create":
            // A new row is not read.
            if !table.isRoot && !command.has("--id") {
                foresee(
                    "applying \"create\" command to table \(table.name) without --id option "
                        + "will have no effect", module: "db_ctl_base")
            }
        case "add", "remove":
            needs.add(table, column: try SchemaNames.column(arguments[2], of: table))
        case "clear":
            for name in arguments.dropFirst(2) {
                needs.add(table, column: try SchemaNames.column(name, of: table))
            }
        default:
            break
        }
    }

    private func addArgumentNeeds(
        _ arguments: ArraySlice<String>, _ table: TableSchema
    ) throws(ControlError) {
        for argument in arguments {
            let parsed = try ColumnArgument(argument, of: table, kind: .columnPrefix)
            needs.add(table, column: parsed.columnIndex)
        }
    }

    private func addListNeeds(
        _ command: Command, _ table: TableSchema
    ) throws(ControlError) {
        for index in try listedColumns(command, table) { needs.add(table, column: index) }
    }

    func executeDatabase(_ command: Command) throws(ControlError) {
        let table = try SchemaNames.table(command.arguments[0], in: replica.schema)
        switch command.name {
        case "list": try list(command, table)
        case "find": try find(command, table)
        case "get": try get(command, table)
        case "create": try create(command, table)
        case "destroy": try destroy(command, table)
        default:
            let mustExist = !command.has("--if-exists")
            guard let row = try record(command.arguments[1], in: table, mustExist: mustExist)
            else { return }
            switch command.name {
            case "set":
                for argument in command.arguments.dropFirst(2) { try set(argument, on: row) }
            case "add": try add(command, to: row)
            case "remove": try remove(command, from: row)
            default: try clear(command, row)
            }
        }
    }
}

// MARK: - Finding records

extension ControlRun {
    /// The fewest digits of a UUID that name a record.
    private static let minimumUUIDPrefix = 4

    /// The record that a text names; `.` is the only record of any table.
    func record(
        _ text: String, in table: TableSchema, mustExist: Bool
    ) throws(ControlError) -> Row? {
        if let uuid = UUID(text), let row = replica.row(uuid, in: table.name) { return row }
        if text == "." {
            let rows = replica.rows(of: table.name)
            if rows.count == 1 { return rows[0] }
        }
        for way in RecordNaming.ways(of: table.name) {
            if let row = try record(text, in: table, by: way) { return row }
        }
        if let row = try record(withUUIDPrefix: text, in: table) { return row }
        if isNarrow { throw .tooNarrow }
        if mustExist { throw ControlError("no row \"\(text)\" in table \(table.name)") }
        return nil
    }

    private func record(
        _ text: String, in table: TableSchema, by way: RecordNaming
    ) throws(ControlError) -> Row? {
        switch way {
        case .singleton:
            return nil
        case .column(let column):
            return try unique(text, in: table, column: column)
        case .reference(let other, let nameColumn, let column):
            guard let holders = replica.schema.table(other) else { return nil }
            let holder = try unique(text, in: holders, column: nameColumn)
            guard let references = holder?[column].uuids, references.count == 1 else {
                return nil
            }
            return replica.row(references[0], in: table.name)
        }
    }

    private func unique(
        _ text: String, in table: TableSchema, column: String
    ) throws(ControlError) -> Row? {
        guard let type = table.column(column)?.type else { return nil }
        var context: NamingContext?
        guard let atom = try? Atom(text: text, type: BaseType(type.key.type), context: &context)
        else { return nil }
        let found: [Row]
        if column == "name", let name = atom.string {
            found = replica.rows(of: table.name, named: name)
        } else {
            found = replica.rows(of: table.name).filter { $0[column].scalar == atom }
        }
        guard found.count > 1 else { return found.first }
        throw ControlError(
            "multiple rows in \(found[0].table.name) match \"\(text)\"")
    }

    private func record(
        withUUIDPrefix text: String, in table: TableSchema
    ) throws(ControlError) -> Row? {
        let digits = Set("0123456789abcdefABCDEF-")
        guard text.utf8.count >= Self.minimumUUIDPrefix, text.allSatisfy(digits.contains) else {
            return nil
        }
        let wanted = text.lowercased()
        let found = replica.rows(of: table.name).filter { $0.uuid.description.hasPrefix(wanted) }
        guard found.count > 1 else { return found.first }
        throw ControlError("\(table.name) contains 2 or more rows whose UUIDs begin with \(text)")
    }
}

// MARK: - Values

extension ControlRun {
    /// A value as the operator wrote it.
    func datum(_ text: String, _ type: ColumnType) throws(ControlError) -> Datum {
        do throws(DatumTextError) {
            return try Datum(text: text, type: type, context: &names.context)
        } catch {
            throw ControlError(error.description)
        }
    }

    func atom(_ text: String, _ type: BaseType) throws(ControlError) -> Atom {
        do throws(DatumTextError) {
            return try Atom(text: text, type: type, context: &names.context)
        } catch {
            throw ControlError(error.description)
        }
    }

    /// Refuses to change a column that is fixed once its row exists.
    private func checkMutable(_ column: ColumnSchema, of row: Row) throws(ControlError) {
        guard !column.isMutable, !row.isNew else { return }
        throw ControlError(
            "cannot modify read-only column \(column.name) in table \(row.table.name)")
    }

    /// Carries out `COLUMN[:KEY]=VALUE`.
    func set(_ text: String, on row: Row) throws(ControlError) {
        let argument = try ColumnArgument(text, of: row.table, kind: .assignment)
        let column = argument.column
        try checkMutable(column, of: row)
        if let key = argument.key {
            guard let valueType = column.type.value else {
                throw ControlError("cannot specify key to set for non-map column \(column.name)")
            }
            let key = try atom(key, column.type.key)
            let value = try atom(argument.value, valueType)
            replica.insert(key, value: value, into: argument.columnIndex, of: row)
        } else {
            let value = try datum(argument.value, column.type)
            replica.set(row, argument.columnIndex, to: value)
        }
        invalidateView(row.table, column: argument.columnIndex)
    }

    private func add(_ command: Command, to row: Row) throws(ControlError) {
        let index = try SchemaNames.column(command.arguments[2], of: row.table)
        let column = row.table.columns[index]
        try checkMutable(column, of: row)
        let type = ColumnType(
            column.type.key, column.type.value, minimum: 1, maximum: ColumnType.unlimited)
        for argument in command.arguments.dropFirst(3) {
            let added = try datum(argument, type)
            for position in added.keys.indices {
                let key = added.keys[position]
                if row.values[index].contains(key) { continue }
                replica.insert(
                    key, value: type.isMap ? added.values[position] : nil, into: index, of: row)
            }
        }
        invalidateView(row.table, column: index)
    }

    private func remove(_ command: Command, from row: Row) throws(ControlError) {
        let index = try SchemaNames.column(command.arguments[2], of: row.table)
        let column = row.table.columns[index]
        try checkMutable(column, of: row)
        var left = row.values[index]
        for argument in command.arguments.dropFirst(3) {
            left.subtract(try removedMembers(argument, column.type))
        }
        if left.count < column.type.minimum {
            throw ControlError(
                "\"remove\" operation would put \(left.count) values in column \(column.name) "
                    + "of table \(row.table.name) but the minimum number is "
                    + "\(column.type.minimum)")
        }
        for key in row.values[index].keys where !left.contains(key) {
            replica.remove(key, from: index, of: row)
        }
        invalidateView(row.table, column: index)
    }

    /// What `remove` takes out: members, pairs of a map, or pairs by key alone.
    private func removedMembers(
        _ text: String, _ type: ColumnType
    ) throws(ControlError) -> Datum {
        func members(_ value: BaseType?) throws(ControlError) -> Datum {
            let type = ColumnType(type.key, value, minimum: 1, maximum: ColumnType.unlimited)
            return try datum(text, type)
        }
        guard type.isMap else { return try members(nil) }
        if let pairs = try? members(type.value) { return pairs }
        return try members(nil)
    }

    private func clear(_ command: Command, _ row: Row) throws(ControlError) {
        for name in command.arguments.dropFirst(2) {
            let index = try SchemaNames.column(name, of: row.table)
            let column = row.table.columns[index]
            try checkMutable(column, of: row)
            if column.type.minimum > 0 {
                throw ControlError(
                    "\"clear\" operation cannot be applied to column \(column.name) of table "
                        + "\(row.table.name), which is not allowed to be empty")
            }
            replica.set(row, index, to: .empty)
            invalidateView(row.table, column: index)
        }
    }
}
