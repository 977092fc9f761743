internal import FlowModel

/// The texts of `encap(...)`, `decap(...)`, `sample(...)`, `check_pkt_larger(...)` and
/// `delete_field`.
extension FlowParser {
    func encapsulation(
        _ text: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action {
        scope.formats.formIntersection([.openFlow13, .openFlow14, .openFlow15])
        var scanner = KeyValueScanner(text)
        guard let header = try scanner.next() else {
            throw SyntaxError("Missing encap hdr: \(text.string)")
        }
        guard
            let kind = EncapsulationText.headers.first(where: { header.key.isEqual(to: $0.name) })
        else { throw SyntaxError("Encap hdr not supported: \(header.value.string)") }
        var encapsulation = Encapsulation(packetType: kind.packetType)
        var properties = KeyValueScanner(header.value)
        while let pair = try properties.next() {
            let isNSH = kind.packetType == PacketType.nsh
            if isNSH, pair.key.isEqual(to: "md_type") {
                guard let type = pair.value.number(UInt8.self), type == 1 || type == 2 else {
                    throw SyntaxError("invalid md_type")
                }
                encapsulation.properties.append(.nshMetadataType(type))
            } else if isNSH, pair.key.isEqual(to: "tlv") {
                encapsulation.properties.append(try Self.nshMetadata(pair.value))
            } else {
                throw SyntaxError("Invalid property: \(pair.key.string)")
            }
        }
        return .encap(encapsulation)
    }

    /// `0x1000,10,0x12345678`: class, type and value.
    private static func nshMetadata(
        _ text: TextPiece
    ) throws(SyntaxError) -> Encapsulation.Property {
        let parts = text.split(separator: 0x2c, omittingEmptySubsequences: false)
        let isWhole = parts.count == 3 && parts[0].starts(with: "0x".utf8)
        guard isWhole, let metadataClass = parts[0].number(UInt16.self),
            parts[1].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let type = Int(parts[1].string), parts[2].starts(with: "0x".utf8),
            parts[2].count > 2
        else { throw SyntaxError("Invalid NSH TLV header: \(text.string)") }
        var value: [UInt8] = []
        var digits = parts[2].dropFirst(2)
        while let high = digits.popFirst()?.hexadecimalDigit,
            let low = digits.popFirst()?.hexadecimalDigit
        { value.append(high << 4 | low) }
        guard value.count <= EncapsulationText.maxMetadataByteCount else {
            throw SyntaxError("Invalid NSH TLV header: \(text.string)")
        }
        return .nshMetadata(
            metadataClass: metadataClass, type: UInt8(truncatingIfNeeded: type), value: value)
    }

    func decapsulation(_ text: TextPiece) throws(SyntaxError) -> Action {
        var scanner = KeyValueScanner(text)
        var packetType = PacketType.useNextProtocol
        while let pair = try scanner.next() {
            guard pair.key.isEqual(to: "packet_type") else {
                throw SyntaxError("Invalid decap argument: \(pair.key.string)")
            }
            var parts = KeyValueScanner(pair.value)
            guard let space = try parts.next(), space.key.isEqual(to: "ns") else {
                throw SyntaxError("Missing packet_type attribute ns")
            }
            let number = try unsigned(space.value, "ns")
            if number == .max { throw SyntaxError("Unsupported ns value: \(number)") }
            guard let type = try parts.next(), type.key.isEqual(to: "type") else {
                throw SyntaxError("Missing packet_type attribute type")
            }
            packetType = UInt32(number) << 16 | UInt32(try unsigned(type.value, "type"))
        }
        return .decap(packetType: packetType)
    }

    mutating func sampling(_ text: TextPiece) throws(SyntaxError) -> Action {
        var sampling = Sampling(probability: 0)
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let value = pair.value
            switch pair.key.string {
            case "probability":
                sampling.probability = try unsigned(value, "probability")
                if sampling.probability == 0 {
                    throw SyntaxError("invalid probability value \"\(value.string)\"")
                }
            case "collector_set_id": sampling.collectorSet = try number32(value)
            case "obs_domain_id": sampling.observationDomain = try number32(value)
            case "obs_point_id": sampling.observationPoint = try number32(value)
            case "sampling_port":
                guard let port = port(value) else {
                    throw SyntaxError("\(value.string): unknown port")
                }
                sampling.port = port
            case "ingress": sampling.direction = .ingress
            case "egress": sampling.direction = .egress
            default:
                throw SyntaxError("invalid key \"\(pair.key.string)\" in \"sample\" argument")
            }
        }
        if sampling.probability == 0 {
            throw SyntaxError("non-zero \"probability\" must be specified on sample")
        }
        return .sample(sampling)
    }

