import JSONRPC
import OVSDBClient
import OVSDBModel
import OpenVSwitchRows
import Testing

struct TypedRowTests {
    @Test func `a row reads columns as the types that the schema means`() {
        var row = BridgeRow()
        #expect(row.name.isEmpty)
        #expect(row.failMode == nil)
        row.row["fail_mode"] = "secure"
        row.row["flood_vlans"] = [7, 3]
        row.row["other_config"] = ["a": "b"]
        row.row["stp_enable"] = true
        #expect(row.failMode == .secure)
        #expect(row.floodVLANs == [3, 7])
        #expect(row.otherConfig == ["a": "b"])
        #expect(row.stpEnable)
    }

    @Test func `what is written is read, and stands in the column as the database sorts it`() {
        var row = InterfaceRow()
        row.name = "eth0"
        row.mtuRequest = 9000
        row.linkState = .down
        row.statistics = ["rx": 1, "tx": 2]
        row.cfmRemoteMPIDs = [9, 1, 9]
        #expect(row.row["name"] == "eth0")
        #expect(row.row["mtu_request"] == 9000)
        #expect(row.row["link_state"] == "down")
        #expect(row.row["statistics"] == ["rx": 1, "tx": 2])
        #expect(row.cfmRemoteMPIDs == [1, 9])
        row.mtuRequest = nil
        #expect(row.row["mtu_request"] == .empty)
        let names = row.row.assigned.map { InterfaceRow.table.columns[$0].name }
        #expect(names == ["name", "mtu_request", "link_state", "statistics", "cfm_remote_mpids"])
    }

    @Test func `a choice that the schema does not know is a value like any other`() {
        var row = PortRow()
        row.row["vlan_mode"] = "dot1ad"
        #expect(row.vlanMode?.rawValue == "dot1ad")
        #expect(row.vlanMode != .access)
    }

    @Test func `a copy that is changed leaves the row as it is`() {
        var row = QueueRow()
        row.dscp = 1
        var copy = row
        copy.dscp = 2
        #expect(row.dscp == 1)
        #expect(row != copy)
        copy.dscp = 1
        #expect(row == copy)
    }

    @Test func `a transaction writes what was set and no more, and names new rows`() throws {
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        let port = request.insert(PortRow.self) { $0.name = "p" }
        let bridge = Reference<BridgeRow>(UUID(high: 1, low: 2))
        request.update(bridge) {
            $0.ports = [port]
            $0.failMode = nil
        }
        request.insert([port], into: BridgeRow.ports, of: bridge)
        request.remove(keys: ["k"], from: BridgeRow.otherConfig, of: bridge)
        request.add(3, to: OpenVSwitchRow.nextCfg, of: Reference(.zero))
        let name = "row" + port.uuid.description.replacing("-", with: "_")
        let id = bridge.description
        let expected: [String] = [
            #"{"op":"insert","table":"Port","uuid-name":"\#(name)","row":{"name":"p"}}"#,
            #"{"op":"update","table":"Bridge","where":[["_uuid","==",["uuid","\#(id)"]]],"#
                + #""row":{"fail_mode":["set",[]],"ports":["named-uuid","\#(name)"]}}"#,
            #"{"op":"mutate","table":"Bridge","where":[["_uuid","==",["uuid","\#(id)"]]],"#
                + #""mutations":[["ports","insert",["named-uuid","\#(name)"]]]}"#,
            #"{"op":"mutate","table":"Bridge","where":[["_uuid","==",["uuid","\#(id)"]]],"#
                + #""mutations":[["other_config","delete","k"]]}"#,
            #"{"op":"mutate","table":"Open_vSwitch","where":"#
                + #"[["_uuid","==",["uuid","\#(UUID.zero)"]]],"mutations":[["next_cfg","+=",3]]}"#,
        ]
        #expect(request.texts == expected)
    }

    @Test func `columns that were read are prerequisites`() {
        var row = OpenVSwitchRow(settingColumnsOf: Reference(.zero))
        row.nextCfg = 4
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        #expect(request.read(OpenVSwitchRow.nextCfg, of: row) == 4)
        #expect(
            request.texts == [
                #"{"op":"wait","table":"Open_vSwitch","where":"#
                    + #"[["_uuid","==",["uuid","\#(UUID.zero)"]]],"#
                    + #""timeout":0,"until":"==","columns":["next_cfg"],"rows":[{"next_cfg":4}]}"#
            ])
    }
}

extension TransactionRequest {
    /// The operations, as the server gets them.
    fileprivate var texts: [String] {
        let replica = DatabaseReplica(schema, monitoring: [])
        _ = replica.connected()
        _ = replica.handle(.reply(result: schema.json, id: 1))
        _ = replica.handle(.reply(result: [false, .string(UUID.zero.description), [:]], id: 2))
        guard case .send(.request("transact", let params, _))? = replica.commit(self).1.first
        else { return [] }
        return params.dropFirst().map { $0.text() }
    }
}
