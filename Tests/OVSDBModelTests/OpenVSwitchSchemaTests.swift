import Glibc
import JSONRPC
import OVSDBModel
import Testing

struct OpenVSwitchSchemaTests {
    private static let installed = "/usr/share/openvswitch/vswitch.ovsschema"

    @Test(.enabled(if: access(installed, R_OK) == 0, "\(installed) is not installed"))
    func `the schema is that of Open vSwitch`() throws {
        let text = try #require(contents(of: Self.installed))
        let genuine = try DatabaseSchema(JSON.parse(octets: text))
        let ours = OpenVSwitchSchema.schema
        #expect(ours.version == genuine.version)
        #expect(ours.checksum == genuine.checksum)
        #expect(ours.tables.map(\.name) == genuine.tables.map(\.name))
        for (our, their) in zip(ours.tables, genuine.tables) { #expect(our == their) }
        #expect(ours == genuine)
    }

    @Test func `the schema survives a round trip through JSON`() throws {
        let schema = OpenVSwitchSchema.schema
        #expect(try DatabaseSchema(JSON.parse(schema.json.text)) == schema)
    }

    @Test func `columns are found by name`() throws {
        let bridge = try #require(OpenVSwitchSchema.schema.table("Bridge"))
        let index = try #require(bridge.index(of: "name"))
        #expect(bridge.columns[index].isMutable == false)
        #expect(bridge.index(of: "_uuid") == TableSchema.uuidIndex)
        #expect(bridge.indexes == [[index]])
        #expect(bridge.isRoot == false)
        #expect(bridge.index(of: "nope") == nil)
    }

    @Test(arguments: [
        "{}", #"{"name":"a","tables":{"T":{"columns":{}}}}"#,
        #"{"name":"a","tables":{"T":{"columns":{"c":{"type":"nope"}}}}}"#,
        #"{"name":"a","tables":{"T":{"columns":{"_c":{"type":"string"}}}}}"#,
        #"""
        {"name":"a","tables":{"T":{"columns":{"c":{"type":{"key":{"type":"uuid","refTable":\#
        "U"}}}}}}}
        """#,
        #"{"name":"a","tables":{"T":{"columns":{"c":{"type":{"key":"string","min":2}}}}}}"#,
    ])
    func `a malformed schema is refused`(text: String) throws {
        let json = try JSON.parse(text)
        #expect(throws: OVSDBError.self) { try DatabaseSchema(json) }
    }

    private func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var octets: [UInt8] = []
        while case let octet = fgetc(file), octet != EOF { octets.append(UInt8(octet)) }
        return octets
    }
}
