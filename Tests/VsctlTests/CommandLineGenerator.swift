import OVSDBModel

/// Command lines of `ovs-vsctl` by seed: few names, so that commands meet what others made, and
/// every kind of mistake.
struct CommandLineGenerator {
    var values: ValueGenerator
    private let schema = OpenVSwitchSchema.schema

    init(seed: UInt64) { values = ValueGenerator(choose: Chooser(seed: seed)) }

    private static let bridges = ValueGenerator.names["Bridge"] ?? []
    private static let ports = ValueGenerator.names["Port"] ?? []
    private static let interfaces = ValueGenerator.names["Interface"] ?? []

    private static let strayOptions = [
        "--may-exist", "--if-exists", "--id=@n1", "--bogus", "--columns=name", "--may-exist=1",
        "--columns", "--id", "--real", "--if", "-x", "-t",
    ]
    private static let globalOptions = [
        "--oneline", "--dry-run", "--bare", "-f", "--format=x", "--pretty", "--no-headings",
        "--columns=name", "--may-exist", "--if-exists", "-fcsv", "--format=json", "--data=json",
        "-dbare", "--retry", "--bogus", "-z", "--data=x", "--timeout=x", "--timeout", "--verbose=x",
        "--no-retry", "--one", "--no", "--max-column-width=8", "-vconsole:off", "--id=@n1",
        "--format=html", "--format=table",
    ]
    private static let targets = [
        "tcp:127.0.0.1", "tcp:127.0.0.1:6640", "ssl:1.2.3.4:6640", "ptcp:", "punix:/x",
        "pssl:6640:1.1.1.1", "foo", "tcp", "ptcp:6640:127.0.0.1", "",
    ]

    private mutating func one(_ texts: String...) -> String { values.choose.one(of: texts) }
    private mutating func bridge() -> String { values.choose.one(of: Self.bridges) }
    private mutating func port() -> String { values.choose.one(of: Self.ports) }
    private mutating func interface() -> String { values.choose.one(of: Self.interfaces) }
    private mutating func key() -> String { values.choose.one(of: ValueGenerator.keys) }
    private mutating func text() -> String { values.choose.one(of: ValueGenerator.strings) }

    private mutating func options(_ possible: String...) -> [String] {
        values.choose.some(of: possible)
            + (values.choose.chance(3) ? [values.choose.one(of: Self.strayOptions)] : [])
    }

    /// A whole command line, without the program's name.
    mutating func line() -> [String] {
        var words = ["--no-wait"]
        if values.choose.chance(15) {
            words.insert(values.choose.one(of: Self.globalOptions), at: 0)
        }
        let count = values.choose.one(of: [1, 1, 1, 2, 2, 3, 4])
        if values.choose.chance(70) { words.append("--") }
        for index in 0..<count {
            if index > 0 { words.append("--") }
            words += command()
        }
        if values.choose.chance(2) { words.append("--") }
        return words
    }

    private mutating func command() -> [String] {
        switch values.choose.number(0...99) {
        case 0..<22: bridgeCommand()
        case 22..<48: portCommand()
        case 48..<82: databaseCommand()
        case 82..<93: connectionCommand()
        default: otherCommand()
        }
    }
}

// MARK: - Bridges and ports

extension CommandLineGenerator {
    private mutating func bridgeCommand() -> [String] {
        switch values.choose.number(0...12) {
        case 0...2: return options("--may-exist") + ["add-br", bridge()]
        case 3:
            let vlan = one("1", "5", "5", "0", "4095", "4096", "-1", "x", "")
            return options("--may-exist") + ["add-br", bridge(), bridge(), vlan]
        case 4:
            return options("--may-exist") + [
                "add-br", one("fb0", "fb1"), one("br0", "br1"), one("1", "5"),
            ]
        case 5: return options("--if-exists") + ["del-br", bridge()]
        case 6: return options("--real", "--fake") + ["list-br"]
        case 7: return ["br-exists", bridge()]
        case 8: return [one("br-to-vlan", "br-to-parent"), bridge()]
        case 9, 10:
            return ["br-set-external-id", bridge(), key()]
                + (values.choose.chance(70) ? [text()] : [])
        case 11:
            return ["br-get-external-id", bridge()] + (values.choose.chance(50) ? [key()] : [])
        default:
            return ["add-br"] + values.choose.several(one("", "ab", "abcd").count, of: Self.bridges)
        }
    }

    private mutating func settings() -> [String] {
        let count = values.choose.one(of: [0, 0, 0, 1, 2])
        return (0..<count).map { _ in assignment("Port", ["="]) }
    }

