public import JSONRPC
public import OVSDBModel

/// A table as database tools print it, in any of their formats.
public struct TextTable: Sendable {
    /// What stands in a cell.
    public enum Cell: Sendable {
        case text(String)
        case datum(Datum, ColumnType)
        case json(JSON)
    }

    public var caption: String?
    public let headings: [String]
    public var rows: [[Cell]] = []

    public init(headings: [String], caption: String? = nil) {
        self.headings = headings
        self.caption = caption
    }
}

/// How tables are printed ("Table Formatting Options" in ovs-vsctl(8)).
public struct TableStyle: Hashable, Sendable {
    public enum Format: String, Sendable { case table, list, html, csv, json }
    public enum CellFormat: String, Sendable { case string, bare, json }

    public var format = Format.list
    public var cellFormat = CellFormat.string
    public var hasHeadings = true
    public var isPretty = false
    /// In octets; nil for as wide as the cells are.
    public var maximumColumnWidth: Int?

    public init() {}

    public init(format: Format) { self.format = format }
}

extension TableStyle {
    /// The width of a heading in a list.
    private static let listHeadingWidth = 20

    /// The text of a table, with all its line ends.
    public func text(of table: TextTable) -> String {
        switch format {
        case .table: gridText(table)
        case .list: listText(table)
        case .html: htmlText(table)
        case .csv: csvText(table)
        case .json: jsonText(table)
        }
    }

    /// What stands between two tables.
    public var separator: String {
        switch format {
        case .table, .list, .csv: "\n"
        case .html, .json: ""
        }
    }

    /// The text of one cell in a format other than JSON.
    func text(of cell: TextTable.Cell) -> String {
        switch (cell, cellFormat) {
        case (.text(let text), _): text
        case (.datum(let datum, let type), .string): datum.text(type: type)
        case (.datum(let datum, let type), .bare): datum.bareText(type: type)
        case (.datum(let datum, let type), .json): datum.json(type: type).text
        case (.json(.null), _): ""
        case (.json(let json), _): json.text(sortsKeys: true)
        }
    }

    private func gridText(_ table: TextTable) -> String {
        let cells = table.rows.map { $0.map { self.text(of: $0) } }
        let widths = table.headings.indices.map { column in
            var width = cells.map { Self.width(of: $0[column]) }.max() ?? 0
            if let limit = maximumColumnWidth { width = min(width, limit) }
            return hasHeadings ? max(width, Self.width(of: table.headings[column])) : width
        }
        var text = ""
        if let caption = table.caption { text += caption + "\n" }
        func append(_ line: [String]) {
            let padded = zip(line, widths).map { cell, width in
                let shown = Self.prefix(of: cell, width: width)
                return shown + String(repeating: " ", count: width - Self.width(of: shown))
            }
            var whole = padded.joined(separator: " ")
            while whole.hasSuffix(" ") { whole.removeLast() }
            text += whole + "\n"
        }
        if hasHeadings {
            append(table.headings)
            append(widths.map { String(repeating: "-", count: $0) })
        }
        cells.forEach(append)
        return text
    }

    /// Octets, as Open vSwitch counts, so that its tables and these are the same.
    private static func width(of text: String) -> Int { text.utf8.count }

    private static func prefix(of text: String, width: Int) -> String {
        var shown = text
        while Self.width(of: shown) > width { shown.removeLast() }
        return shown
    }

    private func listText(_ table: TextTable) -> String {
        var text = ""
        if let caption = table.caption { text += caption + "\n" }
        for (number, row) in table.rows.enumerated() {
            if number > 0 { text += "\n" }
            for (heading, cell) in zip(table.headings, row) {
                if hasHeadings {
                    let padding = max(0, Self.listHeadingWidth - heading.utf8.count)
                    text += heading + String(repeating: " ", count: padding) + ": "
                }
                text += self.text(of: cell) + "\n"
            }
        }
        return text
    }

    private func csvText(_ table: TextTable) -> String {
        func line(_ cells: [String]) -> String {
            cells.map(Self.quotedForCSV).joined(separator: ",") + "\n"
        }
        var text = table.caption.map { line([$0]) } ?? ""
        if hasHeadings { text += line(table.headings) }
        for row in table.rows { text += line(row.map { self.text(of: $0) }) }
        return text
    }

    /// A field with quotes around it where RFC 4180 §2 asks for them.
    private static func quotedForCSV(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { "\n\",".unicodeScalars.contains($0) }
        guard needsQuotes else { return text }
        let doubled = text.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"" + doubled.joined(separator: "\"\"") + "\""
    }

    private func jsonText(_ table: TextTable) -> String {
        var object = JSONObject()
        object["caption"] = table.caption.map(JSON.string)
        object["headings"] = .array(table.headings.map(JSON.string))
        object["data"] = .array(
            table.rows.map { row in
                .array(
                    row.map { cell in
                        switch cell {
                        case .text(let text): .string(text)
                        case .datum(let datum, let type): datum.json(type: type)
                        case .json(let json): json
                        }
                    })
            })
        return JSON.object(object).text(sortsKeys: true, isPretty: isPretty) + "\n"
    }
}

extension TableStyle {
    private func htmlText(_ table: TextTable) -> String {
        var text = "<table border=1>\n"
        if let caption = table.caption {
            text += "    <caption>\(Self.escapedForHTML(caption, linksRows: false))</caption>\n"
        }
        func append(_ cells: [String], _ element: String) {
            text += "  <tr>\n"
            for cell in cells {
                let content = Self.escapedForHTML(cell, linksRows: true)
                text += "    <\(element)>\(content)</\(element)>\n"
            }
            text += "  </tr>\n"
        }
        if hasHeadings { append(table.headings, "th") }
        for row in table.rows { append(row.map { self.text(of: $0) }, "td") }
        return text + "</table>\n"
    }

    /// The digits of a UUID that stay as the text of a link to its row.
    private static let linkDigitCount = 8
    private static let uuidLength = 36

    /// Text with its marks escaped, and UUIDs as links to the rows that they name.
    private static func escapedForHTML(_ text: String, linksRows: Bool) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.unicodeScalars.first {
            let candidate = rest.prefix(uuidLength)
            if linksRows, Self.isHexadecimal(character), UUID(candidate) != nil {
                result += "<a href=\"#\(candidate)\">\(candidate.prefix(linkDigitCount))</a>"
                rest = rest[candidate.endIndex...]
                continue
            }
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
            rest = rest[rest.unicodeScalars.index(after: rest.startIndex)...]
        }
        return result
    }

    private static func isHexadecimal(_ character: Unicode.Scalar) -> Bool {
        switch character {
        case "0"..."9", "a"..."f", "A"..."F": true
        default: false
        }
    }
}
