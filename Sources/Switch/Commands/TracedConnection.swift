import Addresses
import FlowModel
import FlowSyntax
import Pipeline

/// A packet on its way back from `ct`, in a trace.
struct TracedConnection {
    /// Of the packet as it comes again.
    private(set) var key: FlowKey
    /// What the trace says of it.
    private(set) var text: String

    private static var line: String { String(repeating: "=", count: 79) }

    /// - Parameter flags: what the tracker is said to find, or nothing for a new connection.
    init(_ recirculation: TracedRecirculation, flags: ConnectionFlags?) {
        key = recirculation.key
        key.recirculationID = recirculation.id
        key[.ctZone] = UInt128(recirculation.zone)
        key[.ctState] = UInt128(flags?.bits ?? ConnectionFlags.standard)
        let id = String(recirculation.id, radix: 16)
        text = "\n\(Self.line)\nrecirc(0x\(id)) - resume conntrack with "
        text +=
            flags.map { "ct_state=\($0.text)" }
            ?? "default ct_state=trk|new (use --ct-next to customize)"
        if let translation = recirculation.translation { translate(translation) }
        text += "\n\(Self.line)\n\n"
    }

    /// Pretends that the tracker takes the first address and port of a range.
    private mutating func translate(_ translation: AddressTranslation) {
        text += "\nReplacing src/dst IP/ports to simulate NAT:"
        text += "\n Initial flow: " + addresses(translation)
        let isSource = translation.kind == .source
        switch translation.addresses {
        case .ipv4(let first, _):
            key[isSource ? .ipv4Source : .ipv4Destination] = UInt128(first)
        case .ipv6(let first, _): key[isSource ? .ipv6Source : .ipv6Destination] = first
        case nil: break
        }
        if let port = translation.ports?.first, port != 0 {
            key[isSource ? .tcpSource : .tcpDestination] = UInt128(port)
        }
        text += "\n Modified flow: " + addresses(translation)
    }

    private func addresses(_ translation: AddressTranslation) -> String {
        let (source, destination): (String, String)
        switch translation.addresses {
        case .ipv4:
            source = "nw_src=\(IPv4Address(key.ipv4Source))"
            destination = "nw_dst=\(IPv4Address(key.ipv4Destination))"
        case .ipv6:
            source = "ipv6_src=[\(IPv6Address(key[.ipv6Source]))]"
            destination = "ipv6_dst=[\(IPv6Address(key[.ipv6Destination]))]"
        case nil: return ""
        }
        return "\(source),tp_src=\(key.transportSource),"
            + "\(destination),tp_dst=\(key.transportDestination)"
    }
}