    private mutating func portCommand() -> [String] {
        switch values.choose.number(0...11) {
        case 0, 1:
            return options("--may-exist") + ["add-port", bridge(), port()] + settings()
        case 2, 3: return options("--may-exist") + ["add-port", one("br0", "br1", "fb0"), port()]
        case 4, 5:
            let members = values.choose.several(values.choose.number(1...3), of: Self.interfaces)
            return options("--may-exist", "--fake-iface")
                + ["add-bond", one("br0", "br1", "fb0"), one("bond0", "bond1", "p0")]
                + members + settings()
        case 6, 7:
            let owner = values.choose.chance(40) ? [bridge()] : []
            return options("--if-exists", "--with-iface") + ["del-port"] + owner
                + [values.choose.chance(50) ? port() : interface()]
        case 8: return options("--may-exist") + ["add-bond-iface", port(), interface()]
        case 9:
            let owner = values.choose.chance(40) ? [one("bond0", "bond1", port())] : []
            return options("--if-exists") + ["del-bond-iface"] + owner + [interface()]
        case 10: return [one("list-ports", "list-ifaces"), bridge()]
        default:
            return values.choose.chance(50)
                ? ["port-to-br", port()] : ["iface-to-br", interface()]
        }
    }
}

// MARK: - The database

extension CommandLineGenerator {
    private static let operators = [
        "=", "!=", "<", ">", "<=", ">=", "{=}", "{!=}", "{<}", "{>}", "{<=}", "{>=}", "{in}",
        "{not-in}",
    ]
    private static let wrongOperators = ["==", "{", "{=", "~", ""]

    /// Columns that the other commands read and write, and one of each type.
    private static let commonColumns = [
        "Bridge": ["external_ids", "other_config", "ports", "fail_mode", "flood_vlans", "name"],
        "Port": ["tag", "trunks", "external_ids", "interfaces", "name", "fake_bridge", "qos"],
        "Interface": ["type", "options", "external_ids", "name", "mtu_request", "statistics"],
        "Open_vSwitch": ["external_ids", "bridges", "manager_options", "cur_cfg", "datapaths"],
        "QoS": ["type", "queues", "other_config"],
        "Queue": ["dscp", "other_config"],
    ]

    private mutating func table() -> String {
        values.choose.chance(40)
            ? values.choose.one(of: schema.tables.map(\.name))
            : values.choose.one(of: Self.commonColumns.keys.sorted())
    }

    private mutating func column(of table: String) -> ColumnSchema {
        let declared = schema.table(table)?.declaredColumns ?? []
        if let common = Self.commonColumns[table], values.choose.chance(70) {
            let name = values.choose.one(of: common)
            if let column = declared.first(where: { $0.name == name }) { return column }
        }
        return values.choose.one(of: declared)
    }

    private mutating func columnName(of table: String) -> String {
        values.name(column(of: table).name)
    }

    /// `COLUMN` or `COLUMN:KEY`, with its type and whether there is a key.
    private mutating func columnAndKey(
        _ table: String
    ) -> (text: String, type: ColumnType, hasKey: Bool) {
        let column = column(of: table)
        let name = values.name(column.name)
        guard values.choose.chance(column.type.isMap ? 60 : 4) else {
            return (name, column.type, false)
        }
        let key =
            column.type.isMap && column.type.key.type != .string
            ? values.atom(column.type.key) : key()
        return ("\(name):\(key)", column.type, true)
    }

    private mutating func assignment(_ table: String, _ operators: [String]) -> String {
        let (text, type, hasKey) = columnAndKey(table)
        let relation = values.choose.one(
            of: values.choose.chance(95) ? operators : Self.operators + Self.wrongOperators)
        if values.choose.chance(2) { return text }
        guard hasKey, let member = type.value else { return text + relation + values.value(type) }
        return text + relation + values.atom(member)
    }

    private mutating func assignments(_ table: String, _ operators: [String]) -> [String] {
        let count = values.choose.one(of: [0, 1, 1, 1, 2])
        return (0..<count).map { _ in assignment(table, operators) }
    }

    private mutating func record(_ table: String) -> String {
        if values.choose.chance(10) { return one(".", "zz", "", "1234", "@n1", "0", "\"br0\"") }
        if values.choose.chance(25) { return values.record(of: table) }
        switch table {
        case "Open_vSwitch", "SSL": return "."
        case "Port", "Interface": return values.choose.one(of: ValueGenerator.names[table] ?? [""])
        case "QoS": return port()
        case "Manager": return values.choose.one(of: Self.targets)
        case "Bridge", "Controller", "NetFlow", "sFlow", "IPFIX", "AutoAttach": return bridge()
        default: return one("x", "m0", "yy")
        }
    }

    private mutating func records(_ table: String) -> [String] {
        let count = values.choose.one(of: [0, 1, 1, 2])
        return (0..<count).map { _ in record(table) }
    }

    private mutating func columnsOption(_ table: String) -> [String] {
        guard values.choose.chance(60) else { return [] }
        let count = values.choose.number(1...3)
        let names = (0..<count).map { _ in
            values.choose.chance(80) ? columnName(of: table) : one("_uuid", "name", "")
        }
        return ["--columns=" + names.joined(separator: one(",", ",", ", ", " "))]
    }

