import Bytes
public import JSONRPC

extension Datum {
    /// The datum as OVSDB writes it (`<value>`, RFC 7047 §5.1): an atom, a set or a map.
    public func json(type: ColumnType) -> JSON {
        if type.isMap {
            let pairs = zip(keys, values).map { JSON.array([$0.json, $1.json]) }
            return .array(["map", .array(pairs)])
        }
        if count == 1, let scalar { return scalar.json }
        return .array(["set", .array(keys.map(\.json))])
    }

    /// Reads a value of a column's type and checks its constraints.
    ///
    /// - Parameter context: Where names of rows are looked up; nil where they are not allowed.
    public init(
        _ json: JSON, type: ColumnType, context: inout NamingContext?
    ) throws(OVSDBError) {
        if let value = type.value {
            self = try Self.map(json, type: type, value: value, context: &context)
        } else {
            self = try Self.set(json, type: type, context: &context)
        }
    }

    /// Reads a value in which no row is named.
    public init(_ json: JSON, type: ColumnType) throws(OVSDBError) {
        var context: NamingContext?
        try self.init(json, type: type, context: &context)
    }

    private static func set(
        _ json: JSON, type: ColumnType, context: inout NamingContext?
    ) throws(OVSDBError) -> Datum {
        guard case .array(let outer) = json, outer.first?.string == "set" else {
            let atom = try Atom(json, type: type.key.type, context: &context)
            try type.key.check(atom)
            return Datum(atom)
        }
        guard let elements = Atom.tagged("set", json)?.array else {
            throw .syntax("expected [\"set\", <array>]", in: json)
        }
        try checkCount(elements.count, noun: "set", type: type, json: json)
        var keys: [Atom] = []
        keys.reserveCapacity(elements.count)
        for element in elements {
            let atom = try Atom(element, type: type.key.type, context: &context)
            try type.key.check(atom)
            keys.append(atom)
        }
        keys.sort()
        for (index, key) in keys.dropFirst().enumerated() where key == keys[index] {
            throw OVSDBError("ovsdb error", "set contains duplicate")
        }
        return Datum(sortedKeys: keys)
    }

    private static func map(
        _ json: JSON, type: ColumnType, value valueType: BaseType, context: inout NamingContext?
    ) throws(OVSDBError) -> Datum {
        guard let elements = Atom.tagged("map", json)?.array else {
            throw .syntax("expected [\"map\", <array>]", in: json)
        }
        try checkCount(elements.count, noun: "map", type: type, json: json)
        var pairs: [(key: Atom, value: Atom)] = []
        pairs.reserveCapacity(elements.count)
        for element in elements {
            guard let pair = element.array, pair.count == 2 else {
                throw .syntax("expected 2-element array", in: element)
            }
            let key = try Atom(pair[0], type: type.key.type, context: &context)
            try type.key.check(key)
            let value = try Atom(pair[1], type: valueType.type, context: &context)
            try valueType.check(value)
            pairs.append((key, value))
        }
        pairs.sort { $0.key < $1.key }
        for (index, pair) in pairs.dropFirst().enumerated() where pair.key == pairs[index].key {
            throw OVSDBError("ovsdb error", "map contains duplicate key")
        }
        return Datum(sortedKeys: pairs.map(\.key), values: pairs.map(\.value))
    }

    private static func checkCount(
        _ count: Int, noun: String, type: ColumnType, json: JSON
    ) throws(OVSDBError) {
        guard count < type.minimum || count > type.maximum else { return }
        if type.minimum == 1 && type.maximum == 1 {
            throw .syntax(
                "\(noun) must have exactly one member but \(count) are present", in: json)
        }
        throw .syntax(
            "\(noun) must have \(type.minimum) to \(type.maximum) members but \(count) are present",
            in: json)
    }

    /// Throws where the column does not take so many members, or its constraints forbid one.
    public func checkWhole(type: ColumnType) throws(OVSDBError) {
        if count < type.minimum || count > type.maximum {
            let noun = type.isMap ? "map" : "set"
            try Self.checkCount(count, noun: noun, type: type, json: json(type: type))
        }
        try check(type: type)
    }

    /// Throws where the column's constraints forbid a member.
    public func check(type: ColumnType) throws(OVSDBError) {
        if type.key.hasConstraints {
            for key in keys { try type.key.check(key) }
        }
        if let value = type.value, value.hasConstraints {
            for member in values { try value.check(member) }
        }
    }
}

/// OVSDB's notation straight to octets: what is logged, dumped or told to many is too much to make
/// a ``JSON`` of each value first.
extension JSONPrinter {
    /// Writes an atom as ``Atom/json`` is written.
    public mutating func write(_ atom: Atom) {
        switch atom {
        case .integer(let value): write(integer: value)
        case .real: write(atom.json)
        case .boolean(let value): write(verbatim: value ? "true" : "false")
        case .string(let value): write(quoted: value)
        case .uuid(let value):
            write(verbatim: "[\"uuid\",")
            write(quoted: value)
            write(verbatim: "]")
        }
    }

    /// Writes an identifier as a string.
    public mutating func write(quoted uuid: UUID) {
        write(verbatim: "\"")
        write(uuid.text)
        write(verbatim: "\"")
    }

    /// Writes an identifier as the name of a member and the colon, after a comma unless it is the
    /// first one.
    public mutating func write(key uuid: UUID, isFirst: inout Bool) {
        write(verbatim: isFirst ? "\"" : ",\"")
        isFirst = false
        write(uuid.text)
        write(verbatim: "\":")
    }

    /// Writes a datum as ``Datum/json(type:)`` is written.
    public mutating func write(_ datum: Datum, type: ColumnType) {
        if type.isMap {
            let (keys, values) = (datum.keys, datum.values)
            write(verbatim: "[\"map\",[")
            for index in keys.indices {
                write(verbatim: index > 0 ? ",[" : "[")
                write(keys[index])
                write(verbatim: ",")
                write(values[index])
                write(verbatim: "]")
            }
            write(verbatim: "]]")
        } else if datum.count == 1, let scalar = datum.scalar {
            write(scalar)
        } else {
            write(verbatim: "[\"set\",[")
            let keys = datum.keys
            for index in keys.indices {
                if index > 0 { write(verbatim: ",") }
                write(keys[index])
            }
            write(verbatim: "]]")
        }
    }

    /// Writes the name of a member and its colon, after a comma unless it is the first one.
    public mutating func write(key: String, isFirst: inout Bool) {
        if !isFirst { write(verbatim: ",") }
        isFirst = false
        write(quoted: key)
        write(verbatim: ":")
    }
}
