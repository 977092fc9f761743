/// The ways to name a record other than by its UUID.
enum RecordNaming {
    /// By the value of a column of the record itself.
    case column(String)
    /// The only record of the table, written `.`.
    case singleton
    /// By the name of a record of another table that refers to it.
    case reference(table: String, nameColumn: String, column: String)

    static func ways(of table: String) -> [RecordNaming] { all[table] ?? [] }

    private static func ofBridge(_ column: String) -> RecordNaming {
        .reference(table: "Bridge", nameColumn: "name", column: column)
    }

    private static let all: [String: [RecordNaming]] = [
        "AutoAttach": [ofBridge("auto_attach")],
        "Bridge": [.column("name")],
        "Controller": [ofBridge("controller")],
        "Flow_Sample_Collector_Set": [.column("id")],
        "Flow_Table": [.column("name")],
        "IPFIX": [ofBridge("ipfix")],
        "Interface": [.column("name")],
        "Manager": [.column("target")],
        "Mirror": [.column("name")],
        "NetFlow": [ofBridge("netflow")],
        "Open_vSwitch": [.singleton],
        "Port": [.column("name")],
        "QoS": [.reference(table: "Port", nameColumn: "name", column: "qos")],
        "SSL": [.singleton],
        "sFlow": [ofBridge("sflow")],
    ]

    /// The line that `--help` prints.
    var help: String {
        switch self {
        case .column(let name): "by \"\(name)\""
        case .singleton: "as \".\""
        case .reference(let table, let nameColumn, let column):
            "via \"\(column)\" of \(table) with matching \"\(nameColumn)\""
        }
    }
}
