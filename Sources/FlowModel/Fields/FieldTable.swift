/// The one table of match fields.
///
/// Parser, printer, OpenFlow codec, classifier and tests read it; no other place knows a field's
/// name, number, place or width.
public enum FieldTable {
    /// Every field in the order in which OVS lists them, which is also the order in which a
    /// generic printer names them.
    public static let all: [FieldDescriptor] =
        tunnelFields + tunnelOptions + metadataFields + registers + ethernetFields + networkFields
        + transportFields

    /// The row of each field, by raw value.
    private static let byField: [FieldDescriptor] = {
        var rows: [FieldDescriptor?] = Array(repeating: nil, count: Field.allCases.count)
        for row in all { rows[Int(row.field.rawValue)] = row }
        return rows.map {
            guard let row = $0 else { preconditionFailure("a field has no row in the table") }
            return row
        }
    }()

    private static let byName: [String: Field] = {
        var fields: [String: Field] = [:]
        for row in all {
            fields[row.name] = row.field
            if let alias = row.alias { fields[alias] = row.field }
            for wire in row.wireNames { fields[wire.name] = row.field }
        }
        return fields
    }()

    private static let byWire: [WireKey: Field] = {
        var fields: [WireKey: Field] = [:]
        for row in all {
            for wire in row.wireNames {
                fields[WireKey(wireClass: wire.wireClass, number: wire.number)] = row.field
            }
        }
        return fields
    }()

    private struct WireKey: Hashable {
        let wireClass: WireClass
        let number: UInt8
    }

    /// The rows' locations, by raw value: apart from them, for a row holds references, which each
    /// copy counts, and places are asked for many times a flow.
    private static let locations: [FieldLocation] = byField.map(\.location)

    public static func location(of field: Field) -> FieldLocation {
        locations[Int(field.rawValue)]
    }

    public static func descriptor(of field: Field) -> FieldDescriptor {
        byField[Int(field.rawValue)]
    }

    /// The field with the given name: OVS's, its alias, or that of NXM or OXM.
    public static func field(named name: String) -> Field? { byName[name] }

    /// The field with the given number in `wireClass`.
    public static func field(_ wireClass: WireClass, _ number: UInt8) -> Field? {
        byWire[WireKey(wireClass: wireClass, number: number)]
    }

    /// One row; a function so that the tables read as tables.
    static func row(
        _ field: Field, _ name: String, _ byteCount: Int, _ format: FieldFormat,
        _ location: FieldLocation, _ access: FieldDescriptor.Access,
        _ prerequisite: Prerequisite, alias: String? = nil, _ wireNames: [WireName] = []
    ) -> FieldDescriptor {
        FieldDescriptor(
            field: field, name: name, alias: alias, byteCount: byteCount, format: format,
            location: location, access: access, prerequisite: prerequisite, wireNames: wireNames)
    }
}

extension Field {
    public var descriptor: FieldDescriptor { FieldTable.descriptor(of: self) }
    public var location: FieldLocation { FieldTable.location(of: self) }
    public var name: String { descriptor.name }
    public var width: Int { location.width }
}
