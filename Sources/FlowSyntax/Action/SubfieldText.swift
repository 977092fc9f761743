public import FlowModel

/// The text of some bits of a field: `NXM_NX_REG0[0..15]`, `reg0[5]`, `reg0`.
public enum SubfieldText {
    /// What the bits hold: a whole field as it prints in flows, a part of one in hexadecimal.
    public static func valueText(_ subfield: Subfield, _ value: UInt128) -> String {
        let row = subfield.field.descriptor
        guard subfield.width == row.location.width else { return FieldText.hexadecimal(value) }
        return FieldText.text(row, value, mask: row.location.ones, names: FlowNames())
    }

    /// The bits that a text names; nil where it names none.
    public static func subfield(_ text: String) -> Subfield? { try? parse(TextPiece(text)) }

    /// - Parameter whole: what errors show, if it is more than the subfield.
    static func parse(
        _ text: TextPiece, of whole: TextPiece? = nil
    ) throws(SyntaxError) -> Subfield {
        let shown = whole ?? text
        let (nameText, rest) = text.split(at: 0x5b)
        let name = nameText.string
        guard let field = FieldTable.field(named: name) else {
            throw SyntaxError("\(shown.string): unknown field `\(name)'")
        }
        guard let rest else { return Subfield(field) }
        guard rest.last == 0x5d else {
            throw SyntaxError(
                "\(shown.string): syntax error expecting [] or [<bit>] or [<start>..<end>]")
        }
        let bits = rest.dropLast()
        if bits.isEmpty { return Subfield(field) }
        let (first, last) = try range(bits, of: shown, field)
        return Subfield(field: field, offset: first, width: last - first + 1)
    }

    private static func range(
        _ bits: TextPiece, of text: TextPiece, _ field: Field
    ) throws(SyntaxError) -> (Int, Int) {
        let (firstText, rest) = bits.split(at: 0x2e)
        let lastText = rest.map { $0.first == 0x2e ? $0.dropFirst() : $0 } ?? firstText
        guard let first = firstText.number(UInt16.self), let last = lastText.number(UInt16.self)
        else {
            throw SyntaxError(
                "\(text.string): syntax error expecting [] or [<bit>] or [<start>..<end>]")
        }
        if first > last {
            throw SyntaxError(
                "\(text.string): starting bit \(first) is after ending bit \(last)")
        }
        if Int(first) >= field.width {
            throw SyntaxError(
                "\(text.string): starting bit \(first) is not valid because field is only "
                    + "\(field.width) bits wide")
        }
        if Int(last) >= field.width {
            throw SyntaxError(
                "\(text.string): ending bit \(last) is not valid because field is only "
                    + "\(field.width) bits wide")
        }
        return (Int(first), Int(last))
    }

    public static func text(_ subfield: Subfield) -> String {
        let row = subfield.field.descriptor
        let name = row.wireNames.first?.name ?? row.name
        if subfield.offset == 0 && subfield.width == row.width { return name + "[]" }
        if subfield.width == 1 { return "\(name)[\(subfield.offset)]" }
        return "\(name)[\(subfield.offset)..\(subfield.offset + subfield.width - 1)]"
    }
}
