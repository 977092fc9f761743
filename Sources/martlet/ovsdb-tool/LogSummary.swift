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

    /// The line of the first record of a standalone database.
    var heading: String {
        "record 0: \"\(schema.name)\" schema, \(Self.versions(of: schema))\n\n"
    }

    static func versions(of schema: DatabaseSchema) -> String {
        "version=\"\(schema.version)\", cksum=\"\(schema.checksum)\""
    }

    mutating func text(of record: JSON) -> String {
        recordCount += 1
        return "record \(recordCount):" + line(of: record)
    }

    /// The rest of the line of a transaction, and below it what it did as far as is asked for.
    mutating func line(of record: JSON) -> String {
        var text = ""
        if let date = record["_date"]?.integer { text += " " + Self.text(ofDate: date) }
        if let comment = record["_comment"]?.string { text += " \"\(comment)\"" }
        text += "\n"
        guard verbosity > 0 else { return text }
        let isDifference = record["_is_diff"]?.boolean ?? false
        var hasTables = false
        for member in record.object?.members ?? [] where !member.key.hasPrefix("_") {
            guard let rows = member.value.object else { continue }
            hasTables = true
            for row in rows.members {
                text += self.text(of: row, in: member.key, isDifference: isDifference)
            }
        }
        return text + (hasTables ? "\n" : "")
    }

    /// One row, under the name that it had before.
    private mutating func text(
        of row: JSONObject.Member, in table: String, isDifference: Bool
    ) -> String {
        let short = String(row.key.prefix(8))
        let known = names[row.key]
        if row.value.isNull {
            names[row.key] = nil
            return "  table \(table) row \(known ?? short) (\(short)) diff:\n    delete row\n"
        }
        var now = known
        if let name = row.value["name"]?.string, !name.isEmpty { now = "\"\(name)\"" }
        names[row.key] = now ?? short
        var text = "  table \(table) "
        if let known {
            text += "row \(known) (\(short))\(isDifference ? " diff" : ""):\n"
        } else {
            text += "insert row \(now.map { "\($0) (\(short))" } ?? short):\n"
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