    private mutating func databaseCommand() -> [String] {
        let table = table()
        let name = values.choose.chance(30) ? values.name(table) : table
        switch values.choose.number(0...15) {
        case 0:
            return options("--if-exists") + columnsOption(table) + ["list", name] + records(table)
        case 1, 2:
            return columnsOption(table) + ["find", name] + assignments(table, Self.operators)
        case 3, 4:
            let count = values.choose.number(0...2)
            let columns = (0..<count).map { _ in
                values.choose.chance(85) ? columnAndKey(table).text : "_uuid"
            }
            return options("--if-exists", one("--if-exists", "--id=@n1", "--id=@n2"))
                + ["get", name, record(table)] + columns
        case 5...7:
            return options("--if-exists") + ["set", name, record(table)]
                + assignments(table, ["="])
        case 8...10: return changeMembers(of: table, called: name)
        case 11:
            let columns = (0..<values.choose.number(0...2)).map { _ in columnName(of: table) }
            return options("--if-exists") + ["clear", name, record(table)] + columns
        case 12: return create(table, called: name)
        case 13: return create(one("QoS", "Queue"), called: nil)
        case 14:
            return options("--if-exists", "--all") + ["destroy", one("QoS", "Queue", name)]
                + records(table)
        default:
            return ["comment"] + (0..<values.choose.number(0...2)).map { _ in text() }
        }
    }

    private mutating func changeMembers(of table: String, called name: String) -> [String] {
        let column = column(of: table)
        let members = (0..<values.choose.number(0...2)).map { _ in
            column.type.isMap && values.choose.chance(30)
                ? values.atom(column.type.key) : values.value(column.type)
        }
        return options("--if-exists")
            + [one("add", "remove"), name, record(table), values.name(column.name)] + members
    }

    private mutating func create(_ table: String, called name: String?) -> [String] {
        let chosen = "--id=550e8400-e29b-41d4-a716-446655440\(values.choose.number(100...999))"
        let option = one("", "", "--id=@n1", "--id=@n2", "--id=@n1", "--id=n1", chosen)
        return (option.isEmpty ? [] : [option]) + ["create", name ?? table]
            + assignments(table, ["="])
    }
}

// MARK: - The rest

extension CommandLineGenerator {
    private mutating func probe() -> [String] {
        values.choose.chance(30)
            ? ["--inactivity-probe=" + one("5000", "0", "x", "-1", "")] : []
    }

    private mutating func someTargets() -> [String] {
        values.choose.several(values.choose.one(of: [0, 1, 1, 2]), of: Self.targets)
    }

    private mutating func connectionCommand() -> [String] {
        switch values.choose.number(0...9) {
        case 0: return [one("get-manager", "del-manager", "get-ssl", "del-ssl")]
        case 1: return probe() + ["set-manager"] + someTargets()
        case 2: return [one("get-controller", "del-controller"), bridge()]
        case 3...5: return probe() + ["set-controller", bridge()] + someTargets()
        case 6: return [one("get-fail-mode", "del-fail-mode"), bridge()]
        case 7: return ["set-fail-mode", bridge(), one("standalone", "secure", "x", "")]
        default:
            let count = values.choose.one(of: [3, 3, 3, 2, 4])
            return options("--bootstrap") + ["set-ssl"]
                + values.choose.several(count, of: ["k", "c", "ca", "/a b"])
        }
    }

    private mutating func otherCommand() -> [String] {
        let datapath = one("system", "netdev", "x")
        let zone = one("zone=1", "zone=2", "zone=65535", "zone=65536", "zone=-1", "zone=0x10")
        switch values.choose.number(0...9) {
        case 0: return [one("show", "init", "emer-reset", "frob", "ad")]
        case 1, 2:
            return [
                one("add-aa-mapping", "del-aa-mapping"), one("br0", bridge()),
                one("1", "100", "16777215", "16777216", "x", "-1", "1x", ""),
                one("1", "4095", "4096", "x", "-1"),
            ]
        case 3: return ["get-aa-mapping", bridge()]
        case 4, 5:
            let policy = one(
                "icmp_first=1", "icmp_first=1", "icmp_reply=60", "bogus=1", "icmp_first",
                "icmp_first=x", "=1", "udp_first=0", "udp_first=-5")
            return options("--may-exist") + ["add-zone-tp", datapath, zone, policy]
        case 6: return options("--if-exists") + ["del-zone-tp", datapath, zone]
        case 7: return [one("list-zone-tp", "list-dp-cap"), datapath]
        case 8:
            return [
                "--id=@n1", "create", "Datapath", "datapath_version=x", "--", "set",
                "Open_vSwitch", ".", "datapaths:\(datapath)=@n1",
            ]
        default: return values.choose.chance(50) ? [] : ["--may-exist"]
        }
    }
}
