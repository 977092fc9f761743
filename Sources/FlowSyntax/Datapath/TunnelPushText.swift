import Addresses
import FlowModel

/// Prints `tnl_push(...)`: the header's parts, as far as it reaches.
enum TunnelPushText {
    static func text(_ push: TunnelPush, _ names: DatapathPortNames) -> String {
        "tnl_push(tnl_port(\(names.text(of: push.tunnelPort))),header(size=\(push.header.count),"
            + "type=\(push.kind.rawValue),\(header(push))),"
            + "out_port(\(names.text(of: push.outputPort))))"
    }

    private static func header(_ push: TunnelPush) -> String {
        guard let transport = push.transport else { return "" }
        var parts = [ethernet(push), push.isIPv6 ? ipv6(push) : ipv4(push)]
        switch push.kind {
        case .vxlan, .geneve, .gtpu, .bareudp, .lisp:
            guard push.header.count >= transport + 8 else { break }
            parts.append(udp(push, transport))
            if let tunnel = overUDP(push, transport + 8) { parts.append(tunnel) }
        case .gre, .ip6gre: parts.append(gre(push, transport))
        case .erspan, .ip6erspan: parts.append(erspan(push, transport))
        case .srv6: if let segments = segments(push, transport) { parts.append(segments) }
        default: break
        }
        return parts.joined(separator: ",")
    }

    private static func number(_ push: TunnelPush, _ place: Int, _ byteCount: Int) -> UInt128 {
        guard push.header.count >= place + byteCount else { return 0 }
        return push.number(at: place, byteCount: byteCount)
    }

    /// As `%#x` of C prints.
    private static func hexadecimal(_ value: UInt128) -> String {
        value == 0 ? "0" : "0x" + String(value, radix: 16)
    }

    private static func prefixed(_ value: UInt128) -> String { "0x" + String(value, radix: 16) }

    private static func ethernet(_ push: TunnelPush) -> String {
        let destination = FieldText.ethernet(number(push, 0, 6))
        let source = FieldText.ethernet(number(push, 6, 6))
        let type = FieldText.hexadecimal(number(push, 12, 2), width: 4)
        return "eth(dst=\(destination),src=\(source),dl_type=\(type))"
    }

    private static func ipv4(_ push: TunnelPush) -> String {
        "ipv4(src=\(FieldText.ipv4(number(push, 26, 4))),"
            + "dst=\(FieldText.ipv4(number(push, 30, 4))),"
            + "proto=\(number(push, 23, 1)),tos=\(hexadecimal(number(push, 15, 1))),"
            + "ttl=\(number(push, 22, 1)),frag=\(prefixed(number(push, 20, 2))))"
    }

    private static func ipv6(_ push: TunnelPush) -> String {
        let first = number(push, 14, 4)
        return "ipv6(src=\(IPv6Address(number(push, 22, 16))),"
            + "dst=\(IPv6Address(number(push, 38, 16))),"
            + "label=\(first & 0xf_ffff),proto=\(number(push, 20, 1)),"
            + "tclass=\(prefixed(first >> 20 & 0xff)),hlimit=\(number(push, 21, 1)))"
    }

    private static func udp(_ push: TunnelPush, _ place: Int) -> String {
        "udp(src=\(number(push, place, 2)),dst=\(number(push, place + 2, 2)),"
            + "csum=\(prefixed(number(push, place + 6, 2))))"
    }

    private static func overUDP(_ push: TunnelPush, _ place: Int) -> String? {
        switch push.kind {
        case .vxlan:
            "vxlan(flags=\(prefixed(number(push, place, 4))),"
                + "vni=\(prefixed(number(push, place + 4, 3))))"
        case .geneve: geneve(push, place)
        case .gtpu:
            "gtpu(flags=\(prefixed(number(push, place, 1))),"
                + "msgtype=\(number(push, place + 1, 1)),"
                + "teid=\(prefixed(number(push, place + 4, 4))))"
        case .lisp:
            "lisp(flags=\(prefixed(number(push, place, 1))),"
                + "iid=\(prefixed(number(push, place + 4, 3))))"
        default: nil
        }
    }

    private static func geneve(_ push: TunnelPush, _ place: Int) -> String {
        let flags = number(push, place + 1, 1)
        var text = "geneve("
        if flags & 0x80 != 0 { text += "oam," }
        if flags & 0x40 != 0 { text += "crit," }
        text += "vni=" + prefixed(number(push, place + 4, 3))
        let options = Array(push.header.dropFirst(place + 8))
        if !options.isEmpty { text += ",options(" + GeneveText.text(options) + ")" }
        return text + ")"
    }

    private static func gre(_ push: TunnelPush, _ place: Int) -> String {
        let flags = number(push, place, 2)
        var text =
            "gre((flags=\(prefixed(flags)),proto=\(prefixed(number(push, place + 2, 2))))"
        var next = place + 4
        if flags & 0x8000 != 0 {
            text += ",csum=" + prefixed(number(push, next, 2))
            next += 4
        }
        if flags & 0x2000 != 0 {
            text += ",key=" + prefixed(number(push, next, 4))
            next += 4
        }
        if flags & 0x1000 != 0 { text += ",seq=" + prefixed(number(push, next, 4)) }
        return text + ")"
    }

    private static func erspan(_ push: TunnelPush, _ place: Int) -> String {
        let first = number(push, place + 8, 4)
        let session = prefixed(first & 0x3ff)
        switch first >> 28 {
        case 1:
            return "erspan(ver=1,sid=\(session),idx=\(prefixed(number(push, place + 12, 4))))"
        case 2:
            let last = number(push, place + 16, 4)
            return "erspan(ver=2,sid=\(session),dir=\(last >> 3 & 1),"
                + "hwid=\(prefixed(last >> 4 & 0x3f)))"
        default: return "erspan(ver=0)"
        }
    }

    private static func segments(_ push: TunnelPush, _ place: Int) -> String? {
        guard push.header.count > place else { return nil }
        let count = (push.header.count - place - 8) / 16
        let list = (0..<count).map {
            IPv6Address(number(push, place + 8 + 16 * $0, 16)).description
        }
        return "srv6(segments_left=\(number(push, place + 3, 1)),"
            + "segs(" + list.joined(separator: ",") + "))"
    }
}

/// Prints options of Geneve as datapath flows have them.
public enum GeneveText {
    /// - Parameter octets: options one behind the other.
    public static func text(_ octets: [UInt8]) -> String {
        var text = ""
        var place = 0
        while octets.count - place >= 4 {
            let optionClass = UInt128(octets[place]) << 8 | UInt128(octets[place + 1])
            let byteCount = min(Int(octets[place + 3] & 0x1f) * 4, octets.count - place - 4)
            let value = octets[place + 4..<place + 4 + byteCount]
            text += "{class=0x" + String(optionClass, radix: 16)
            text += ",type=0x" + String(octets[place + 2], radix: 16) + ",len=\(byteCount)"
            let digits = value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let significant = digits.drop { $0 == "0" }
            if byteCount > 0 { text += ",0x" + (significant.isEmpty ? "0" : significant) }
            text += "}"
            place += 4 + byteCount
        }
        return text
    }
}
