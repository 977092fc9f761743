import JSONRPC
import OVSDBModel

/// Reads the rows of one table out of the result of a selection.
struct RowReader {
    private let table: TableSchema
    private let template: [Datum]
    /// The columns in the order of the latest row: most often that of the next one too, which saves
    /// looking their names up.
    private var order: [Int] = []

    init(_ table: TableSchema) {
        self.table = table
        template = table.defaultRow
    }

    mutating func read(_ json: JSON) throws(ControlError) -> Row {
        guard case .object(let object) = json else {
            throw ControlError("malformed row in reply")
        }
        var values = template
        do throws(OVSDBError) {
            for (position, member) in object.members.enumerated() {
                guard let index = column(member.key, at: position) else { continue }
                values[index] = try Datum(member.value, type: table.columns[index].type)
            }
        } catch {
            throw ControlError("\(table.name): \(error)")
        }
        guard let uuid = values[TableSchema.uuidIndex].uuid, uuid != .zero else {
            throw ControlError("\(table.name): row without _uuid in reply")
        }
        return Row(table, uuid: uuid, values: values)
    }

    private mutating func column(_ name: String, at position: Int) -> Int? {
        if position < order.count, table.columns[order[position]].name == name {
            return order[position]
        }
        guard let index = table.index(of: name) else { return nil }
        if position == order.count {
            order.append(index)
        } else if position < order.count {
            order[position] = index
        }
        return index
    }
}
