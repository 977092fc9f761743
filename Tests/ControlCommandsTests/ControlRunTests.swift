import JSONRPC
import OVSDBModel
import Testing

@testable import ControlCommands

/// A database of two bridges, the first with a fake bridge, a port and a bond.
private let database: [String: [JSON]] = [
    "Open_vSwitch": [["_uuid": id(1), "bridges": ["set", [id(10), id(11)]]]],
    "Bridge": [
        [
            "_uuid": id(10), "name": "br0",
            "ports": ["set", [id(20), id(21), id(22), id(23), id(24)]],
            "other_config": ["map", [["a", "b"], ["c", "d"]]], "flood_vlans": ["set", [1, 2]],
        ],
        ["_uuid": id(11), "name": "br1", "ports": id(25)],
    ],
    "Port": [
        ["_uuid": id(20), "name": "br0", "interfaces": id(30)],
        ["_uuid": id(21), "name": "p1", "interfaces": id(31)],
        [
            "_uuid": id(22), "name": "fake", "interfaces": id(32), "fake_bridge": true,
            "tag": 10,
        ],
        ["_uuid": id(23), "name": "p10", "interfaces": id(33), "tag": 10],
        ["_uuid": id(24), "name": "bond", "interfaces": ["set", [id(34), id(35)]]],
        ["_uuid": id(25), "name": "br1", "interfaces": id(36)],
    ],
    "Interface": [
        ["_uuid": id(30), "name": "br0", "type": "internal"],
        ["_uuid": id(31), "name": "p1", "ofport": 1], ["_uuid": id(32), "name": "fake"],
        ["_uuid": id(33), "name": "p10", "ofport": 2], ["_uuid": id(34), "name": "i1"],
        ["_uuid": id(35), "name": "i2"], ["_uuid": id(36), "name": "br1"],
    ],
]

private func id(_ number: UInt64) -> JSON {
    ["uuid", .string(UUID(high: number << 32, low: 0).description)]
}

/// What a command line prints and sends to ``database``.
private func run(_ line: String, isNarrow: Bool = false) throws -> (
    run: ControlRun, outcome: ControlRun.Outcome
) {
    let words = line.split(separator: " ").map(String.init)
    let run = try ControlRun(try Command.parse(words), isNarrow: isNarrow)
    try run.load(run.selections.map(answer))
    try run.load(followUps: run.followUps().map(answer))
    return (run, try run.run())
}

/// The rows that a selection asks for, by name or all.
private func answer(_ selection: JSON) -> JSON {
    let rows = database[selection["table"]?.string ?? ""] ?? []
    if selection["where"]?[0]?[0] == "fake_bridge" {
        return ["rows": .array(rows.filter { $0["fake_bridge"] == true })]
    }
    guard let name = selection["where"]?[0]?[2] else { return ["rows": .array(rows)] }
    if selection["where"]?[0]?[1] == "includes" {
        let owners = rows.filter {
            $0["ports"] == name || $0["ports"]?.text.contains(name.text) == true
        }
        return ["rows": .array(owners)]
    }
    return ["rows": .array(rows.filter { $0["name"] == name })]
}

private func printed(_ line: String) throws -> String {
    let style = TableStyle()
    return try run(line).run.outputs.joined().map { output in
        switch output {
        case .text(let text): text
        case .table(let table): style.text(of: table)
        case .newRow: "new\n"
        }
    }.joined()
}

private func complaint(_ line: String) -> String? {
    do {
        _ = try run(line)
        return nil
    } catch {
        return "\(error)"
    }
}

private func operations(_ line: String) throws -> [JSON] {
    try run(line).run.transaction(comment: "", waits: false)
        .filter { !["wait", "comment"].contains($0["op"]?.string) }
}

struct ControlRunTests {
    @Test(arguments: [
        ("list-br", "br0\nbr1\nfake\n"), ("-- --real list-br", "br0\nbr1\n"),
        ("-- --fake list-br", "fake\n"), ("br-to-vlan fake", "10\n"),
        ("br-to-parent fake", "br0\n"), ("list-ports br0", "bond\np1\n"),
        ("list-ports fake", "p10\n"), ("list-ifaces br0", "i1\ni2\np1\n"),
        ("port-to-br p10", "fake\n"), ("iface-to-br i2", "br0\n"),
        ("get bridge br0 other_config other-config:a flood", "{a=b, c=d}\nb\n[1, 2]\n"),
        ("--columns=name find bridge flood_vlans{>=}1", "name                : br0\n"),
        ("--columns=name find bridge other_config:a!=x", "name                : br0\n"),
        ("--columns=name find interface ofport>=2", "name                : p10\n"),
        ("add-port br1 x -- list-ports br1 -- del-br fake -- list-br", "x\nbr0\nbr1\n"),
    ])
    func `commands print what they find and what they changed`(
        line: String, expected: String
    ) throws {
        #expect(try printed(line) == expected)
    }

