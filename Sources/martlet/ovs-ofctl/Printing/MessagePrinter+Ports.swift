import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    private static let configNames: [(PortConfig, String)] = [
        (.down, "PORT_DOWN"), (.noSTP, "NO_STP"), (.noReceive, "NO_RECV"),
        (.noReceiveSTP, "NO_RECV_STP"), (.noFlood, "NO_FLOOD"), (.noForward, "NO_FWD"),
        (.noPacketIn, "NO_PACKET_IN"),
    ]

    private static let featureNames: [(PortFeatures, String)] = [
        (.half10M, "10MB-HD"), (.full10M, "10MB-FD"), (.half100M, "100MB-HD"),
        (.full100M, "100MB-FD"), (.half1G, "1GB-HD"), (.full1G, "1GB-FD"), (.full10G, "10GB-FD"),
        (.full40G, "40GB-FD"), (.full100G, "100GB-FD"), (.full1T, "1TB-FD"), (.other, "OTHER"),
        (.copper, "COPPER"), (.fiber, "FIBER"), (.autonegotiation, "AUTO_NEG"),
        (.pause, "AUTO_PAUSE"), (.asymmetricPause, "AUTO_PAUSE_ASYM"),
    ]

    private static func text(_ config: PortConfig) -> String {
        let words = configNames.filter { config.contains($0.0) }.map(\.1)
        return words.isEmpty ? "0" : words.joined(separator: " ")
    }

    private static func text(_ state: PortState) -> String {
        var words: [String] = []
        if state.contains(.linkDown) { words.append("LINK_DOWN") }
        if state.contains(.blocked) { words.append("BLOCKED") }
        if state.contains(.live) { words.append("LIVE") }
        switch state.rawValue >> 8 & 3 {
        case 1: words.append("STP_LEARN")
        case 2: words.append("STP_FORWARD")
        case 3: words.append("STP_BLOCK")
        default: break
        }
        return words.isEmpty ? "0" : words.joined(separator: " ")
    }

    private static func line(_ title: String, _ features: PortFeatures) -> String {
        if features.isEmpty { return "" }
        let words = featureNames.filter { features.contains($0.0) }.map(\.1)
        return "     \(title)\(words.joined(separator: " "))\n"
    }

    func text(_ port: PortDescription) -> String {
        let number = port.number.reservedName ?? String(port.number.value)
        return " \(number)(\(port.name)): addr:\(port.hardwareAddress)\n"
            + "     config:     \(Self.text(port.config))\n"
            + "     state:      \(Self.text(port.state))\n"
            + Self.line("current:    ", port.current)
            + Self.line("advertised: ", port.advertised)
            + Self.line("supported:  ", port.supported)
            + Self.line("peer:       ", port.peer)
            + "     speed: \(port.currentSpeed / 1000) Mbps now, "
            + "\(port.maxSpeed / 1000) Mbps max\n"
    }

    func text(_ ports: [PortDescription]) -> String {
        ports.sorted { $0.number < $1.number }.map { text($0) }.joined()
    }

    func text(_ features: SwitchFeatures) -> String {
        let auxiliary = features.auxiliaryID == 0 ? "" : ", auxiliary_id:\(features.auxiliaryID)"
        let capabilities = Self.text(features.capabilities, dialect.version)
        var text =
            " dpid:\(HexDump.padded(features.datapathID, 16))\n"
            + "n_tables:\(features.tableCount), n_buffers:\(features.bufferCount)\(auxiliary)\n"
            + "capabilities:\(capabilities)\n"
        if dialect.version == .v10 {
            text += "actions:\(Self.actionNames(features.actions))\n"
            text += self.text(features.ports)
        }
        return text
    }

    private static func text(
        _ capabilities: SwitchFeatures.Capabilities, _ version: OpenFlowVersion
    ) -> String {
        let names: [(SwitchFeatures.Capabilities, String)] = [
            (.flowStats, "FLOW_STATS"), (.tableStats, "TABLE_STATS"),
            (.portStats, "PORT_STATS"), (.groupStats, "GROUP_STATS"),
            (.reassembly, "IP_REASM"), (.queueStats, "QUEUE_STATS"),
            (.arpMatchIP, "ARP_MATCH_IP"), (.portBlocked, "PORT_BLOCKED"),
            (.bundles, "BUNDLES"), (.flowMonitoring, "FLOW_MONITORING"), (.stp, "STP"),
        ]
        return names.filter { capabilities.contains($0.0) }.map { " " + $0.1 }.joined()
    }

    /// The actions of OpenFlow 1.0 by their bits, in the order in which OVS names them.
    static func actionNames(_ bits: UInt32) -> String {
        let names: [(Int, String)] = [
            (0, "output"), (11, "enqueue"), (1, "set_vlan_vid"), (2, "set_vlan_pcp"),
            (3, "strip_vlan"), (4, "mod_dl_src"), (5, "mod_dl_dst"), (6, "mod_nw_src"),
            (7, "mod_nw_dst"), (8, "mod_nw_tos"), (9, "mod_tp_src"), (10, "mod_tp_dst"),
        ]
        return names.filter { bits >> UInt32($0.0) & 1 == 1 }.map { " " + $0.1 }.joined()
    }

    func text(_ status: PortStatus) -> String {
        let reason =
            switch status.reason {
            case .add: "ADD"
            case .delete: "DEL"
            case .modify: "MOD"
            }
        return " \(reason):" + text(status.port)
    }

    func text(_ portMod: PortMod) -> String {
        " port: \(names.text(of: portMod.port)): addr:\(portMod.hardwareAddress)\n"
            + "     config: \(Self.text(portMod.config))\n"
            + "     mask:   \(Self.text(portMod.mask))\n"
            + "     advertise: UNCHANGED\n"
    }
}
