import Addresses
import FlowModel

/// Reads the `options` column of a tunnel.
public struct TunnelOptionsParser {
    /// Why a tunnel cannot be, in OVS's sentences.
    public struct Refusal: Error, Equatable, Sendable {
        public let sentences: [String]
    }

    private let name: String
    private var settings: TunnelSettings
    /// What is wrong, though it harms nothing.
    public private(set) var warnings: [String] = []
    private var errors: [String] = []
    private var payload: String?

    private init(_ name: String, _ type: TunnelType) {
        self.name = name
        settings = TunnelSettings(type: type)
    }

    /// - Returns: the settings, and what is to be complained of.
    public static func parse(
        _ options: [String: String], of name: String, type: TunnelType
    ) throws(Refusal) -> (settings: TunnelSettings, warnings: [String]) {
        var parser = TunnelOptionsParser(name, type)
        for (key, value) in options.sorted(by: { $0.key < $1.key }) { parser.take(key, value) }
        parser.takeKeys(options)
        if type == .erspan || type == .ip6erspan { parser.takeERSPAN(options) }
        parser.takePayload()
        parser.checkAddresses()
        guard parser.errors.isEmpty else { throw Refusal(sentences: parser.errors) }
        return (parser.settings, parser.warnings)
    }

    private mutating func take(_ key: String, _ value: String) {
        switch key {
        case "remote_ip": takeRemote(value)
        case "local_ip": takeLocal(value)
        case "tos": takeTOS(value)
        case "ttl":
            settings.ttl = value == "inherit" ? nil : UInt8(truncatingIfNeeded: Self.number(value))
        case "dst_port" where settings.type.hasPort:
            settings.port = UInt16(truncatingIfNeeded: Self.number(value))
        case "csum" where takesChecksum: settings.hasChecksum = value == "true"
        case "seq" where settings.type.ipProtocol == IPProtocol.gre:
            settings.hasSequence = value == "true"
        case "df_default": settings.isUnfragmented = value == "true"
        case "key", "in_key", "out_key": break
        case "exts" where settings.type == .vxlan: takeExtensions(value)
        case "egress_pkt_mark": settings.mark = UInt32(truncatingIfNeeded: Self.number(value))
        case "packet_type": payload = value
        case "payload_type" where settings.type == .bareudp: takeBareType(value)
        case "srv6_segs" where settings.type == .srv6: takeSegments(value)
        case "erspan_ver", "erspan_idx", "erspan_dir", "erspan_hwid", "psk", "certificate",
            "private_key", "use_ssl_cert", "remote_cert", "remote_name", "ipsec_encapsulation",
            "srv6_flowlabel":
            break
        default: warnings.append("\(name): unknown \(settings.type.rawValue) argument '\(key)'")
        }
    }

    private var takesChecksum: Bool {
        switch settings.type {
        case .vxlan, .geneve, .gre, .ip6gre, .stt, .gtpu: true
        case .erspan, .ip6erspan, .bareudp, .srv6, .lisp: false
        }
    }

    // MARK: Addresses

    private mutating func takeRemote(_ text: String) {
        if text == "flow" {
            settings.remote = .flow
        } else if let address = IPAddress(text) {
            if address.isMulticast {
                errors.append("\(name): multicast remote_ip=\(text) not allowed")
                hasRefusedRemote = true
            } else {
                settings.remote = .fixed(address)
            }
        } else {
            errors.append("\(name): bad \(settings.type.rawValue) 'remote_ip'")
        }
    }

    /// Whether there is a sentence about the remote address that makes others needless.
    private var hasRefusedRemote = false

    private mutating func takeLocal(_ text: String) {
        if text == "flow" {
            settings.local = .flow
        } else if let address = IPAddress(text) {
            settings.local = .fixed(address)
        } else {
            errors.append("\(name): bad \(settings.type.rawValue) 'local_ip'")
        }
    }

    private mutating func checkAddresses() {
        let type = settings.type.rawValue
        if hasRefusedRemote { return }
        if settings.remote == .fixed(.none) {
            errors.append("\(name): \(type) type requires valid 'remote_ip' argument")
            return
        }
        if settings.local.isFlow && !settings.remote.isFlow {
            errors.append("\(name): \(type) type requires 'remote_ip=flow' with 'local_ip=flow'")
            return
        }
        if let remote = settings.remote.value, let local = settings.local.value, !local.isNone,
            remote.isIPv4 != local.isIPv4
        {
            errors.append(
                "\(name): 'remote_ip' and 'local_ip' has to be of the same address family")
        }
    }

    // MARK: Numbers

