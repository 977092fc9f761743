import JSONRPC
import OVSDBModel
import Testing

@testable import ControlCommands

struct TextTableTests {
    private static let table: TextTable = {
        let strings = ColumnType.map(.string, to: .string)
        var table = TextTable(headings: ["name", "config"])
        table.rows = [
            [
                .datum("br0", ColumnType(.string)),
                .datum(["a": "b c", "q": "\"<"], strings),
            ],
            [.datum("br1", ColumnType(.string)), .datum(.empty, strings)],
        ]
        return table
    }()

    @Test(arguments: [
        (
            TableStyle.Format.list,
            """
            name                : br0
            config              : {a="b c", q="\\"<"}

            name                : br1
            config              : {}

            """
        ),
        (
            .table,
            """
            name config
            ---- ------------------
            br0  {a="b c", q="\\"<"}
            br1  {}

            """
        ),
        (
            .csv,
            """
            name,config
            br0,"{a=""b c"", q=""\\""<""}"
            br1,{}

            """
        ),
        (
            .json,
            """
            {"data":[["br0",["map",[["a","b c"],["q","\\"<"]]]],["br1",["map",[]]]],\
            "headings":["name","config"]}

            """
        ),
        (
            .html,
            """
            <table border=1>
              <tr>
                <th>name</th>
                <th>config</th>
              </tr>
              <tr>
                <td>br0</td>
                <td>{a=&quot;b c&quot;, q=&quot;\\&quot;&lt;&quot;}</td>
              </tr>
              <tr>
                <td>br1</td>
                <td>{}</td>
              </tr>
            </table>

            """
        ),
    ])
    func `tables print as Open vSwitch prints them`(format: TableStyle.Format, expected: String) {
        #expect(TableStyle(format: format).text(of: Self.table) == expected)
    }

    @Test func `bare cells have no brackets and quotes`() {
        var style = TableStyle()
        style.cellFormat = .bare
        style.hasHeadings = false
        #expect(style.text(of: Self.table) == "br0\na=b c q=\"<\n\nbr1\n\n")
    }

    @Test func `a limit on the width cuts cells and not headings`() {
        var style = TableStyle(format: .table)
        style.maximumColumnWidth = 2
        #expect(style.text(of: Self.table) == "name config\n---- ------\nbr0  {a=\"b\nbr1  {}\n")
    }

    @Test func `a UUID in HTML leads to its row`() {
        let uuid = UUID(high: 0x1234_5678_0000_0000, low: 5)
        var table = TextTable(headings: ["_uuid"])
        table.rows = [[.datum(Datum(.uuid(uuid)), ColumnType(.uuid))]]
        let text = TableStyle(format: .html).text(of: table)
        #expect(text.contains("<td><a href=\"#\(uuid)\">12345678</a></td>"))
    }
}
