import JSONRPC
import OVSDBModel

/// What the server's updates make of the rows.
extension DatabaseReplica {
    /// Takes the whole content, and tells how it differs from what was known.
    func replace(_ updates: JSON) -> [Action] {
        let before = tables
        tables = [:]
        do throws(OVSDBError) {
            _ = try takeIn(updates)
        } catch {
            // The server is to send everything again: the rows here are not those of any moment.
            forgetPosition()
            return [.failed("\(error)")]
        }
        var notices: [RowNotice] = []
        for table in Set(before.keys).union(tables.keys).sorted() {
            let (old, new) = (before[table] ?? [:], tables[table] ?? [:])
            for (uuid, row) in old where new[uuid] != row {
                notices.append(RowNotice(table: table, uuid: uuid, old: row, new: new[uuid]))
            }
            for (uuid, row) in new where old[uuid] == nil {
                notices.append(RowNotice(table: table, uuid: uuid, old: nil, new: row))
            }
        }
        changeCount += 1
        return [.changed(notices)]
    }

    /// Takes what has changed, and tells it.
    ///
    /// - Parameter isFirst: Whether to tell even where nothing has changed.
    func apply(_ updates: JSON, isFirst: Bool = false) -> [Action] {
        do throws(OVSDBError) {
            let notices = try takeIn(updates)
            guard !notices.isEmpty || isFirst else { return [] }
            changeCount += 1
            return [.changed(notices)] + resume([.waitingForChange])
        } catch {
            // The server is to send everything again: the rows here are not those of any moment.
            forgetPosition()
            return [.failed("\(error)")]
        }
    }

    private func takeIn(_ updates: JSON) throws(OVSDBError) -> [RowNotice] {
        guard let object = updates.object else {
            throw .syntax("<table-updates> is not an object", in: updates)
        }
        var notices: [RowNotice] = []
        for member in object {
            guard monitored[member.key] != nil, let table = schema.table(member.key),
                let rows = member.value.object
            else { continue }
            for row in rows {
                guard let uuid = UUID(row.key), let change = row.value.object else {
                    throw .syntax("<row-update> is malformed", in: member.value)
                }
                let old = tables[table.name]?[uuid]
                let new = try changed(old, uuid, table, change)
                tables[table.name, default: [:]][uuid] = new
                if old != new {
                    notices.append(RowNotice(table: table.name, uuid: uuid, old: old, new: new))
                }
            }
        }
        return notices
    }

    /// What an update makes of a row.
    private func changed(
        _ old: Row?, _ uuid: UUID, _ table: TableSchema, _ update: JSONObject
    ) throws(OVSDBError) -> Row? {
        if let columns = update["initial"] ?? update["insert"] ?? update["new"] {
            var row = Row(table, uuid: uuid)
            for (index, datum) in try parse(columns, table) { row.data[index] = datum }
            return row
        }
        if let columns = update["modify"], var row = old {
            for (index, datum) in try parse(columns, table, isDifference: true) {
                row.data[index] = row.data[index].applying(
                    difference: datum, type: table.columns[index].type)
            }
            return row
        }
        return nil
    }

    private func parse(
        _ json: JSON, _ table: TableSchema, isDifference: Bool = false
    ) throws(OVSDBError) -> [(Int, Datum)] {
        guard let object = json.object else { throw .syntax("row must be JSON object", in: json) }
        var data: [(Int, Datum)] = []
        for member in object {
            guard let index = table.index(of: member.key) else { continue }
            // The server's constraints may be others than ours, and a difference has no minimum.
            let type = table.columns[index].type
            let shape = ColumnType(
                BaseType(type.key.type), type.value.map { BaseType($0.type) }, minimum: 0,
                maximum: ColumnType.unlimited)
            data.append((index, try Datum(member.value, type: shape)))
        }
        return data
    }
}
