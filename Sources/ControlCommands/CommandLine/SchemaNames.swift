import OVSDBModel

/// Finds tables and columns by what operators write: any case, `-` for `_`, unique beginnings.
enum SchemaNames {
    static func table(_ name: String, in schema: DatabaseSchema) throws(ControlError) -> TableSchema
    {
        let names = schema.tables.map(\.name)
        switch match(name, names) {
        case .one(let index): return schema.tables[index]
        case .none: throw ControlError("unknown table \"\(name)\"")
        case .several(let indices):
            let list = indices.map { names[$0] }.joined(separator: ", ")
            throw ControlError("\"\(name)\" matches multiple table names: \(list)")
        }
    }

    /// The position of a column among those of its table.
    static func column(_ name: String, of table: TableSchema) throws(ControlError) -> Int {
        let columns = Array(table.declaredColumns)
        let offset = TableSchema.implicitColumns.count
        switch match(name, columns.map(\.name)) {
        case .one(let index): return index + offset
        case .none:
            throw ControlError(
                "\(table.name) does not contain a column whose name matches \"\(name)\"")
        case .several(let indices):
            let list = indices.map { columns[$0].name }.joined(separator: ", ")
            throw ControlError(
                "\(table.name) contains more than one column whose name matches \"\(name)\": "
                    + list)
        }
    }

    private enum Match {
        case none
        case one(Int)
        case several([Int])
    }

    private static func match(_ name: String, _ candidates: [String]) -> Match {
        guard !name.isEmpty else { return .none }
        let wanted = folded(name)
        let indices = candidates.indices.filter { folded(candidates[$0]).starts(with: wanted) }
        if let exact = indices.first(where: { candidates[$0].utf8.count == wanted.count }) {
            return .one(exact)
        }
        switch indices.count {
        case 0: return .none
        case 1: return .one(indices[0])
        default: return .several(indices)
        }
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { octet in
            switch octet {
            case UInt8(ascii: "-"): UInt8(ascii: "_")
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): octet | 0x20
            default: octet
            }
        }
    }
}
