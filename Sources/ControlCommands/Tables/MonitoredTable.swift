public import JSONRPC
public import OVSDBModel

/// A table that `ovsdb-client monitor` watches: which columns, and which kinds of changes.
public struct MonitoredTable {
    /// One group of columns with the changes that are reported of them.
    private struct Group {
        var columns: [ColumnSchema] = []
        var omitted: Set<String> = []
    }

    /// The words that leave a kind of change out.
    private static let kinds = ["initial", "insert", "delete", "modify"]

    public let table: TableSchema
    private var groups: [Group] = []
    private var columns: [ColumnSchema] { groups.flatMap(\.columns) }

    /// - Parameters:
    ///   - groups: Columns separated by commas, and words such as `!initial`.
    ///   - subject: The database and the server, for error messages.
    public init(
        _ table: TableSchema, groups texts: [String], database: String, server: String
    ) throws(ControlError) {
        self.table = table
        var seen: Set<String> = []
        for text in texts.isEmpty ? [""] : texts {
            var group = Group()
            for word in text.split(separator: ",").map(String.init) {
                if word.hasPrefix("!"), Self.kinds.contains(String(word.dropFirst())) {
                    group.omitted.insert(String(word.dropFirst()))
                    continue
                }
                guard let column = table.column(word) else {
                    throw ControlError(
                        "\(server): table \"\(table.name)\" in \(database) does not have "
                            + "a column named \"\(word)\"")
                }
                guard seen.insert(word).inserted else {
                    throw ControlError(
                        "\(server): column \"\(word)\" mentioned multiple times")
                }
                group.columns.append(column)
            }
            if group.columns.isEmpty {
                group.columns =
                    Array(table.declaredColumns) + [table.columns[TableSchema.versionIndex]]
            }
            groups.append(group)
        }
    }

    /// The request for the table.
    ///
    /// - Parameter condition: Which rows, for the methods that know conditions.
    public func request(condition: JSON? = nil) -> JSON {
        .array(
            groups.map { group in
                var select = JSONObject()
                for kind in Self.kinds {
                    select[kind] = .boolean(!group.omitted.contains(kind))
                }
                var object = JSONObject()
                object["columns"] = .array(group.columns.map { .string($0.name) })
                object["select"] = .object(select)
                object["where"] = condition
                return .object(object)
            })
    }

    /// The rows of an update of this table (RFC 7047 §4.1.6), or nil where it has none.
    public func text(ofUpdate update: JSON, isInitial: Bool, captioned: Bool) -> TextTable? {
        text(update, captioned: captioned) { change in
            switch (change["old"], change["new"]) {
            case (nil, let new?): [(isInitial ? "initial" : "insert", new)]
            case (let old?, nil): [("delete", old)]
            case (let old?, let new?): [("old", old), ("new", new)]
            case (nil, nil): []
            }
        }
    }

    /// The rows of an update as `update2` and `update3` carry it (ovsdb-server(7)).
    public func text(ofUpdate2 update: JSON, captioned: Bool) -> TextTable? {
        text(update, captioned: captioned) { change in
            (change.object?.members ?? []).map { ($0.key, $0.value) }
        }
    }

    private func text(
        _ update: JSON, captioned: Bool, _ lines: (JSON) -> [(action: String, row: JSON)]
    ) -> TextTable? {
        guard let rows = update.object, !rows.isEmpty else { return nil }
        var text = TextTable(
            headings: ["row", "action"] + columns.map(\.name),
            caption: captioned ? table.name : nil)
        for member in rows.members.sorted(by: { $0.key < $1.key }) {
            for (number, line) in lines(member.value).enumerated() {
                // The new values of a row stand below its old ones.
                var cells: [TextTable.Cell] = [.text(number == 0 ? member.key : "")]
                cells.append(.text(line.action))
                cells += columns.map { cell(line.row, $0) }
                text.rows.append(cells)
            }
        }
        return text.rows.isEmpty ? nil : text
    }

    /// A cell is empty where the server left the column out, be it because the column kept its
    /// value or because it has its default.
    private func cell(_ row: JSON, _ column: ColumnSchema) -> TextTable.Cell {
        guard let json = row[column.name] else { return .json(.null) }
        guard let datum = try? Datum(json, type: column.type) else { return .json(json) }
        return .datum(datum, column.type)
    }
}
