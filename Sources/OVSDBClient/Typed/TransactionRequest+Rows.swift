import OVSDBModel

/// Transactions in terms of rows and columns with types.
extension TransactionRequest {
    /// Adds a row; columns that were not set in it hold their default.
    ///
    /// - Returns: A name that may stand in other rows of the same transaction from now on.
    @discardableResult
    public mutating func insert<Owner: TableRow>(_ row: Owner) -> Reference<Owner> {
        insert(row.row)
        return row.reference
    }

    /// Adds a row whose columns `body` sets.
    @discardableResult
    public mutating func insert<Owner: TableRow>(
        _: Owner.Type, _ body: (inout Owner) -> Void
    ) -> Reference<Owner> {
        var row = Owner()
        body(&row)
        return insert(row)
    }

    /// Writes the columns that were set in a row.
    public mutating func update<Owner: TableRow>(_ row: Owner) { update(row.row) }

    /// Writes the columns of a row that `body` sets.
    public mutating func update<Owner: TableRow>(
        _ reference: Reference<Owner>, _ body: (inout Owner) -> Void
    ) {
        var row = Owner(settingColumnsOf: reference)
        body(&row)
        update(row.row)
    }

    public mutating func delete<Owner: TableRow>(_ reference: Reference<Owner>) {
        delete(Owner.table.name, reference.uuid)
    }

    /// Puts members into a set, whatever else it holds by now.
    public mutating func insert<Owner, Member>(
        _ members: [Member], into column: Column<Owner, [Member]>, of reference: Reference<Owner>
    ) {
        mutate(column, of: reference, .insert, members.datum)
    }

    /// Takes members out of a set.
    public mutating func remove<Owner, Member>(
        _ members: [Member], from column: Column<Owner, [Member]>, of reference: Reference<Owner>
    ) {
        mutate(column, of: reference, .delete, members.datum)
    }

    /// Puts pairs into a map; where a key is there already, the pair that is there stays.
    public mutating func insert<Owner, Key, Value>(
        _ pairs: [Key: Value], into column: Column<Owner, [Key: Value]>,
        of reference: Reference<Owner>
    ) {
        mutate(column, of: reference, .insert, pairs.datum)
    }

    /// Takes the pairs with these keys out of a map.
    public mutating func remove<Owner, Key, Value>(
        keys: [Key], from column: Column<Owner, [Key: Value]>, of reference: Reference<Owner>
    ) {
        mutate(column, of: reference, .delete, keys.datum)
    }

    /// Adds to a number, whatever it is by now.
    public mutating func add<Owner>(
        _ amount: Int, to column: Column<Owner, Int>, of reference: Reference<Owner>
    ) {
        mutate(column, of: reference, .add, amount.datum)
    }

    private mutating func mutate<Owner, Value>(
        _ column: Column<Owner, Value>, of reference: Reference<Owner>,
        _ mutator: Mutation.Mutator, _ datum: Datum
    ) {
        mutate(Owner.table.name, reference.uuid, column.name, mutator, datum)
    }

    /// Makes the transaction fail where columns of a row are no longer as they are here.
    public mutating func verify<Owner, each Value>(
        _ row: Owner, _ columns: repeat Column<Owner, each Value>
    ) {
        var names: [String] = []
        for column in repeat each columns { names.append(column.name) }
        verify(row.row, names)
    }

    /// Reads a column whose content decides what the transaction does: it fails where the column
    /// is another by then.
    public mutating func read<Owner, Value>(
        _ column: Column<Owner, Value>, of row: Owner
    ) -> Value {
        verify(row.row, [column.name])
        return row.row[column]
    }
}

/// Rows whose table is known at run time.
extension TransactionRequest {
    /// Adds a row under the name that it has; columns that were not set in it hold their default.
    public mutating func insert(_ row: Row) {
        insert(row.table.name, named: row.uuid, assignments(of: row))
    }

    /// Writes the columns that were set in a row.
    public mutating func update(_ row: Row) {
        update(row.table.name, row.uuid, assignments(of: row))
    }

    private func assignments(of row: Row) -> [String: Datum] {
        var columns: [String: Datum] = [:]
        for index in row.assigned { columns[row.table.columns[index].name] = row.data[index] }
        return columns
    }
}
