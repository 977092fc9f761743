import FlowModel
import Testing

/// The field table, against the manual page.
struct FieldAuditTests {
    /// Where this table says more than the manual page does.
    private static let writableBeyond: Set<String> = ["mpls_bos"]
    /// The bit that says that there is a tag is part of the field here.
    private static let widerBeyond: Set<String> = ["vlan_vid"]
    /// OVS's keys, and these, hold no operation that is longer than an octet.
    private static let narrower: Set<String> = ["arp_op"]
    /// What the standard has and the manual page has not, or calls deprecated.
    private static let undocumented: Set<String> = [
        "pbb_isid", "pbb_uca", "ipv6_exthdr", "dl_vlan", "dl_vlan_pcp", "dp_hash", "recirc_id",
    ]

    @Test(arguments: DocumentedField.all)
    func `a documented field is as documented`(expected: DocumentedField) throws {
        let field = try #require(FieldTable.field(named: expected.name))
        let row = field.descriptor
        #expect(row.name == expected.name)
        #expect(row.alias == expected.alias)
        if let alias = expected.alias { #expect(FieldTable.field(named: alias) == field) }
        #expect(row.byteCount == expected.byteCount)
        if !Self.widerBeyond.union(Self.narrower).contains(row.name) {
            #expect(row.width == expected.width)
        }
        #expect(row.format == expected.format)
        #expect(row.isMaskable == expected.access.contains("m"))
        if !Self.writableBeyond.contains(row.name) {
            #expect(row.isWritable == expected.access.contains("w"))
        }
        #expect(row.prerequisite == expected.prerequisite)
        let names = row.wireNames.map { ($0.name, $0.number) }
        #expect(Dictionary(uniqueKeysWithValues: names) == expected.wire)
        for wire in row.wireNames {
            #expect(FieldTable.field(wire.wireClass, wire.number) == field)
            #expect(FieldTable.field(named: wire.name) == field)
        }
    }

    @Test func `every field of the table is documented, or known not to be`() {
        let documented = Set(DocumentedField.all.map(\.name))
        let rest = Set(FieldTable.all.map(\.name)).subtracting(documented)
        let further =
            (16..<32).map { "reg\($0)" } + (8..<16).map { "xreg\($0)" }
            + (4..<8).map { "xxreg\($0)" }
        #expect(rest == Self.undocumented.union(further))
    }
}