    @Test(arguments: [
        (
            "add-br p1",
            "cannot create a bridge named p1 because a port named p1 already exists "
                + "on bridge br0"
        ),
        ("add-br x fake 3", "cannot create bridge with fake bridge as parent"),
        ("add-br x br0 10", "bridge br0 already has a child VLAN bridge fake on VLAN 10"),
        (
            "--may-exist add-port br1 p1",
            "\"--may-exist add-port br1 p1\" but p1 is actually attached to bridge "
                + "br0"
        ),
        (
            "del-port br0 p10",
            "bridge br0 does not have a port p10 (although its child bridge fake "
                + "does)"
        ),
        (
            "del-port br1",
            "cannot delete port br1 because it is the local port for bridge br1 "
                + "(deleting this port requires deleting the entire bridge)"
        ),
        ("del-bond-iface p1", "cannot delete last interface from port p1"),
        ("set bridge br0 name=x", "cannot modify read-only column name in table Bridge"),
        ("set bridge br9 stp_enable=true", "no row \"br9\" in table Bridge"),
        ("set s br0 x=1", "\"s\" matches multiple table names: SSL, sFlow"),
        (
            "get bridge br0 s",
            "Bridge contains more than one column whose name matches \"s\": sflow, "
                + "status, stp_enable"
        ),
        ("get bridge br0 other_config:{", "other_config:{: trailing garbage \"{\" in argument"),
        (
            "set bridge br0 ports=@x",
            "row id \"@x\" is referenced but never created (e.g. with \"-- --id=@x "
                + "create ...\")"
        ),
        (
            "clear bridge br0 stp_enable",
            "\"clear\" operation cannot be applied to column stp_enable of table "
                + "Bridge, which is not allowed to be empty"
        ),
    ])
    func `what cannot be done gets the sentence of Open vSwitch`(line: String, expected: String) {
        #expect(complaint(line) == expected)
    }

    @Test(arguments: [
        "add-br x", "add-br p1", "add-br br0", "add-br fake", "--may-exist add-br br0",
        "--may-exist add-br fake", "del-br br1", "del-br fake", "del-br zz",
        "--if-exists del-br zz", "--if-exists del-br fake", "--if-exists del-br p1",
        "del-br br1 -- add-br br1 -- set bridge br1 stp_enable=true",
        "del-br br0 -- add-port br1 p1", "add-port br0 x tag=3", "add-port fake x",
        "add-port br0 p1", "add-port br0 i1", "add-port zz x", "--may-exist add-port br0 p1",
        "add-port br0 x -- set interface x type=dummy", "br-exists br0", "br-exists fake",
        "br-exists p1", "get bridge br0 other_config", "get bridge zz name",
        "-- --if-exists get bridge zz name", "-- --if-exists set bridge zz stp_enable=true",
        "get bridge 0000000a name", "set interface p1 type=dummy ofport_request=3",
        "add bridge br0 flood_vlans 7", "remove bridge br0 flood_vlans 1",
        "list bridge br0", "set-fail-mode br0 secure", "set-fail-mode fake secure",
        "set-controller br0 tcp:1.2.3.4", "list-br", "del-br fake -- list-br", "del-port p1",
        "del-port br0 p1", "del-port br1 p1",
        "del-port br0 p10", "del-port fake p10",
        "del-port p10", "del-port fake", "del-port br0", "del-port zz", "del-port i1",
        "-- --if-exists del-port zz", "-- --with-iface del-port i1",
        "-- --with-iface del-port p1", "del-port bond -- add-port br1 i1",
        "del-port p1 -- add-port br1 p1", "add-port br0 y -- del-port y",
        "del-port p1 -- del-port p1",
        "add-br x -- add-port x y -- add-port br0 y",
        "add-br x -- set bridge x other_config:a=b -- add-br x",
    ])
    func `reading rows by name changes nothing but how many are read`(line: String) throws {
        func summary(_ run: ControlRun) -> String {
            let operations = run.transaction(comment: "", waits: false).map { operation in
                let row = operation["row"]?["name"]?.text ?? ""
                let mutations = operation["mutations"]?.array?.map { $0[0]?.text ?? "" } ?? []
                return "\(operation["op"]?.text ?? "") \(operation["table"]?.text ?? "") "
                    + "\(row) \(mutations)"
            }
            let outputs = run.outputs.joined().map { output in
                if case .newRow = output { "new" } else { "\(output)" }
            }
            return "\(operations) \(outputs) \(run.exitStatus)"
        }
        let narrow = try run(line, isNarrow: true)
        if narrow.outcome == .tooNarrow { return }
        #expect(summary(narrow.run) == summary(try run(line).run))
    }

    @Test(arguments: [
        "add-br x", "add-port br0 x", "set interface p1 type=dummy", "del-br br1", "del-port p1",
    ])
    func `what scripts do thousands of times reads rows by name`(line: String) throws {
        let (run, outcome) = try run(line, isNarrow: true)
        #expect(outcome == .finished)
        let tables = run.selections.filter { $0["where"] == [] }.map { $0["table"] }
        #expect(tables == ["Open_vSwitch"])
    }

