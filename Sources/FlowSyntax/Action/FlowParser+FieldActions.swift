internal import FlowModel

/// Actions that change headers and fields.
extension FlowParser {
    private func octet(_ text: TextPiece, _ name: String) throws(SyntaxError) -> UInt8 {
        guard let value = text.number(UInt8.self) else {
            throw SyntaxError("invalid \(name) \"\(text.string)\"")
        }
        return value
    }

    private func ethernet(_ text: TextPiece) throws(SyntaxError) -> UInt64 {
        guard let address = text.ethernetAddress else {
            throw SyntaxError("invalid mac address \(text.string)")
        }
        return address
    }

    private mutating func ipv4(_ text: TextPiece) throws(SyntaxError) -> UInt32 {
        guard let address = text.ipv4Address else {
            note("socket_util", .error, "\"\(text.string)\" is not a valid IP address")
            throw SyntaxError("\(text.string): could not convert to IP address")
        }
        return address
    }

    private func bounded(
        _ value: UInt16, _ limit: UInt16, _ text: TextPiece, _ name: String
    ) throws(SyntaxError) -> UInt16 {
        if value > limit { throw SyntaxError("\(text.string): not a valid \(name)") }
        return value
    }

    /// The setters of OpenFlow 1.0 and 1.1, tags and TTLs.
    mutating func headerAction(
        _ name: String, _ value: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action? {
        switch name {
        case "mod_vlan_vid", "set_vlan_vid":
            return .setVLANID(
                try bounded(try unsigned(value, "VLAN VID"), 4095, value, "VLAN VID"))
        case "mod_vlan_pcp", "set_vlan_pcp":
            let priority = try bounded(UInt16(try octet(value, "VLAN PCP")), 7, value, "VLAN PCP")
            return .setVLANPriority(UInt8(priority))
        case "mod_dl_src": return .setEthernetSource(try ethernet(value))
        case "mod_dl_dst": return .setEthernetDestination(try ethernet(value))
        case "mod_nw_src": return .setIPv4Source(try ipv4(value))
        case "mod_nw_dst": return .setIPv4Destination(try ipv4(value))
        case "mod_nw_tos":
            let tos = try octet(value, "TOS")
            if tos & 3 != 0 { throw SyntaxError("\(tos): not a valid TOS") }
            return .setIPDSCP(tos >> 2)
        case "mod_nw_ecn":
            let ecn = try octet(value, "ECN")
            if ecn > 3 { throw SyntaxError("\(ecn): not a valid ECN") }
            return .setIPECN(ecn)
        case "mod_nw_ttl": return .setIPTTL(try octet(value, "TTL"))
        case "mod_tp_src": return .setTransportSource(try unsigned(value, "source port"))
        case "mod_tp_dst": return .setTransportDestination(try unsigned(value, "destination port"))
        case "dec_ttl": return .decrementTTL(controllers: ttlControllers(value))
        default: return try tagAction(name, value, scope: &scope)
        }
    }

    /// The controllers of `dec_ttl(1,2)`; without any, controller 0.
    private func ttlControllers(_ text: TextPiece) -> [UInt16] {
        let parts = text.split(whereSeparator: Separator.isBetweenFields)
        return parts.isEmpty ? [0] : parts.map { $0.number(UInt16.self) ?? 0 }
    }

    private func tagAction(
        _ name: String, _ value: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action? {
        switch name {
        case "strip_vlan": return .popVLAN(isStrip: true)
        case "pop_vlan": return .popVLAN(isStrip: false)
        case "push_vlan":
            let type = try unsigned(value, "ethertype")
            if !EtherType.isVLAN(type) {
                throw SyntaxError("\(value.string): not a valid VLAN ethertype")
            }
            scope.formats.formIntersection(.modern)
            return .pushVLAN(type)
        case "push_mpls": return .pushMPLS(try unsigned(value, "push_mpls"))
        case "pop_mpls": return .popMPLS(try unsigned(value, "pop_mpls"))
        case "set_mpls_label": return .setMPLSLabel(try number32(value) & 0xfffff)
        case "set_mpls_tc": return .setMPLSTC(try octet(value, "TC"))
        case "set_mpls_ttl": return .setMPLSTTL(try octet(value, "TTL"))
        case "dec_mpls_ttl": return .decrementMPLSTTL
        case "copy_ttl_in", "copy_ttl_out":
            scope.formats.formIntersection(.modern)
            return name == "copy_ttl_in" ? .copyTTLIn : .copyTTLOut
        case "push_pbb", "pop_pbb":
            scope.formats.formIntersection([.openFlow13, .openFlow14, .openFlow15])
            return name == "push_pbb" ? .pushPBB(try pbbType(value)) : .popPBB
        default: return nil
        }
    }

    /// The only EtherType that the tag of PBB has.
    private func pbbType(_ text: TextPiece) throws(SyntaxError) -> UInt16 {
        let type = try unsigned(text, "ethertype")
        if type != EtherType.pbb {
            throw SyntaxError("\(text.string): not a valid PBB ethertype")
        }
        return type
    }

    /// Actions on fields of any kind, queues and tunnels.
    mutating func fieldAction(
        _ name: String, _ value: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action? {
        switch name {
        case "set_field": return try setField(value, scope: &scope)
        case "load": return try load(value)
        // OpenFlow 1.5's name for it is `copy_field`.
        case "move", "copy_field": return try move(value)
        case "push": return .push(try wholeSubfield(value))
        case "pop": return .pop(try wholeSubfield(value))
        case "set_tunnel", "set_tunnel64":
            let id = try number64(value)
            let isWide = name == "set_tunnel64" || id > UInt64(UInt32.max)
            return .setTunnel(id, isWide: isWide)
        case "set_queue": return .setQueue(try number32(value))
        case "pop_queue": return .popQueue
        default: return nil
        }
    }

    private func wholeSubfield(_ text: TextPiece) throws(SyntaxError) -> Subfield {
        if let end = text.lastIndex(of: 0x5d), end + 1 < text.endIndex {
            let rest = text[(end + 1)...].string
            throw SyntaxError("\(rest): trailing garbage following push or pop")
        }
        return try SubfieldText.parse(text)
    }

    private mutating func setField(
        _ text: TextPiece, scope: inout ActionScope
    ) throws(SyntaxError) -> Action {
        guard let arrow = text.arrow else { throw SyntaxError("\(text.string): missing `->'") }
        let valueText = text[text.startIndex..<arrow]
        let name = text[(arrow + 2)...].string
        guard let field = FieldTable.field(named: name) else {
            throw SyntaxError("\(name) is not a valid OXM field name")
        }
        let row = field.descriptor
        guard row.isWritable else { throw SyntaxError("\(row.name) is read-only") }
        let parsed = try FieldValueParser(row: row, names: names).parse(valueText)
        let reach = row.field == .ipTOS ? 0xfc : row.location.ones
        let isRoomy = row.field == .tunnelFlags || row.field == .vlanVID || row.field == .vlanID
        if !isRoomy && parsed.value & ~reach != 0 {
            throw SyntaxError("\(valueText.string) is not a valid value for field \(row.name)")
        }
        scope.formats.formIntersection(Self.setFieldFormats(field))
        return .setField(field, value: parsed.value, mask: parsed.mask & row.location.ones)
    }

    private static func setFieldFormats(_ field: Field) -> FlowFormats {
        switch field {
        case .ethernetSource, .ethernetDestination, .vlanTCI, .vlanID, .vlanVID, .vlanPriority,
            .vlanPCP, .ipv4Source, .ipv4Destination, .ipDSCP, .ipTOS, .tcpSource,
            .tcpDestination, .udpSource, .udpDestination, .inPort:
            return .all
        default: return .extensible
        }
    }

    private func load(_ text: TextPiece) throws(SyntaxError) -> Action {
        guard let arrow = text.arrow else { throw SyntaxError("\(text.string): missing `->'") }
        let destination: Subfield
        do {
            destination = try SubfieldText.parse(text[(arrow + 2)...])
        } catch { throw error }
        guard let value = text[text.startIndex..<arrow].number else {
            throw SyntaxError("\(text.string): cannot parse integer value")
        }
        let isTooWide =
            destination.width < 128 && value >> UInt128(destination.width) != 0
        if isTooWide || value > UInt128(UInt64.max) {
            let number = FieldText.hexadecimal(value)
            throw SyntaxError(
                "\(text.string): value \(number) does not fit into \(destination.width) bits")
        }
        return .load(UInt64(value), destination)
    }

    private func move(_ text: TextPiece) throws(SyntaxError) -> Action {
        guard let arrow = text.arrow else {
            throw SyntaxError("\(text.string): missing `->' following source")
        }
        let source = try SubfieldText.parse(text[text.startIndex..<arrow], of: text)
        let destination = try SubfieldText.parse(text[(arrow + 2)...])
        guard source.width == destination.width else {
            throw SyntaxError(
                "\(text.string): source field is \(source.width) bits wide but destination is "
                    + "\(destination.width) bits wide")
        }
        return .move(from: source, to: destination)
    }
}
