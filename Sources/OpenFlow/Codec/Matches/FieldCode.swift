import Bytes
import FlowModel

/// How a field travels as a type-length-value (OpenFlow 1.3.5 §7.2.3.2).
///
/// ```
///  0                16      23 24      32
/// +----------------+--------+-+--------+
/// | class          | field  |M| length |
/// +----------------+--------+-+--------+
/// ```
///
/// Classes of experimenters have the experimenter's identifier behind the header, counted in the
/// length. The rows are made of the field table once and hold no references, for they are read
/// for each field of each flow.
struct FieldCode: Sendable {
    /// The header without the mask bit, for a value alone.
    let header: UInt32
    let experimenter: UInt32

    /// Whether there is an identifier behind the header.
    var isExperimenter: Bool { header >> 16 == 0xffff }

    init(_ wire: WireName, byteCount: Int) {
        experimenter = wire.wireClass.experimenter ?? 0
        let length = UInt32(byteCount) + (experimenter == 0 ? 0 : 4)
        header = UInt32(wire.wireClass.number) << 16 | UInt32(wire.number) << 9 | length
    }

    /// The same field with a value of another length, as those of tunnels' options have.
    func resized(to byteCount: Int) -> FieldCode {
        FieldCode(header: header & ~0xff | UInt32(byteCount), experimenter: experimenter)
    }

    private init(header: UInt32, experimenter: UInt32) {
        self.header = header
        self.experimenter = experimenter
    }

    /// The header where a value and a mask follow.
    var maskedHeader: UInt32 {
        let length = header & 0xff
        let values = isExperimenter ? length - 4 : length
        return header & ~0xff | 1 << 8 | length + values
    }
}

/// What the codec needs of a field's row, without references.
struct FieldCoding: Sendable {
    let field: Field
    let byteCount: Int
    let location: FieldLocation
    let isMaskable: Bool
    let prerequisite: Prerequisite
    /// For OpenFlow 1.0 with Nicira's extensions.
    let nxm: FieldCode?
    /// For OpenFlow 1.2, which lacks what 1.3 numbered; Nicira's numbers serve there.
    let oxm12: FieldCode?
    /// For OpenFlow 1.3 and 1.4.
    let oxm13: FieldCode?
    /// For OpenFlow 1.5, which numbered what ONF had numbered before.
    let oxm15: FieldCode?

    init(_ row: FieldDescriptor) {
        field = row.field
        byteCount = row.byteCount
        location = row.location
        isMaskable = row.isMaskable
        prerequisite = row.prerequisite
        let codes = row.wireNames.map { ($0, FieldCode($0, byteCount: row.byteCount)) }
        nxm = codes.first?.1
        let basic = codes.first { $0.0.wireClass == .openFlowBasic }
        let onf = codes.first { $0.0.wireClass == .onf }?.1
        oxm15 = basic?.1 ?? onf ?? codes.first?.1
        oxm13 = onf ?? basic?.1 ?? codes.first?.1
        let isOld = basic.map { $0.0.number < Self.firstNumber13 } ?? false
        oxm12 = isOld ? basic?.1 : codes.first?.1
    }

    /// OFPXMT_OFB_MPLS_BOS, the first that OpenFlow 1.3 added.
    private static var firstNumber13: UInt8 { 36 }

    /// How the field is named in OpenFlow 1.2 or later.
    func oxm(_ version: OpenFlowVersion) -> FieldCode? {
        version >= .v15 ? oxm15 : version >= .v13 ? oxm13 : oxm12
    }

    /// Whether values have as many octets as they need.
    var isVariable: Bool { field.tunnelOption != nil }

    /// As many octets, in whole words, as hold `value`.
    static func variableByteCount(_ value: UInt128) -> Int {
        let bitCount = UInt128.bitWidth - value.leadingZeroBitCount
        return max(1, (bitCount + 31) / 32) * 4
    }

