public import JSONRPC

/// OVSDB's notation straight to octets: what is logged, dumped or told to many is too much to make a
/// ``JSON`` of each value first.
extension JSONPrinter {
    /// Writes an atom as ``Atom/json`` is written.
    public mutating func write(_ atom: Atom) {
        switch atom {
        case .integer(let value): write(JSON.integer(value))
        case .real: write(atom.json)
        case .boolean(let value): write(JSON.boolean(value))
        case .string(let value): write(quoted: value)
        case .uuid(let value):
            write(verbatim: "[\"uuid\",")
            write(quoted: value)
            write(verbatim: "]")
        }
    }

    /// Writes an identifier as a string.
    public mutating func write(quoted uuid: UUID) { write(quoted: uuid.description) }

    /// Writes a datum as ``Datum/json(type:)`` is written.
    public mutating func write(_ datum: Datum, type: ColumnType) {
        if !type.isMap, datum.count == 1, let scalar = datum.scalar { return write(scalar) }
        let (keys, values) = (datum.keys, datum.values)
        write(verbatim: type.isMap ? "[\"map\",[" : "[\"set\",[")
        for index in keys.indices {
            if index > 0 { write(verbatim: ",") }
            if type.isMap { write(verbatim: "[") }
            write(keys[index])
            guard type.isMap else { continue }
            write(verbatim: ",")
            write(values[index])
            write(verbatim: "]")
        }
        write(verbatim: "]]")
    }

    /// Writes the name of a member and its colon, after a comma unless it is the first one.
    public mutating func write(key: String, isFirst: inout Bool) {
        if !isFirst { write(verbatim: ",") }
        isFirst = false
        write(quoted: key)
        write(verbatim: ":")
    }
}
