import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

extension DatabaseRemotes {
    /// Writes into the rows that name remotes (the table Manager) how their connections are.
    func report() {
        for (remote, session) in watches {
            guard let reference = try? reference(remote),
                let database = host.server.database(reference.database),
                let target = reference.target(in: host.server),
                let table = database.schema.index(of: target)
            else { continue }
            let operations = operations(database, table)
            guard !operations.isEmpty else { continue }
            host.handle(
                .request(
                    method: "transact", params: [.string(reference.database)] + operations, id: 2),
                from: session)
        }
    }

    private func operations(_ database: Database, _ table: Int) -> [JSON] {
        let schema = database.schema.tables[table]
        guard let target = schema.index(of: "target"),
            let connected = schema.index(of: "is_connected"),
            let status = schema.index(of: "status")
        else { return [] }
        var operations: [JSON] = []
        for (uuid, row) in database.rows(of: table) {
            guard let endpoint = row[target].string.flatMap({ endpoints[$0] }) else { continue }
            let isConnected = Datum(.boolean(endpoint.isConnected))
            let text = endpoint.status(
                at: host.loop.nowMilliseconds, isIdle: host.isIdle,
                locks: host.server.lockNames)
            guard row[connected] != isConnected || row[status] != text else { continue }
            operations.append([
                "op": "update", "table": .string(schema.name),
                "where": [["_uuid", "==", Atom.uuid(uuid).json]],
                "row": [
                    "is_connected": isConnected.json(type: ColumnType(.boolean)),
                    "status": text.json(type: .map(.string, to: .string)),
                ],
            ])
        }
        return operations
    }
}