    /// Appends a field with its value, and its mask if that is given.
    func append(
        _ code: FieldCode, _ value: UInt128, mask: UInt128?, into writer: inout OctetWriter
    ) {
        var code = code
        var byteCount = byteCount
        if isVariable {
            byteCount = mask == 0 ? 0 : Self.variableByteCount(value | (mask ?? 0))
            code = code.resized(to: byteCount)
        }
        writer.append(mask == nil ? code.header : code.maskedHeader)
        if code.isExperimenter { writer.append(code.experimenter) }
        writer.append(value, byteCount: byteCount)
        if let mask { writer.append(mask, byteCount: byteCount) }
    }

    /// Whether a value of so many octets can be the field's.
    func canHave(byteCount: Int) -> Bool { isVariable || byteCount == self.byteCount }

    /// By the field's number.
    static let all: [FieldCoding] = Field.allCases.map { FieldCoding($0.descriptor) }

    static func of(_ field: Field) -> FieldCoding { all[Int(field.rawValue)] }
}

/// The header of a type-length-value as it was read.
struct FieldHeader: Hashable, Sendable {
    /// Class and number, and 0 in the mask bit and the length.
    let type: UInt32
    let experimenter: UInt32
    let hasMask: Bool
    /// Octets behind the header and the identifier.
    let payloadByteCount: Int

    /// NXM_NX_COOKIE, which shares its number with NXM_NX_MPLS_TTL and differs in length.
    static var cookieType: UInt32 { 0x0001_3c00 }
    static var cookieHeader: UInt32 { 0x0001_3c08 }
    static var maskedCookieHeader: UInt32 { 0x0001_3d10 }

    /// Reads a header, and the experimenter's identifier if the class has one.
    init(_ reader: inout MessageReader, lengthError: OpenFlowError) throws(OpenFlowError) {
        let header = try reader.uint32()
        type = header & 0xffff_fe00
        hasMask = header & 0x100 != 0
        let length = Int(header & 0xff)
        if header >> 16 == 0xffff {
            experimenter = try reader.uint32()
            guard length >= 4 else { throw lengthError }
            payloadByteCount = length - 4
        } else {
            experimenter = 0
            payloadByteCount = length
        }
    }

    /// Octets of the value alone.
    var valueByteCount: Int { hasMask ? payloadByteCount / 2 : payloadByteCount }

    var isCookie: Bool { type == Self.cookieType && valueByteCount == 8 }

    /// The field that the header names.
    var field: Field? {
        if experimenter == 0 {
            let index = Self.standardIndex(type)
            return index.flatMap { Self.standardFields[$0] }
        }
        return Self.experimenterFields[Key(type: type, experimenter: experimenter)]
    }

    private struct Key: Hashable {
        let type: UInt32
        let experimenter: UInt32
    }

    /// Five classes of 128 numbers.
    private static func standardIndex(_ type: UInt32) -> Int? {
        let number = Int(type >> 9 & 0x7f)
        switch type >> 16 {
        case 0x0000: return number
        case 0x0001: return 128 + number
        case 0x8000: return 256 + number
        case 0x8001: return 384 + number
        case 0x1000: return 512 + number
        default: return nil
        }
    }

    private static let standardFields: [Field?] = {
        var fields: [Field?] = Array(repeating: nil, count: 640)
        for row in FieldTable.all {
            for wire in row.wireNames where wire.wireClass.experimenter == nil {
                let code = FieldCode(wire, byteCount: row.byteCount)
                if let index = standardIndex(code.header & 0xffff_fe00) {
                    fields[index] = row.field
                }
            }
        }
        return fields
    }()

    private static let experimenterFields: [Key: Field] = {
        var fields: [Key: Field] = [:]
        for row in FieldTable.all {
            for wire in row.wireNames where wire.wireClass.experimenter != nil {
                let code = FieldCode(wire, byteCount: row.byteCount)
                fields[Key(type: code.header & 0xffff_fe00, experimenter: code.experimenter)] =
                    row.field
            }
        }
        return fields
    }()
}
