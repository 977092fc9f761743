import JSONRPC
import OVSDBModel

/// The database `_Server`, in which clients read which databases there are (ovsdb-server(5)).
enum ServerDatabase {
    static let name = "_Server"

    static let schema = DatabaseSchema(
        name, version: "1.2.0", checksum: "3009684573 744",
        [
            TableSchema(
                "Database",
                [
                    ColumnSchema("cid", .optional(.uuid)),
                    ColumnSchema("connected", ColumnType(.boolean)),
                    ColumnSchema("index", .optional(.integer)),
                    ColumnSchema("leader", ColumnType(.boolean)),
                    ColumnSchema("model", ColumnType(.oneOf("clustered", "relay", "standalone"))),
                    ColumnSchema("name", ColumnType(.string)),
                    ColumnSchema("schema", .optional(.string)),
                    ColumnSchema("sid", .optional(.uuid)),
                ])
        ])

    /// The operation that adds a database's row.
    static func insertion(of schema: DatabaseSchema) -> JSON {
        [
            "op": "insert", "table": "Database",
            "row": [
                "name": .string(schema.name), "model": "standalone", "connected": true,
                "leader": true, "schema": .string(schema.json.text(sortsKeys: true)),
            ],
        ]
    }

    /// The operation that adds the row of a database which follows another server.
    static func insertion(ofRelay name: String) -> JSON {
        [
            "op": "insert", "table": "Database",
            "row": ["name": .string(name), "model": "relay", "connected": false, "leader": false],
        ]
    }

    /// The operation that changes a database's row.
    static func update(of name: String, _ columns: JSON) -> JSON {
        [
            "op": "update", "table": "Database", "where": [["name", "==", .string(name)]],
            "row": columns,
        ]
    }

    /// The operation that removes a database's row.
    static func deletion(of name: String) -> JSON {
        ["op": "delete", "table": "Database", "where": [["name", "==", .string(name)]]]
    }
}
