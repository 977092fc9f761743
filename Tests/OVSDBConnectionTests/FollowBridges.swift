import OVSDBClient
import OVSDBConnection
import OVSDBModel
import OpenVSwitchRows

func followBridges(at server: String) async throws {
    let connection = try DatabaseConnection(
        OpenVSwitchSchema.schema, at: [server],
        monitoring: [
            MonitoredTable(OpenVSwitchRow.bridges, OpenVSwitchRow.nextCfg),
            MonitoredTable(BridgeRow.name, BridgeRow.failMode),
        ])

    let outcome = await connection.transact { replica, request in
        guard let root = replica[OpenVSwitchRow.self].first,
            !replica[BridgeRow.self].contains(where: { $0.name == "br0" })
        else { return }
        let bridge = request.insert(BridgeRow.self) {
            $0.name = "br0"
            $0.failMode = .secure
        }
        request.insert([bridge], into: OpenVSwitchRow.bridges, of: root.reference)
        let serial = request.read(OpenVSwitchRow.nextCfg, of: root)
        request.update(root.reference) { $0.nextCfg = serial + 1 }
    }
    guard outcome.isCommitted else { return print("the server says \(outcome)") }

    for await changes in connection.changes(of: BridgeRow.self) {
        for change in changes {
            switch (change.old, change.new) {
            case (nil, let row?): print("\(row.name) is there, \(row.failMode ?? .standalone)")
            case (let row?, nil): print("\(row.name) has gone")
            default: print("\(change.reference) has changed")
            }
        }
        // A real program goes on.
        break
    }
    await connection.close()
}
