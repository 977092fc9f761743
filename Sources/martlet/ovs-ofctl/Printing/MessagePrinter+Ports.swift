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
        // OVS puts no space behind what only OpenFlow 1.0 has.
        let tree = ["", "STP_LEARN", "STP_FORWARD", "STP_BLOCK"][Int(state.rawValue >> 8 & 3)]
        var words: [String] = []
        if state.contains(.linkDown) { words.append("LINK_DOWN") }
        if state.contains(.blocked) { words.append("BLOCKED") }
        if state.contains(.live) { words.append("LIVE") }
        return tree.isEmpty && words.isEmpty ? "0" : tree + words.joined(separator: " ")
    }

    private static func line(_ title: String, _ features: PortFeatures) -> String {
        features.isEmpty ? "" : "     \(title)\(words(features))\n"
    }

    private static func words(_ features: PortFeatures) -> String {
        if features.isEmpty { return "UNCHANGED" }
        return featureNames.filter { features.contains($0.0) }.map(\.1).joined(separator: " ")
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
            + "     speed: \(speed(port.currentSpeed, port.current)) Mbps now, "
            + "\(speed(port.maxSpeed, port.supported)) Mbps max\n"
    }

    /// Megabits a second; OpenFlow 1.0 tells no more than the link modes.
    private func speed(_ kilobits: UInt32, _ features: PortFeatures) -> UInt32 {
        (dialect.version == .v10 ? features.speed : kilobits) / 1000
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
            let actions = ActionNames.text(features.actions, .v10)
            if !actions.isEmpty { text += "actions:\(actions)\n" }
        }
        if dialect.version < .v13 { text += self.text(features.ports) }
        return text
    }

    private static func text(
        _ capabilities: SwitchFeatures.Capabilities, _ version: OpenFlowVersion
    ) -> String {
        let names: [(SwitchFeatures.Capabilities, String)] = [
            (.flowStats, "FLOW_STATS"), (.tableStats, "TABLE_STATS"),
            (.portStats, "PORT_STATS"), (.groupStats, "GROUP_STATS"), (.stp, "STP"),
            (.reassembly, "IP_REASM"), (.queueStats, "QUEUE_STATS"),
            (.arpMatchIP, "ARP_MATCH_IP"), (.portBlocked, "PORT_BLOCKED"),
            (.bundles, "BUNDLES"), (.flowMonitoring, "FLOW_MONITORING"),
        ]
        let words = names.filter { capabilities.contains($0.0) }.map { " " + $0.1 }
        return words.isEmpty ? " 0" : words.joined()
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
            + "     advertise: \(Self.words(portMod.advertised))\n"
    }
}
