public import JSONRPC

extension BaseType {
    /// The name of the type alone where there are no constraints, else an object.
    public var json: JSON {
        var object = JSONObject()
        object["type"] = .string(type.rawValue)
        object["enum"] = enumeration.map { .array(["set", .array($0.map(\.json))]) }
        object["minInteger"] = minimumInteger.map(JSON.integer)
        object["maxInteger"] = maximumInteger.map(JSON.integer)
        object["minReal"] = minimumReal.map(JSON.real)
        object["maxReal"] = maximumReal.map(JSON.real)
        object["minLength"] = minimumLength.map { .integer(Int64($0)) }
        object["maxLength"] = maximumLength.map { .integer(Int64($0)) }
        object["refTable"] = refTable.map(JSON.string)
        if isWeak { object["refType"] = "weak" }
        return object.count == 1 ? .string(type.rawValue) : .object(object)
    }

    public init(_ json: JSON) throws(OVSDBError) {
        if let name = json.string {
            guard let type = AtomType(rawValue: name) else {
                throw .syntax("\"\(name)\" is not an atomic-type", in: json)
            }
            self.init(type)
            return
        }
        var members = try MemberParser(json, subject: "ovsdb type")
        let name = try members.string("type")
        guard let type = AtomType(rawValue: name) else {
            throw .syntax("\"\(name)\" is not an atomic-type", in: .string(name))
        }
        self.init(type)
        try readConstraints(&members, in: json)
        try members.finish()
    }

    private mutating func readConstraints(
        _ members: inout MemberParser, in json: JSON
    ) throws(OVSDBError) {
        if let list = members.optional("enum") {
            enumeration = try Datum(list, type: .set(of: BaseType(type))).keys
        }
        switch type {
        case .integer:
            minimumInteger = try members.optionalInteger("minInteger")
            maximumInteger = try members.optionalInteger("maxInteger")
            try checkOrder(minimumInteger, maximumInteger, "Integer", in: json)
        case .real:
            minimumReal = members.optional("minReal")?.real
            maximumReal = members.optional("maxReal")?.real
            try checkOrder(minimumReal, maximumReal, "Real", in: json)
        case .string:
            minimumLength = try members.optionalInteger("minLength").map { Int($0) }
            maximumLength = try members.optionalInteger("maxLength").map { Int($0) }
            try checkOrder(minimumLength, maximumLength, "Length", in: json)
        case .uuid:
            refTable = try members.optionalString("refTable")
            if let kind = try members.optionalString("refType") {
                guard refTable != nil, ["weak", "strong"].contains(kind) else {
                    throw .syntax("refType must be \"strong\" or \"weak\"", in: nil)
                }
                isWeak = kind == "weak"
            }
        case .boolean:
            break
        }
    }

    private func checkOrder<Value: Comparable>(
        _ minimum: Value?, _ maximum: Value?, _ noun: String, in json: JSON
    ) throws(OVSDBError) {
        if let minimum, let maximum, minimum > maximum {
            throw .syntax("min\(noun) exceeds max\(noun)", in: json)
        }
    }
}

extension ColumnType {
    public var json: JSON {
        if isScalar && !key.hasConstraints && key.refTable == nil { return key.json }
        var object = JSONObject()
        object["key"] = key.json
        object["value"] = value?.json
        if minimum != 1 { object["min"] = .integer(Int64(minimum)) }
        if maximum != 1 {
            object["max"] = maximum == Self.unlimited ? "unlimited" : .integer(Int64(maximum))
        }
        return .object(object)
    }

    public init(_ json: JSON) throws(OVSDBError) {
        guard json.object != nil else {
            self.init(try BaseType(json))
            return
        }
        var members = try MemberParser(json, subject: "ovsdb type")
        let key = try BaseType(try members.required("key"))
        var value: BaseType?
        if let json = members.optional("value") { value = try BaseType(json) }
        let minimum = try members.optionalInteger("min") ?? 1
        let maximum = try Self.maximum(members.optional("max"))
        try members.finish()
        guard 0...1 ~= minimum, maximum >= 1, minimum <= maximum else {
            throw .syntax("ovsdb type fails constraint checks", in: json)
        }
        self.init(key, value, minimum: Int(minimum), maximum: maximum)
    }

    private static func maximum(_ json: JSON?) throws(OVSDBError) -> Int {
        switch json {
        case nil: return 1
        case .integer(let count) where 0...Int64(unlimited) ~= count: return Int(count)
        case .string("unlimited"): return unlimited
        default: throw .syntax("bad min or max value", in: json)
        }
    }
}

extension ColumnSchema {
    public var json: JSON {
        var object = JSONObject()
        object["type"] = type.json
        if isEphemeral { object["ephemeral"] = true }
        if !isMutable { object["mutable"] = false }
        return .object(object)
    }

    convenience init(name: String, _ json: JSON) throws(OVSDBError) {
        var members = try MemberParser(json, subject: "schema for column \(name)")
        let type = try ColumnType(try members.required("type"))
        let isMutable = try members.optionalBoolean("mutable") ?? true
        let isEphemeral = try members.optionalBoolean("ephemeral") ?? false
        try members.finish()
        self.init(name, type, isEphemeral: isEphemeral, isMutable: isMutable)
    }
}

