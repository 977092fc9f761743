import JSONRPC
import OVSDBModel
import Testing

@testable import ControlCommands

struct DatabaseTableTests {
    private static let port = OpenVSwitchSchema.schema.table("Port")

    private func port() throws -> TableSchema { try #require(Self.port) }

    @Test func `a dump sorts by what the rows hold`() throws {
        let dump = try DumpTable(try port(), columns: ["tag", "name"])
        #expect(dump.selection["columns"] == ["name", "tag"])
        let text = try dump.text(of: [
            "rows": [["name": "b", "tag": 3], ["name": "a", "tag": ["set", []]]]
        ])
        #expect(
            TableStyle(format: .table).text(of: text)
                == "Port table\nname tag\n---- ---\na    []\nb    3\n")
    }

    @Test func `a column that is not there is named`() throws {
        #expect(throws: ControlError("Table \"Port\" has no column nope.")) {
            try DumpTable(try port(), columns: ["nope"])
        }
    }

    @Test func `old and new values of a row stand in two lines`() throws {
        let table = try MonitoredTable(
            try port(), groups: ["name,tag"], database: "d", server: "s")
        let update: JSON = ["u1": ["old": ["tag": 3], "new": ["name": "a", "tag": 4]]]
        let text = try #require(
            table.text(ofUpdate: update, isInitial: false, captioned: true))
        #expect(
            TableStyle(format: .csv).text(of: text)
                == "Port\nrow,action,name,tag\nu1,old,,3\n,new,a,4\n")
    }

    @Test func `what an update leaves out is empty`() throws {
        let table = try MonitoredTable(
            try port(), groups: ["name,tag"], database: "d", server: "s")
        let update: JSON = ["u1": ["insert": ["name": "a"]], "u2": ["delete": .null]]
        let text = try #require(table.text(ofUpdate2: update, captioned: false))
        #expect(
            TableStyle(format: .csv).text(of: text)
                == "row,action,name,tag\nu1,insert,a,\nu2,delete,,\n")
    }

    @Test(arguments: [
        (["nope"], "s: table \"Port\" in d does not have a column named \"nope\""),
        (["name", "name"], "s: column \"name\" mentioned multiple times"),
    ])
    func `wrong columns to watch are refused`(groups: [String], expected: String) throws {
        #expect(throws: ControlError(expected)) {
            try MonitoredTable(try port(), groups: groups, database: "d", server: "s")
        }
    }

    @Test func `words with exclamation marks leave out kinds of changes`() throws {
        let table = try MonitoredTable(
            try port(), groups: ["name,!initial"], database: "d", server: "s")
        #expect(table.request()[0]?["select"]?["initial"] == false)
        #expect(table.request()[0]?["select"]?["insert"] == true)
    }
}
