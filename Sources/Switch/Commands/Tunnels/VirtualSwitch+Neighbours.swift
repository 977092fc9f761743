import Addresses
import FlowModel
import FlowSyntax
public import Pipeline
import Tunnels

/// `tnl/...` and `ofproto/list-tunnels`.
extension VirtualSwitch {
    /// `tnl/neigh/set BRIDGE IP MAC`.
    public func neighbourSet(
        _ arguments: [String], now: Milliseconds
    ) throws(CommandError) -> String {
        guard let address = IPAddress(arguments[1]) else { throw CommandError("bad IP address") }
        guard let hardware = EthernetAddress(arguments[2]) else {
            throw CommandError("bad MAC address")
        }
        let key = NeighbourTable.Key(bridge: arguments[0], address: address)
        network.underlay.neighbours.learn(key, hardware, now: now)
        network.bumpVersion()
        return "OK"
    }

    public func neighbourShow() -> String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        var text = padded("IP", 46) + padded("MAC", 20) + "Bridge\n"
        text += String(repeating: "=", count: 74) + "\n"
        for (key, entry) in network.underlay.neighbours.all {
            text += padded("\(key.address)", 46) + padded("\(entry.hardware)", 20)
            text += "  ".dropFirst(2) + key.bridge + "\n"
        }
        return text
    }

    public func neighbourFlush() -> String {
        network.underlay.neighbours.removeAll()
        network.bumpVersion()
        return "OK"
    }

    /// `tnl/neigh/aging [SECS]`.
    public func neighbourAging(_ arguments: [String]) throws(CommandError) -> String {
        guard let text = arguments.first else { return "\(network.underlay.neighbours.age)" }
        guard let age = Int(text), (1...NeighbourTable.maximumAge).contains(age) else {
            throw CommandError("bad aging value")
        }
        network.underlay.neighbours.age = age
        return "OK"
    }

    /// `tnl/ports/show [-v]`.
    public func tunnelPortsShow(_ arguments: [String]) -> String {
        let listeners = network.underlay.listeners
        guard arguments.first == "-v" else {
            return "Listening ports:\n" + listeners.lines.map { $0 + "\n" }.joined()
        }
        return "Listening ports:\n"
            + listeners.matches.map { listener, match in
                "\(listener.name) (\(listener.datapathPort)) : \(Self.text(of: match))\n"
            }.joined()
    }

    /// What a listener takes, as datapath flows are written.
    private static func text(of match: Match) -> String {
        let text = DatapathFlowPrinter.text(match.key, mask: match.mask)
        // A listener does not look at where packets came in.
        return text.split(separator: ",").filter {
            !$0.hasPrefix("recirc_id") && !$0.hasPrefix("in_port")
        }.joined(separator: ",")
    }

    /// `tnl/egress_port_range [MIN MAX]`.
    public func egressPortRange(_ arguments: [String]) -> String {
        let underlay = network.underlay
        guard arguments.count > 1 else {
            let range = underlay.sourcePorts
            return "Tunnel UDP source port range: \(range.lowerBound)-\(range.upperBound)\n"
        }
        guard let first = UInt16(arguments[0]), first > 0 else { return "Invalid min." }
        guard let second = UInt16(arguments[1]), second > 0 else { return "Invalid max." }
        underlay.sourcePorts = min(first, second)...max(first, second)
        link.setSourcePorts(underlay.sourcePorts)
        return "OK"
    }

    public func listTunnels() -> String {
        var lines: [String] = []
        for managed in bridges.values {
            for port in managed.bridge.ports.values {
                guard case .tunnel(let number, let settings) = port.kind else { continue }
                lines.append(
                    "port \(number): \(port.name) (\(settings.type.rawValue): "
                        + settings.summary(datapathPort: number) + ")\n")
            }
        }
        return lines.sorted().joined()
    }
}
