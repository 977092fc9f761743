/// Headers that are put before packets and taken off, and what is told of packets.
extension RandomPipeline {
    /// A part of a match on the network service header (RFC 8300).
    mutating func serviceMatch() -> [String] {
        var parts: [String] = []
        if isOne(of: 3) { parts.append("nsh_mdtype=\(number(below: 2) + 1)") }
        if isOne(of: 3) { parts.append("nsh_np=\(pick(["1", "3"]))") }
        if isOne(of: 3) { parts.append("nsh_spi=\(number(below: 2) + 5)") }
        if isOne(of: 4) { parts.append("nsh_si=\(number(below: 2) + 254)") }
        if isOne(of: 6) { parts.append("nsh_ttl=63") }
        return parts
    }

    /// The network service header of a packet.
    mutating func serviceHeader() -> [String] {
        [
            "nsh_flags=0", "nsh_ttl=\(pick(["1", "63"]))", "nsh_mdtype=1",
            "nsh_np=\(pick(["1", "3"]))", "nsh_spi=\(number(below: 2) + 5)",
            "nsh_si=\(number(below: 2) + 254)", "nsh_c1=\(number(below: 3))",
        ]
    }

    /// A header before the packet, or the first one off.
    mutating func encapsulation(_ kind: Kind) -> String {
        let service = pick(["nsh(md_type=1)", "nsh(md_type=2,tlv(0x1000,10,0x12345678))"])
        var list = ["encap(\(service))"]
        if isOne(of: 2) { list.append("set_field:\(number(below: 2) + 5)->nsh_spi") }
        if isOne(of: 3) { list.append("set_field:\(number(below: 3) + 253)->nsh_si") }
        if isOne(of: 4) && service.contains("=1") { list.append("set_field:7->nsh_c2") }
        if isOne(of: 4) { list.append("dec_nsh_ttl") }
        if isOne(of: 3) { list.append("output:\(output())") }
        switch number(below: 4) {
        case 0: return list.joined(separator: ",")
        case 1:
            list += ["encap(ethernet)", "set_field:\(mac())->eth_dst", "output:\(output())"]
            if isOne(of: 2) { list += ["decap", "decap"] }
            return list.joined(separator: ",")
        case 2 where kind == .nsh:
            return pick(["dec_nsh_ttl", "decap", "decap,decap", "set_field:6->nsh_spi"])
        default:
            return pick([
                "decap", "decap,output:\(output())", "decap,encap(ethernet)", "encap(ethernet)",
                "decap,encap(ethernet),set_field:\(mac())->eth_src,output:\(output())",
                "encap(ethernet),decap,output:\(output())",
            ])
        }
    }

    /// Tells collectors of some packets.
    mutating func sample() -> String {
        var parts = [
            "probability=\(pick(["1", "1000", "65535"]))",
            "collector_set_id=\(number(below: 2) + 1)",
        ]
        if isOne(of: 2) { parts.append("obs_domain_id=\(number(below: 3))") }
        if isOne(of: 2) { parts.append("obs_point_id=\(number(below: 3))") }
        if isOne(of: 3) { parts.append("sampling_port=\(number(below: 4) + 1)") }
        if isOne(of: 3) { parts.append(pick(["ingress", "egress"])) }
        return "sample(\(parts.joined(separator: ",")))"
    }

    /// A link that is chosen among others, and used at once or later.
    mutating func linkToField(_ kind: Kind) -> String {
        let fields = pick(["eth_src", "symmetric_l4", "nw_src", "symmetric_l3"])
        let algorithm = pick(["hrw", "active_backup"])
        let register = "NXM_NX_REG\(number(below: 3))[0..15]"
        let members = pick(["", "1", "2,3", "4,77", "1,2,3,4"])
        let choice =
            "bundle_load(\(fields),\(number(below: 3)),\(algorithm),ofport,"
            + "\(register),members:\(members))"
        return isOne(of: 2) ? choice + ",output:\(register)" : choice
    }
}
