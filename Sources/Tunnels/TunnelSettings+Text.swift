import Addresses

extension TunnelSettings {
    /// What `dpif/show` tells, by the names of options: what differs from the usual.
    public var shownOptions: [String: String] {
        var shown: [String: String] = [:]
        shown["remote_ip"] = Self.text(remote)
        if local != .fixed(.none) { shown["local_ip"] = Self.text(local) }
        if hasInKey && hasOutKey && inKey == outKey {
            shown["key"] = Self.text(inKey)
        } else {
            if hasInKey { shown["in_key"] = Self.text(inKey) }
            if hasOutKey { shown["out_key"] = Self.text(outKey) }
        }
        if ttl != Self.standardTTL { shown["ttl"] = ttl.map { "\($0)" } ?? "inherit" }
        if tos != 0 { shown["tos"] = tos.map { "0x" + String($0, radix: 16) } ?? "inherit" }
        if port != 0 && port != type.standardPort { shown["dst_port"] = "\(port)" }
        if hasChecksum { shown["csum"] = "true" }
        if hasSequence { shown["seq"] = "true" }
        if !isUnfragmented { shown["df_default"] = "false" }
        if mark != 0 { shown["egress_pkt_mark"] = "\(mark)" }
        let usual: Payload = type.carries(isGeneric: isGeneric).frames ? .frames : .packets
        if payload != usual { shown["packet_type"] = payload.rawValue }
        if type == .erspan || type == .ip6erspan { showERSPAN(&shown) }
        return shown
    }

    private func showERSPAN(_ shown: inout [String: String]) {
        func hexadecimal<Value>(_ choice: Choice<Value>) -> String
        where Value: BinaryInteger & Sendable {
            choice.value.map { "0x" + String($0, radix: 16) } ?? "flow"
        }
        shown["erspan_ver"] = erspanVersion.value.map { "\($0)" } ?? "flow"
        if erspanVersion == .fixed(1) || erspanVersion.isFlow {
            shown["erspan_idx"] = hexadecimal(erspanIndex)
        }
        if erspanVersion == .fixed(2) || erspanVersion.isFlow {
            shown["erspan_dir"] = erspanDirection.value.map { "\($0)" } ?? "flow"
            shown["erspan_hwid"] = hexadecimal(erspanHardwareID)
        }
    }

    private static func text(_ choice: Choice<IPAddress>) -> String {
        choice.value?.description ?? "flow"
    }

    private static func text(_ choice: Choice<UInt64>) -> String {
        choice.value.map { "\($0)" } ?? "flow"
    }

    /// What `ofproto/list-tunnels` tells of the port.
    public func summary(datapathPort: UInt32) -> String {
        matchText(datapathPort: datapathPort)
            + (outKey == inKey ? "" : ", out_key=" + Self.keyText(outKey))
            + ", ttl=" + (ttl.map { "\($0)" } ?? "inherit")
            + (tos == 0 ? "" : ", tos=" + (tos.map { "0x" + String($0, radix: 16) } ?? "inherit"))
            + (isUnfragmented ? "" : ", df=false")
            + (hasChecksum ? ", csum=true" : "")
    }

    /// The part by which packets find the port.
    public func matchText(datapathPort: UInt32) -> String {
        "\(Self.text(local))->\(Self.text(remote)), key=\(Self.keyText(inKey)), "
            + "\(payload.rawValue), dp port=\(datapathPort)"
    }

    private static func keyText(_ key: Choice<UInt64>) -> String {
        key.value.map { $0 == 0 ? "0" : "0x" + String($0, radix: 16) } ?? "flow"
    }
}
