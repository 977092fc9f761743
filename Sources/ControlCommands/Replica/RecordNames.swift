import OVSDBModel

/// The names such as `@port` that commands give to records, for other commands to refer to.
struct RecordNames {
    var context: NamingContext? = NamingContext()
    /// Names of rows that `create` makes, in order.
    private(set) var created: [(name: String, row: Row)] = []

    /// Says which record a name stands for.
    mutating func define(_ name: String, as wanted: UUID?) throws(ControlError) -> UUID {
        guard name.hasPrefix("@") else {
            throw ControlError("row id \"\(name)\" does not begin with \"@\"")
        }
        guard let uuid = context?.define(name, wanted: wanted) else {
            throw ControlError("row id \"\(name)\" may only be specified on one --id option")
        }
        return uuid
    }

    mutating func noteCreated(_ name: String, _ row: Row) { created.append((name, row)) }

    /// Throws where a name was used and never defined.
    func checkDefined() throws(ControlError) {
        guard let name = context?.names.undefinedNames.first else { return }
        throw ControlError(
            "row id \"\(name)\" is referenced but never created "
                + "(e.g. with \"-- --id=\(name) create ...\")")
    }

    /// What to say of rows that will vanish at once, because nothing keeps them.
    func warnings(_ replica: Replica) -> [String] {
        let rows = created.filter { !$0.row.table.isRoot && !$0.row.isDeleted }
        guard !rows.isEmpty else { return [] }
        let references = replica.newReferences()
        return rows.compactMap { name, row in
            if references.strong.contains(row.uuid) { return nil }
            let kind =
                references.weak.contains(row.uuid)
                ? "only a weak reference to it was inserted"
                : "no reference to it was inserted"
            return "row id \"\(name)\" was created but \(kind), "
                + "so it will not actually appear in the database"
        }
    }
}

extension Replica {
    /// The rows that this transaction's values refer to.
    func newReferences() -> (strong: Set<UUID>, weak: Set<UUID>) {
        var strong: Set<UUID> = []
        var weak: Set<UUID> = []
        func collect(_ atoms: [Atom], _ type: BaseType?) {
            guard let type, type.refTable != nil else { return }
            if type.isWeak {
                weak.formUnion(atoms.compactMap(\.uuid))
            } else {
                strong.formUnion(atoms.compactMap(\.uuid))
            }
        }
        func collect(_ row: Row) {
            for (column, value) in zip(row.table.columns, row.values) {
                collect(value.keys, column.type.key)
                collect(value.values, column.type.value)
            }
        }
        inserted.forEach(collect)
        for change in changes.values { collect(change.row) }
        return (strong, weak)
    }
}
