import Bytes
import FlowModel

// Nicira's actions that choose one of several links by a hash, behind the subtype:
//
// ```
//  0           16        32       48             80       96     112             144
// +-----------+---------+--------+--------------+--------+------+---------------+-----+-------+
// | algorithm | fields  | basis  | kind of port | count  | bits | field's header| 0   | ports…|
// +-----------+---------+--------+--------------+--------+------+---------------+-----+-------+
// +-----------+---------+--------+-----------+-----------+-------+------+-------+
// | fields    | basis   | 0      | algorithm | last link | arg.  | 0    | bits  | header
// +-----------+---------+--------+-----------+-----------+-------+------+-------+
// ```

extension ActionDecoder {
    /// What the members of a bundle are: numbers of ports, by the header of the field.
    static var portHeader: UInt32 { 0x0000_0002 }

    /// Reads `bundle`, or `bundle_load`, which has a destination.
    func decodeBundle(
        _ body: inout MessageReader, hasDestination: Bool
    ) throws(OpenFlowError) -> PortSelection {
        let algorithm = PortSelection.Algorithm(rawValue: try body.uint16())
        let fields = HashFields(rawValue: try body.uint16())
        let basis = try body.uint16()
        let kind = try body.uint32()
        let count = Int(try body.uint16())
        guard let algorithm, let fields, kind == Self.portHeader else {
            throw .actionBadArgument
        }
        var bundle = PortSelection(fields: fields, basis: basis, algorithm: algorithm, members: [])
        if hasDestination {
            let destination = try decodeDestination(&body)
            guard destination.width >= PortSelection.minDestinationWidth else {
                throw .actionBadArgument
            }
            bundle.destination = destination
        } else {
            try body.zeros(6, else: .actionBadArgument)
        }
        try body.zeros(4, else: .actionBadArgument)
        guard count * 2 <= body.remaining else { throw .actionBadLength }
        for _ in 0..<count {
            bundle.members.append(PortNumber(try body.uint16()))
        }
        // What fills the action up to a multiple of 8 is not looked at.
        try body.skip(body.remaining)
        return bundle
    }

    func decodeMultipath(_ body: inout MessageReader) throws(OpenFlowError) -> Multipath {
        let fields = HashFields(rawValue: try body.uint16())
        let basis = try body.uint16()
        try body.skip(2)
        let algorithm = Multipath.Algorithm(rawValue: try body.uint16())
        let lastLink = try body.uint16()
        let argument = try body.uint32()
        try body.skip(2)
        guard let fields, let algorithm else { throw .actionBadArgument }
        var multipath = Multipath(
            fields: fields, basis: basis, algorithm: algorithm, lastLink: lastLink,
            destination: try decodeDestination(&body))
        multipath.argument = argument
        guard multipath.fits else { throw .actionBadArgument }
        return multipath
    }

    /// Reads the bits of a field that is written, as offset, width and header.
    private func decodeDestination(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> Subfield {
        let packed = try body.uint16()
        let field = try fieldName(&body, else: .matchBadField)
        let destination = try subfield(
            field, offset: Int(packed >> 6), width: Int(packed & 0x3f) + 1)
        guard field.descriptor.isWritable else { throw .actionBadSetArgument }
        return destination
    }
}

extension PortSelection {
    func encode(into writer: inout OctetWriter) {
        writer.append(algorithm.rawValue)
        writer.append(fields.rawValue)
        writer.append(basis)
        writer.append(ActionDecoder.portHeader)
        writer.append(UInt16(members.count))
        if let destination {
            writer.append(destination.packed)
            writer.append(headerOf: destination.field)
        } else {
            writer.appendZeros(6)
        }
        writer.appendZeros(4)
        for member in members { writer.append(member.value) }
    }
}

extension Multipath {
    func encode(into writer: inout OctetWriter) {
        writer.append(fields.rawValue)
        writer.append(basis)
        writer.appendZeros(2)
        writer.append(algorithm.rawValue)
        writer.append(lastLink)
        writer.append(argument)
        writer.appendZeros(2)
        writer.append(destination.packed)
        writer.append(headerOf: destination.field)
    }
}

extension Subfield {
    /// Offset and width less one, in 10 and 6 bits.
    ///
    /// Of what is wider than 64 bits the excess spills into the offset, as in OVS.
    var packed: UInt16 {
        // The operation of ARP has 16 bits on the wire, though keys hold 8.
        let isOperation = self == Subfield(.arpOperation)
        return UInt16(offset << 6 | ((isOperation ? 16 : width) - 1))
    }
}
