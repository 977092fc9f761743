import OVSDBModel

/// Values as operators write them for columns, most of them right, the rest wrong in the ways that
/// parsers trip over.
struct ValueGenerator {
    var choose: Chooser

    /// Names that the commands of ``CommandLineGenerator`` use, by table.
    static let names = [
        "Bridge": ["br0", "br1", "br2", "fb0", "fb1", "nobr"],
        "Port": ["p0", "p1", "p2", "bond0", "bond1", "i0", "br0"],
        "Interface": ["i0", "i1", "i2", "i3", "p0", "p1"],
    ]

    static let keys = [
        "a", "b", "key-1", "hwaddr", "fake-bridge-x", "\"q k\"", "mtu", "1", "0", "",
    ]

    static let strings = [
        "x", "yy", "zed", "\"\"", "\"a b\"", "a b", "true", "a-b", "\"tr\\\"q\"", "[]", "{}", "a,b",
        "[a,b]", "[a b]", "@n1", "12", "1.5", "\"x", "ünïcode", "\"\\u00e9\"", "standalone",
        "secure", "a=b", "{a=b}", "a=b,c=d", "\"a=b\"", "tcp:1.2.3.4:5", "\"tcp:1.2.3.4:5\"", "",
        "a\\b", "\"\\n\"", "ab:cd", "[", "[a", "a]", "{a=1", "a=", "=b", "a=b=c", "a  b", ", ,",
        "a,", "a,,b", "[a]]", "null",
    ]

    private static let integers = [
        "0", "1", "10", "4095", "4096", "-1", "99999", "0x10", "1.0", "abc", "",
        "9223372036854775807", "9223372036854775808", "1-3", "3-1", "[1,2]", "1,2", "1 2", "[]",
        "+5", " 7", "1e3", "{1}", "\"1\"", "1-2,5", "010", "5-5", "1-", "-3--1",
    ]
    private static let reals = [
        "0.5", "1", "1e3", "abc", "-2.5", "1,2", "nan", "inf", "1e400", ".5", "1.",
    ]
    private static let booleans = [
        "true", "false", "true", "false", "TRUE", "1", "[]", "[true]", "true,false",
    ]
    private static let references = [
        "@n1", "@n2", "@n1", "@n2", "@nope", "00000000-0000-0000-0000-000000000000", "0000", "zz",
        "[]", "@n1,@n2", "[@n1]", "{}", "550e8400-e29b-41d4-a716-446655440000", "@", "[@n1,@n1]",
    ]
    private static let maps = [
        "{}", "[]", "{a=b}", "a=b", "0=1", "1=a,2=b", "{1=2", "a", "",
    ]

    /// A name or an abbreviation of a table or a column, or nearly one.
    mutating func name(_ name: String) -> String {
        if choose.chance(75) { return name }
        switch choose.number(0...9) {
        case 0...2: return name.lowercased()
        case 3, 4: return String(name.map { $0 == "_" ? "-" : $0 })
        case 5, 6: return String(name.prefix(choose.number(1...name.count)))
        case 7: return name.uppercased()
        case 8: return name + "x"
        default:
            return choose.one(of: [
                "", "_uuid", "_version", "zzz", "name", "\"name\"", "ext_", "o", "st",
            ])
        }
    }

    mutating func atom(_ base: BaseType) -> String {
        if let allowed = base.enumeration, choose.chance(70) {
            return choose.one(of: allowed).string ?? "x"
        }
        let type = choose.chance(8) ? choose.one(of: AtomType.allCases) : base.type
        switch type {
        case .integer:
            return choose.chance(50)
                ? choose.one(of: Self.integers) : String(choose.number(0...4100))
        case .real: return choose.one(of: Self.reals)
        case .boolean: return choose.one(of: Self.booleans)
        case .uuid: return reference(to: base.refTable)
        case .string:
            return choose.one(of: choose.chance(50) ? Self.strings : ["x", "yy", "zed"])
        }
    }

    private mutating func reference(to table: String?) -> String {
        guard let table, choose.chance(40) else { return choose.one(of: Self.references) }
        return record(of: table)
    }

    /// A place for the UUID of a record, or for as many of its digits.
    mutating func record(of table: String) -> String {
        let name = Self.names[table].map { choose.one(of: $0) } ?? "*"
        return "{\(table):\(name):\(choose.one(of: [36, 36, 12, 8, 4, 3]))}"
    }

    mutating func value(_ type: ColumnType) -> String {
        if let value = type.value {
            if choose.chance(10) { return choose.one(of: Self.maps) }
            let count = choose.number(1...2)
            let pairs = (0..<count).map { _ in atom(type.key) + "=" + atom(value) }
            let text = pairs.joined(separator: ",")
            return choose.chance(20) ? "{\(text)}" : text
        }
        guard type.maximum > 1, choose.chance(30) else { return atom(type.key) }
        let count = choose.number(0...3)
        let separator = choose.one(of: [",", " ", ", "])
        let text = (0..<count).map { _ in atom(type.key) }.joined(separator: separator)
        return choose.chance(50) ? "[\(text)]" : text
    }
}
