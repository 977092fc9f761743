import JSONRPC
import OVSDBModel
import Testing

struct ConditionTests {
    private let table = TableSchema(
        "T",
        [
            ColumnSchema("name", ColumnType(.string), isMutable: false),
            ColumnSchema("n", ColumnType(.integer)),
            ColumnSchema("tags", ColumnType(.integer(0, 100), minimum: 0, maximum: 3)),
            ColumnSchema("map", .map(.string, to: .string)),
        ])

    private func row(n: Int64, tags: [Int64]) -> [Datum] {
        var row = table.defaultRow
        row[table.index(of: "n") ?? 0] = Datum(.integer(n))
        row[table.index(of: "tags") ?? 0] = Datum(set: tags.map(Atom.integer))
        row[table.index(of: "map") ?? 0] = ["a": "1"]
        return row
    }

    @Test(arguments: [
        (#"["n","==",5]"#, true), (#"["n","!=",5]"#, false), (#"["n","<",6]"#, true),
        (#"["n","<=",5]"#, true), (#"["n",">",5]"#, false), (#"["n",">=",5]"#, true),
        (#"["tags","includes",["set",[1]]]"#, true), (#"["tags","includes",["set",[1,3]]]"#, false),
        (#"["tags","excludes",["set",[3]]]"#, true), (#"["tags","excludes",["set",[3,1]]]"#, false),
        (#"["map","includes",["map",[["a","1"]]]]"#, true),
        (#"["map","includes",["map",[["a","2"]]]]"#, false),
    ])
    func `clauses compare as they say`(text: String, expected: Bool) throws {
        var context: NamingContext?
        let condition = try Condition([JSON.parse(text)], table: table, context: &context)
        #expect(condition.all(row(n: 5, tags: [1, 2])) == expected)
    }

    @Test(arguments: [
        (#"["a","b"]"#, "Parse error in condition."),
        (#"["name","x","b"]"#, "No function named x."),
        (#"["nope","==","b"]"#, "No column nope in table T."),
        (
            #"["name","<","b"]"#,
            #"Type mismatch: "<" operator may not be applied to column name of type string."#
        ),
    ])
    func `malformed clauses are refused`(text: String, details: String) throws {
        let json = try JSON.parse(text)
        #expect {
            var context: NamingContext?
            _ = try Condition([json], table: table, context: &context)
        } throws: { ($0 as? OVSDBError)?.details == details }
    }

    @Test(arguments: [
        (#"["n","+=",2]"#, "7"), (#"["n","-=",2]"#, "3"), (#"["n","*=",2]"#, "10"),
        (#"["n","/=",2]"#, "2"), (#"["n","%=",2]"#, "1"),
    ])
    func `arithmetic changes an integer`(text: String, expected: String) throws {
        let mutation = try mutation(text)
        var datum = Datum(5)
        try mutation.apply(to: &datum, type: table.columns[mutation.column].type)
        #expect(datum.text(type: ColumnType(.integer)) == expected)
    }

    @Test(arguments: [
        (#"["n","/=",0]"#, "Division by zero."),
        (#"["n","*=",9223372036854775807]"#, #"Result of "*=" operation is out of range."#),
    ])
    func `impossible arithmetic is refused`(text: String, details: String) throws {
        let mutation = try mutation(text)
        #expect {
            var datum = Datum(5)
            try mutation.apply(to: &datum, type: table.columns[mutation.column].type)
        } throws: { ($0 as? OVSDBError)?.details == details }
    }

    @Test(arguments: [
        (#"["tags","insert",["set",[2,3]]]"#, [1, 2, 3]), (#"["tags","delete",1]"#, [2]),
        (#"["tags","delete",["set",[1,2,9]]]"#, []), (#"["tags","+=",10]"#, [11, 12]),
    ])
    func `sets change`(text: String, expected: [Int64]) throws {
        let mutation = try mutation(text)
        var datum: Datum = [1, 2]
        try mutation.apply(to: &datum, type: table.columns[mutation.column].type)
        #expect(datum.integers == expected)
    }

    @Test(arguments: [
        (
            #"["tags","insert",["set",[4,5]]]"#,
            "Attempted to store 4 elements in set of up to 3 integers."
        ),
        (#"["tags","/=",2]"#, #"Result of "/=" operation contains duplicates."#),
        (#"["tags","*=",100]"#, "200 is not in the valid range 0 to 100 (inclusive)"),
    ])
    func `constraints hold after a mutation`(text: String, details: String) throws {
        let mutation = try mutation(text)
        #expect {
            var datum: Datum = [2, 3]
            try mutation.apply(to: &datum, type: table.columns[mutation.column].type)
        } throws: { ($0 as? OVSDBError)?.details == details }
    }

    @Test(arguments: [
        (#"["name","insert","x"]"#, "Cannot mutate immutable column name in table T."),
        (#"["n","x=",1]"#, "No mutator named x=."), (#"5"#, "Parse error in mutation."),
        (
            #"["map","+=",1]"#,
            #"""
            Type mismatch: "+=" operator may not be applied to column map of type map of (str\#
            ing, string) pairs.
            """#
        ),
    ])
    func `malformed mutations are refused`(text: String, details: String) throws {
        #expect { try mutation(text) } throws: { ($0 as? OVSDBError)?.details == details }
    }

    private func mutation(_ text: String) throws -> Mutation {
        var context: NamingContext?
        return try Mutation(JSON.parseFragment(text), table: table, context: &context)
    }
}
