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

    func show() {
        var overview = Overview(replica)
        overview.append(root)
        print(overview.text)
    }
}

/// What `show` prints: bridges, their ports, and the interfaces of those, each indented below.
private struct Overview {
    /// What is shown of a table's rows, its columns by their positions.
    private struct Outline {
        let table: TableSchema
        /// The column whose value stands behind the table's name.
        let name: Int?
        let columns: [Int]
        /// Columns that refer to rows which are shown below, and the tables of those.
        let children: [(column: Int, table: Int)]
        /// Whether the rows below come before the columns.
        let putsChildrenFirst: Bool
    }

    private static let indentation = "    "

    private(set) var text = ""
    private let replica: Replica
    /// By table.
    private var outlines: [Outline?]

    init(_ replica: Replica) {
        self.replica = replica
        outlines = Array(repeating: nil, count: replica.schema.tables.count)
        outline("Open_vSwitch", nil, ["ovs_version"], below: ["manager_options", "bridges"])
        outline("Manager", "target", ["is_connected"])
        outline("Bridge", "name", ["fail_mode", "datapath_type"], below: ["controller", "ports"])
        outline("Controller", "target", ["is_connected"])
        outline("Port", "name", ["tag", "trunks"], below: ["interfaces"])
        outline("Interface", "name", ["type", "options", "error", "bfd_status"])
    }

    private mutating func outline(
        _ name: String, _ nameColumn: String?, _ columns: [String], below: [String] = []
    ) {
        let index = replica.index(of: name)
        let table = replica.schema.tables[index]
        let children = below.compactMap { name -> (column: Int, table: Int)? in
            guard let column = table.index(of: name),
                let target = table.columns[column].type.key.refTable,
                let child = replica.schema.index(of: target)
            else { return nil }
            return (column, child)
        }
        outlines[index] = Outline(
            table: table, name: nameColumn.flatMap { table.index(of: $0) },
            columns: columns.compactMap { table.index(of: $0) }, children: children,
            putsChildrenFirst: nameColumn == nil)
    }

    /// Shows the row that holds the whole configuration.
    mutating func append(_ root: Row) {
        text += "\(root.uuid)\n"
        guard let outline = outlines[replica.index(of: root.table.name)] else { return }
        appendMembers(of: root, outline, level: 1)
    }

    private mutating func append(_ row: Row, _ outline: Outline, level: Int) {
        for _ in 0..<level { text += Self.indentation }
        text += outline.table.name
        if let name = outline.name {
            text += " "
            text += row.values[name].text(type: outline.table.columns[name].type)
        }
        text += "\n"
        appendMembers(of: row, outline, level: level + 1)
    }

    private mutating func appendMembers(of row: Row, _ outline: Outline, level: Int) {
        if outline.putsChildrenFirst { appendChildren(of: row, outline, level: level) }
        for index in outline.columns {
            let column = outline.table.columns[index]
            let value = row.values[index]
            if value == column.type.defaultDatum { continue }
            for _ in 0..<level { text += Self.indentation }
            text += column.name
            text += ": "
            text += value.text(type: column.type)
            text += "\n"
        }
        if !outline.putsChildrenFirst { appendChildren(of: row, outline, level: level) }
    }

    private mutating func appendChildren(of row: Row, _ outline: Outline, level: Int) {
        for child in outline.children {
            guard let outline = outlines[child.table], let name = outline.name else { continue }
            var rows = row.values[child.column].keys.compactMap { atom in
                atom.uuid.flatMap { replica.row($0, in: child.table) }
            }
            if rows.count > 1 {
                rows.sort { $0.values[name].string ?? "" < $1.values[name].string ?? "" }
            }
            for row in rows { append(row, outline, level: level) }
        }
    }
}
