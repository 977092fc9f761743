import OVSDBModel

extension ControlRun {
    func addShowNeeds() {
        needs.add("Open_vSwitch", "bridges", "manager_options", "ovs_version")
        needs.add("Manager", "target", "is_connected")
        needs.add("Bridge", "name", "controller", "datapath_type", "fail_mode", "ports")
        needs.add("Controller", "target", "is_connected")
        needs.add("Port", "name", "tag", "trunks", "interfaces")
        needs.add("Interface", "name", "type", "options", "error", "bfd_status")
    }

    /// What `show` prints of a table: the heading, what follows it, and the rows below.
    private struct Outline {
        let table: String
        /// The column whose value stands behind the table's name.
        let nameColumn: String
        let columns: [String]
        /// Columns that refer to rows which are shown indented below.
        let children: [String]
    }

    private static let outlines: [String: Outline] = Dictionary(
        uniqueKeysWithValues: [
            Outline(
                table: "Open_vSwitch", nameColumn: "", columns: ["ovs_version"],
                children: ["manager_options", "bridges"]),
            Outline(
                table: "Manager", nameColumn: "target", columns: ["is_connected"], children: []),
            Outline(
                table: "Bridge", nameColumn: "name", columns: ["fail_mode", "datapath_type"],
                children: ["controller", "ports"]),
            Outline(
                table: "Controller", nameColumn: "target", columns: ["is_connected"], children: []
            ),
            Outline(
                table: "Port", nameColumn: "name", columns: ["tag", "trunks"],
                children: ["interfaces"]),
            Outline(
                table: "Interface", nameColumn: "name",
                columns: ["type", "options", "error", "bfd_status"], children: []),
        ].map { ($0.table, $0) })

    private static let indentation = 4

    func show() {
        var text = root.uuid.description + "\n"
        appendMembers(of: root, level: 1, to: &text)
        print(text)
    }

    private func append(_ row: Row, level: Int, to text: inout String) {
        guard let outline = Self.outlines[row.table.name],
            let name = row.table.column(outline.nameColumn)
        else { return }
        text += String(repeating: " ", count: level * Self.indentation)
        text += "\(row.table.name) \(row[name.name].text(type: name.type))\n"
        appendMembers(of: row, level: level + 1, to: &text)
    }

    private func appendMembers(of row: Row, level: Int, to text: inout String) {
        guard let outline = Self.outlines[row.table.name] else { return }
        let below = outline.children.flatMap { rows(below: row, $0) }
        let isRoot = row.table.name == "Open_vSwitch"
        if isRoot { below.forEach { append($0, level: level, to: &text) } }
        for name in outline.columns {
            guard let column = row.table.column(name) else { continue }
            let value = row[name]
            let isDefault = value == column.type.defaultDatum
            if isDefault { continue }
            text += String(repeating: " ", count: level * Self.indentation)
            text += "\(name): \(value.text(type: column.type))\n"
        }
        if !isRoot { below.forEach { append($0, level: level, to: &text) } }
    }

    private func rows(below row: Row, _ column: String) -> [Row] {
        guard let table = row.table.column(column)?.type.key.refTable else { return [] }
        return row[column].uuids.compactMap { replica.row($0, in: table) }
            .map { (name: $0.sortName, row: $0) }.sorted { $0.name < $1.name }.map(\.row)
    }
}

extension Row {
    /// What rows are sorted by where people read them.
    fileprivate var sortName: String { self["name"].string ?? self["target"].string ?? "" }
}
