import JSONRPC
import OVSDBModel
import RowGenerator
import TestSupport
import Testing

struct RowGeneratorTests {
    @Test func `the rows of Open_vSwitch are those that the generator makes of its schema`() throws
    {
        let kept = try readFile(packageRoot() + "/Sources/OpenVSwitchRows/OpenVSwitchRows.swift")
        let text = RowGenerator(OpenVSwitchSchema.schema, named: "OpenVSwitchSchema.schema").text()
        #expect(text == kept, "run Scripts/generate-rows")
    }

    private func text(of columns: String) throws -> String {
        let schema = try DatabaseSchema(
            JSON.parse(
                """
                {"name": "Test", "version": "1.0.0", "tables":
                    {"DHCP_Options": {"columns": {\(columns)}}, "Port_Group": {"columns":
                        {"acls": {"type": "integer"}}}}}
                """))
        return RowGenerator(schema, named: "TestSchema.schema", hasDeclaration: true).text()
    }

    @Test(arguments: [
        (#""ipv6_prefix": {"type": "string"}"#, "ipv6Prefix: Column<Self, String>"),
        (#""src_ip": {"type": {"key": "real", "min": 0}}"#, "srcIP: Column<Self, Double?>"),
        (#""uuid": {"type": "uuid"}"#, "uuidColumn: Column<Self, UUID>"),
        (#""protocol": {"type": "boolean"}"#, "`protocol`: Column<Self, Bool>"),
        (
            #""acls": {"type": {"key": {"type": "uuid", "refTable": "Port_Group"}, "min": 0, "#
                + #""max": "unlimited"}}"#, "acls: Column<Self, [Reference<PortGroupRow>]>"
        ),
        (
            #""vlans": {"type": {"key": "integer", "value": "string", "min": 0, "max": 4}}"#,
            "vlans: Column<Self, [Int: String]>"
        ),
        (
            #""type": {"type": {"key": {"type": "string", "enum": ["set", ["l", "t"]]}}}"#,
            "type: Column<Self, TypeValue>"
        ),
    ])
    func `a column has the Swift type and the name that its schema means`(
        column: String, expected: String
    ) throws {
        let text = try text(of: column)
        #expect(text.contains("public static var " + expected))
        #expect(text.contains("public struct DHCPOptionsRow: TableRow {"))
    }

    @Test func `choices become members of a type of their own`() throws {
        let text = try text(
            of: #""type": {"type": {"key": {"type": "string", "#
                + #""enum": ["set", ["L3", "default"]]}}}"#)
        #expect(text.contains(#"public static var l3: Self { .init(rawValue: "L3") }"#))
        #expect(text.contains(#"public static var `default`: Self { .init(rawValue: "default") }"#))
    }

    @Test func `a schema that no module has is declared with its rows`() throws {
        let text = try text(of: #""ip": {"type": "string"}"#)
        let json = try #require(
            text.components(between: "declaration: #\"\"\"\n", and: "        \"\"\"#)"))
        let schema = try DatabaseSchema(JSON.parse(json))
        #expect(schema.tables.map(\.name) == ["DHCP_Options", "Port_Group"])
        #expect(text.contains("public static let table = TestSchema.schema.requiredTable("))
    }
}

extension String {
    fileprivate func components(between start: String, and end: String) -> String? {
        guard let first = firstRange(of: start),
            let last = self[first.upperBound...].firstRange(of: end)
        else { return nil }
        return String(self[first.upperBound..<last.lowerBound])
    }
}