    @Test func `adding a port sends its rows and one mutation`() throws {
        let sent = try operations("add-port br0 x tag=3")
        #expect(sent.map { $0["op"] } == ["insert", "insert", "mutate"])
        #expect(sent[1]["row"]?["tag"] == 3)
        #expect(sent[2]["mutations"]?[0]?[1] == "insert")
        #expect(sent[2]["mutations"]?[0]?[2]?[1]?[0]?[0] == "named-uuid")
    }

    @Test func `setting a key of a map replaces that pair alone`() throws {
        let sent = try operations("set bridge br0 other_config:a=z")
        #expect(
            sent[0]["mutations"] == [
                ["other_config", "delete", ["set", ["a"]]],
                ["other_config", "insert", ["map", [["a", "z"]]]],
            ])
    }

    @Test(arguments: [
        "set bridge br0 stp_enable=false", "--may-exist add-br br0", "--if-exists del-br zz",
        "set bridge br0 other_config:a=b", "add bridge br0 flood_vlans 1",
    ])
    func `what is so already sends nothing`(line: String) throws {
        #expect(try !run(line).run.hasChanges)
    }

    @Test func `a change of a row makes sure that the row is there`() throws {
        let sent = try run("set bridge br0 stp_enable=true").run
            .transaction(comment: "", waits: true)
        #expect(sent.map { $0["op"] } == ["wait", "update", "mutate", "select", "comment"])
        #expect(sent[0]["rows"] == [["_uuid": id(10)]])
    }

    @Test func `br-exists tells by its exit status`() throws {
        #expect(try run("br-exists fake").run.exitStatus == 0)
        #expect(try run("br-exists nope").run.exitStatus == 2)
    }

    @Test func `br-exists ends the run at once where there is no such bridge`() throws {
        let (run, outcome) = try run("add-br new -- br-exists nope -- list-ports nope")
        #expect(outcome == .ended)
        #expect(run.exitStatus == 2)
    }

    @Test func `a condition without a key has a value of the column's own type`() throws {
        #expect(throws: ControlError.self) { try run("find bridge name{in}br0,br1") }
        #expect(try run("find bridge other_config:a{in}b,c").outcome == .finished)
        #expect(try run("find bridge flood_vlans{in}1,2,3").outcome == .finished)
    }

    @Test func `a key is looked up as it was written, quotes and all`() throws {
        #expect(try run("get bridge br0 other_config:\"a\"").outcome == .finished)
        let error = ControlError(
            "no key \"\"q\"\" in Bridge record \"br0\" column other_config")
        #expect(throws: error) { try run("get bridge br0 other_config:\"q\"") }
    }

    @Test func `settings of a new port are checked after its bridge`() throws {
        #expect(throws: ControlError("no bridge named nope")) {
            try run("add-port nope p9 frob=1")
        }
        #expect(throws: ControlError("no bridge named nope")) {
            try run("list-ports nope -- add-bond br0 b0 only tag=1")
        }
    }

    @Test func `making a record that nothing can refer to is warned of beforehand`() throws {
        var texts: [String] = []
        _ = try ControlRun(try Command.parse(["create", "NetFlow", "active_timeout=1"])) {
            texts.append($0.text)
        }
        #expect(
            texts == [
                "applying \"create\" command to table NetFlow without --id option "
                    + "will have no effect"
            ])
    }

    @Test func `an empty name begins no table's and no column's`() throws {
        let words = ["clear", "", "br0", "flood_vlans"]
        #expect(throws: ControlError("unknown table \"\"")) {
            try ControlRun(try Command.parse(words))
        }
    }

    @Test func `a chosen UUID is sent as a plain string`() throws {
        let text = "550e8400-e29b-41d4-a716-446655440000"
        let sent = try run("--id=\(text) create Queue dscp=1").run
            .transaction(comment: "", waits: false)
        #expect(sent[0]["uuid"] == .string(text))
    }

    @Test func `wait-until waits for the record and its values`() throws {
        #expect(try run("wait-until bridge br0 flood_vlans=1,2").outcome == .finished)
        #expect(try run("wait-until bridge br0 flood_vlans=1").outcome == .waiting)
        #expect(try run("wait-until bridge nope").outcome == .waiting)
    }

    @Test func `only the columns that a command needs are read`() throws {
        let run = try run("set bridge br0 other_config:x=y").run
        #expect(run.monitoredTables["Bridge"]?.sorted() == ["name", "other_config"])
        #expect(run.monitoredTables["Interface"] == nil)
    }

    @Test func `a row without a root is warned about`() throws {
        let run = try run("-- --id=@x create interface name=foo").run
        #expect(run.warnings.map(\.text).count == 1)
    }

    @Test func `interfaces without an OpenFlow port are complained about`() {
        let results: [JSON] = [
            ["rows": [["name": "a", "ofport": -1, "error": "no such thing"]]],
            ["rows": [["name": "b", "ofport": 7, "error": ["set", []]]]],
        ]
        #expect(
            ControlRun.complaints(about: results) == [
                "Error detected while setting up 'a': no such thing.  "
                    + "See ovs-vswitchd log for details."
            ])
    }
}