    /// `check_pkt_larger(1500)->reg0[0]`, or with a colon.
    func packetCheck(_ pair: KeyValueScanner.Pair) throws(SyntaxError) -> Action {
        var lengthText = pair.value
        var rest: TextPiece?
        if let arrow = pair.value.arrow {
            lengthText = pair.value[pair.value.startIndex..<arrow]
            rest = pair.value[(arrow + 2)...]
        } else if pair.tail.arrow == pair.tail.startIndex, !pair.tail.isEmpty {
            rest = pair.tail.dropFirst(2)
        }
        guard let rest else {
            throw SyntaxError("\(pair.value.string): missing `->'")
        }
        // OVS has no name for the number either.
        let length = try unsigned(lengthText, "(null)")
        let destination = try SubfieldText.parse(rest)
        if destination.width != 1 {
            throw SyntaxError("Only 1-bit destination field is allowed")
        }
        return .checkPacketLarger(length, destination)
    }

    func deletion(_ text: TextPiece) throws(SyntaxError) -> Action {
        let name = text.string
        if let index = EncapsulationText.tunnelMetadataIndex(name) {
            return .deleteTunnelMetadata(index)
        }
        guard let field = FieldTable.field(named: name), field.name == name else {
            throw SyntaxError("unknown field `\(name)'")
        }
        throw SyntaxError("actions are invalid with specified match (OFPBAC_BAD_ARGUMENT)")
    }
}

/// Prints headers that are put before packets, and samples.
enum EncapsulationText {
    static let headers: [(name: String, packetType: UInt32)] = [
        ("ethernet", PacketType.ethernet), ("nsh", PacketType.nsh), ("mpls", PacketType.mpls),
        ("mpls_mc", PacketType.mplsMulticast),
    ]

    /// A property's length has 8 bits and counts 8 octets before the value and zeros behind it.
    static var maxMetadataByteCount: Int { 240 }

    /// The number in `tun_metadataN`, from 0 to 63.
    static func tunnelMetadataIndex(_ name: String) -> UInt8? {
        let prefix = "tun_metadata"
        guard name.hasPrefix(prefix), let index = UInt8(name.dropFirst(prefix.count)),
            index < 64, String(index) == name.dropFirst(prefix.count)
        else { return nil }
        return index
    }

    static func text(_ encapsulation: Encapsulation) -> String {
        let header =
            headers.first { $0.packetType == encapsulation.packetType }?.name
            ?? FieldText.hexadecimal(UInt128(encapsulation.packetType))
        let properties = encapsulation.properties.map { property in
            switch property {
            case .nshMetadataType(let type): "md_type=\(type)"
            case .nshMetadata(let metadataClass, let type, let value):
                "tlv(" + FieldText.hexadecimal(metadataClass, width: 4) + ",\(type),0x"
                    + FieldText.octets(value, separator: "") + ")"
            }
        }
        let inner = properties.isEmpty ? "" : "(" + properties.joined(separator: ",") + ")"
        return "encap(" + header + inner + ")"
    }

    static func text(decap packetType: UInt32) -> String {
        if packetType == PacketType.useNextProtocol { return "decap()" }
        let (space, type) = (packetType >> 16, packetType & 0xffff)
        let text = type == 0 ? "0" : FieldText.hexadecimal(UInt128(type))
        return "decap(packet_type(ns=\(space),type=" + text + "))"
    }

    static func text(_ sampling: Sampling, names: FlowNames) -> String {
        var text =
            "sample(probability=\(sampling.probability),"
            + "collector_set_id=\(sampling.collectorSet),"
            + "obs_domain_id=\(sampling.observationDomain),"
            + "obs_point_id=\(sampling.observationPoint)"
        if sampling.port != .none { text += ",sampling_port=" + names.text(of: sampling.port) }
        switch sampling.direction {
        case .unspecified: break
        case .ingress: text += ",ingress"
        case .egress: text += ",egress"
        }
        return text + ")"
    }
}