/// Refuses names that RFC 7047 does not allow for tables and columns.
private func checkIdentifier(_ name: String, in json: JSON) throws(OVSDBError) {
    guard NamedUUIDs.isIdentifier(name) else {
        throw .syntax("name must be a valid id", in: json)
    }
    guard !name.hasPrefix("_") else {
        throw .syntax("names beginning with \"_\" are reserved", in: json)
    }
}

extension TableSchema {
    /// - Parameter tellsRoot: False where all tables are roots, which goes without saying.
    func json(tellsRoot: Bool) -> JSON {
        var columns = JSONObject()
        for column in declaredColumns { columns[column.name] = column.json }
        var object = JSONObject()
        object["columns"] = .object(columns)
        if isRoot && tellsRoot { object["isRoot"] = true }
        if maximumRowCount != ColumnType.unlimited {
            object["maxRows"] = .integer(Int64(maximumRowCount))
        }
        if !indexes.isEmpty {
            object["indexes"] = .array(
                indexes.map { .array($0.map { .string(self.columns[$0].name) }) })
        }
        return .object(object)
    }

    convenience init(name: String, _ json: JSON) throws(OVSDBError) {
        var members = try MemberParser(json, subject: "table schema for table \(name)")
        let declared = try members.object("columns")
        guard !declared.isEmpty else {
            throw .syntax("table must have at least one column", in: json)
        }
        var columns: [ColumnSchema] = []
        for member in declared {
            try checkIdentifier(member.key, in: json)
            columns.append(try ColumnSchema(name: member.key, member.value))
        }
        let limit = try members.optionalInteger("maxRows") ?? Int64(ColumnType.unlimited)
        guard limit > 0 else { throw .syntax("maxRows must be at least 1", in: json) }
        let isRoot = try members.optionalBoolean("isRoot") ?? false
        let indexes = try Self.indexes(members.optional("indexes"), columns: columns)
        try members.finish()
        self.init(
            name, isRoot: isRoot, maximumRowCount: Int(limit), indexes: indexes, columns)
    }

    private static func indexes(
        _ json: JSON?, columns: [ColumnSchema]
    ) throws(OVSDBError) -> [[String]] {
        guard let json else { return [] }
        guard let lists = json.array else { throw .syntax("array of indexes expected", in: json) }
        let names = Set(columns.map(\.name))
        var indexes: [[String]] = []
        for list in lists {
            let index = (list.array ?? []).compactMap(\.string)
            guard !index.isEmpty, index.count == list.array?.count,
                Set(index).count == index.count
            else { throw .syntax("array of distinct column names expected", in: list) }
            if let stranger = index.first(where: { !names.contains($0) }) {
                throw .syntax("\(stranger) is not a valid column name", in: list)
            }
            indexes.append(index)
        }
        return indexes
    }
}

extension DatabaseSchema {
    /// The schema as `get_schema` answers it and as the log begins with it.
    public var json: JSON {
        let tellsRoot = tables.contains { !$0.isRoot }
        var members = JSONObject()
        for table in tables { members[table.name] = table.json(tellsRoot: tellsRoot) }
        var object = JSONObject()
        if !checksum.isEmpty { object["cksum"] = .string(checksum) }
        object["name"] = .string(name)
        object["tables"] = .object(members)
        if !version.isEmpty { object["version"] = .string(version) }
        return .object(object)
    }

    public init(_ json: JSON) throws(OVSDBError) {
        var members = try MemberParser(json, subject: "database schema")
        let name = try members.string("name")
        guard NamedUUIDs.isIdentifier(name) else {
            throw .syntax(
                "Parsing database schema failed: Type mismatch for member 'name'.", in: json)
        }
        let version = try members.optionalString("version") ?? ""
        guard version.isEmpty || Self.isVersion(version) else {
            throw .syntax("schema version \"\(version)\" not in format x.y.z", in: json)
        }
        let checksum = try members.optionalString("cksum") ?? ""
        _ = members.optional("$schema")
        var tables: [TableSchema] = []
        for member in try members.object("tables") {
            try checkIdentifier(member.key, in: json)
            tables.append(try TableSchema(name: member.key, member.value))
        }
        try members.finish()
        self.init(name, version: version, checksum: checksum, tables)
        try checkReferences()
    }

    /// Whether text is a version of a schema: three numbers with dots between them (ovsdb(7)).
    public static func isVersion(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
    }

    private func checkReferences() throws(OVSDBError) {
        for table in tables {
            for column in table.columns {
                let bases = [("key", column.type.key as BaseType?), ("value", column.type.value)]
                for (part, base) in bases {
                    guard let target = base?.refTable, index(of: target) == nil else { continue }
                    throw .syntax(
                        "column \(column.name) \(part) refers to undefined table \(target)",
                        in: nil)
                }
            }
        }
    }
}

extension DatabaseSchema {
    /// A schema that is part of a program's text, and so is known to be good.
    public init(declaration text: String) {
        do {
            try self.init(JSON.parse(text))
        } catch {
            preconditionFailure("the declared schema is wrong: \(error)")
        }
    }
}
