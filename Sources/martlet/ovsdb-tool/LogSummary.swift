import CLinux
import Glibc
import JSONRPC
import OVSDBModel

/// What `ovsdb-tool show-log` prints of a database's records.
struct LogSummary {
    private let schema: DatabaseSchema
    /// 0 for the records alone, 1 for the rows that they touch, 2 for the columns too.
    private let verbosity: Int
    private var recordCount = 0
    /// The names of rows in tables that have a column of that name.
    private var names: [String: String] = [:]

    init(_ schema: DatabaseSchema, verbosity: Int) {
        self.schema = schema
        self.verbosity = verbosity
    }

    var heading: String {
        "record 0: \"\(schema.name)\" schema, version=\"\(schema.version)\", "
            + "cksum=\"\(schema.checksum)\"\n\n"
    }

    mutating func text(of record: JSON) -> String {
        recordCount += 1
        var text = "record \(recordCount):"
        if let date = record["_date"]?.integer { text += " " + Self.text(ofDate: date) }
        if let comment = record["_comment"]?.string { text += " \"\(comment)\"" }
        text += "\n"
        guard verbosity > 0 else { return text }
        let isDifference = record["_is_diff"]?.boolean ?? false
        var hasRows = false
        for member in record.object?.members ?? [] where !member.key.hasPrefix("_") {
            for row in member.value.object?.members ?? [] {
                text += self.text(of: row, in: member.key, isDifference: isDifference)
                hasRows = true
            }
        }
        return text + (hasRows ? "\n" : "")
    }

    private mutating func text(
        of row: JSONObject.Member, in table: String, isDifference: Bool
    ) -> String {
        let isNew = names[row.key] == nil
        let short = String(row.key.prefix(8))
        if isNew, let name = row.value["name"]?.string, !name.isEmpty {
            names[row.key] = "\"\(name)\""
        }
        let name = names[row.key]
        var text = "  table \(table) "
        if row.value.isNull {
            names[row.key] = nil
            return text + "row \(name ?? short) (\(short)) diff:\n    delete row\n"
        }
        if isNew {
            text += "insert row \(name.map { "\($0) (\(short))" } ?? short):\n"
            names[row.key] = name ?? short
        } else {
            text += "row \(name ?? short) (\(short))\(isDifference ? " diff" : ""):\n"
        }
        guard verbosity > 1 else { return text }
        for column in row.value.object?.members ?? [] {
            text += "    \(column.key)=\(self.text(of: column, in: table))\n"
        }
        return text
    }

    private func text(of column: JSONObject.Member, in table: String) -> String {
        guard let type = schema.table(table)?.column(column.key)?.type else {
            return column.value.text(sortsKeys: true)
        }
        let shape = ColumnType(
            BaseType(type.key.type), type.value.map { BaseType($0.type) }, minimum: 0,
            maximum: ColumnType.unlimited)
        let datum = try? Datum(column.value, type: shape)
        return datum?.text(type: type) ?? column.value.text(sortsKeys: true)
    }

    /// Milliseconds since 1970 as a date and a time of day, in UTC.
    private static func text(ofDate date: Int64) -> String {
        var seconds = time_t(date / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = [
            padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1, 2),
            padded(Int(parts.tm_mday), 2),
        ]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        return day.joined(separator: "-") + " " + time.joined(separator: ":") + "."
            + padded(Int(date % 1000), 3)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