    private mutating func takeTOS(_ text: String) {
        if text == "inherit" {
            settings.tos = nil
        } else if let tos = Self.wholeNumber(text), tos & 3 == 0, tos <= 0xff {
            settings.tos = UInt8(tos)
        } else {
            warnings.append("\(name): invalid TOS \(text)")
        }
    }

    private mutating func takeExtensions(_ text: String) {
        for part in text.split(separator: ",") {
            switch part {
            case "gbp": settings.hasGroupPolicy = true
            case "gpe": settings.isGeneric = true
            default: warnings.append("\(name): unknown extension '\(part)'")
            }
        }
    }

    private mutating func takeKeys(_ options: [String: String]) {
        func choice(_ text: String) -> TunnelSettings.Choice<UInt64> {
            text == "flow" ? .flow : .fixed(Self.number(text))
        }
        if let text = options["in_key"] ?? options["key"] {
            settings.hasInKey = true
            settings.inKey = choice(text)
        }
        if let text = options["out_key"] ?? options["key"] {
            settings.hasOutKey = true
            settings.outKey = choice(text)
        }
    }

    private mutating func takeBareType(_ text: String) {
        switch text {
        case "ip": settings.bareType = EtherType.ipv4
        case "mpls": settings.bareType = EtherType.mpls
        default: settings.bareType = UInt16(truncatingIfNeeded: Self.number(text))
        }
    }

    private mutating func takeSegments(_ text: String) {
        let segments = text.split(separator: ",").map { IPv6Address($0) }
        guard segments.count <= SRv6Layout.maximumSegments, !segments.contains(nil) else {
            errors.append("\(name): bad \(settings.type.rawValue) 'srv6_segs'")
            return
        }
        settings.segments = segments.compactMap { $0 }
    }

    private mutating func takeERSPAN(_ options: [String: String]) {
        func choice<Value>(
            _ key: String, _ what: String, below limit: Value
        ) -> TunnelSettings.Choice<Value>? where Value: FixedWidthInteger & Sendable {
            guard let text = options[key] else { return .fixed(0) }
            if text == "flow" { return .flow }
            let value = Self.number(text, radix: key == "erspan_ver" ? 10 : 16)
            guard value < UInt64(limit) else {
                errors.append("\(name): invalid erspan \(what): \(text)")
                return nil
            }
            return .fixed(Value(value))
        }
        guard let version: TunnelSettings.Choice<UInt8> = choice("erspan_ver", "version", below: 3)
        else { return }
        settings.erspanVersion = version
        if version != .fixed(2) {
            let index: TunnelSettings.Choice<UInt32>? = choice(
                "erspan_idx", "index", below: 1 << 20)
            settings.erspanIndex = version.isFlow ? .flow : index ?? .fixed(0)
        }
        if version != .fixed(1) {
            let direction: TunnelSettings.Choice<UInt8>? = choice(
                "erspan_dir", "direction", below: 2)
            let hardware: TunnelSettings.Choice<UInt8>? = choice(
                "erspan_hwid", "hardware ID", below: 64)
            settings.erspanDirection = version.isFlow ? .flow : direction ?? .fixed(0)
            settings.erspanHardwareID = version.isFlow ? .flow : hardware ?? .fixed(0)
        }
    }

    // MARK: Payload

    private mutating func takePayload() {
        let carried = settings.type.carries(isGeneric: settings.isGeneric)
        let described = settings.type.described(isGeneric: settings.isGeneric)
        settings.payload = carried.frames ? .frames : .packets
        guard let payload else { return }
        guard let wanted = TunnelSettings.Payload(rawValue: payload) else {
            errors.append("\(name): unknown packet_type '\(payload)'")
            return
        }
        if wanted == .frames && !carried.frames {
            errors.append(
                "\(name): legacy_l2 configured on \(described) tunnel that cannot carry L2 traffic")
        } else if wanted == .packets && !carried.packets {
            errors.append(
                "\(name): legacy_l3 configured on \(described) tunnel that cannot carry L3 traffic")
        }
        settings.payload = wanted
    }

    // MARK: Text

    /// The number that the text begins with, as C's `strtoull` reads it; 0 where there is none.
    private static func number(_ text: String, radix: Int = 10) -> UInt64 {
        var digits = text.drop { $0 == " " }
        var radix = radix
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            digits = digits.dropFirst(2)
            radix = 16
        }
        let value = digits.prefix { $0.isASCII && ($0.hexDigitValue ?? 16) < radix }
        return UInt64(value, radix: radix) ?? 0
    }

    private static func wholeNumber(_ text: String) -> UInt64? {
        text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
}
