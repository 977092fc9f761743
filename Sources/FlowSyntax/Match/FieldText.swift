internal import Addresses
internal import FlowModel

/// How values print in flows.
enum FieldText {
    /// As C's `%#x`: zero has no prefix.
    static func hexadecimal(_ value: UInt128) -> String {
        guard value != 0 else { return "0" }
        // Division of 128 bits is slow, and few values need it.
        return "0x"
            + (UInt64(exactly: value).map { String($0, radix: 16) }
                ?? String(value, radix: 16))
    }

    /// `0x` and at least `width` digits.
    static func hexadecimal(_ value: some BinaryInteger, width: Int) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Two digits an octet, with `separator` between octets.
    static func octets(_ octets: some Collection<UInt8>, separator: String) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: separator)
    }

    static func ethernet(_ value: UInt128) -> String {
        EthernetAddress(UInt64(truncatingIfNeeded: value)).description
    }

    static func ipv4(_ value: UInt128) -> String {
        IPv4Address(UInt32(truncatingIfNeeded: value)).description
    }

    static func ipv4(_ value: UInt128, mask: UInt128) -> String {
        let mask = IPv4Address(UInt32(truncatingIfNeeded: mask))
        if mask.value == .max { return ipv4(value) }
        return ipv4(value) + "/" + (mask.prefixLength.map { String($0) } ?? mask.description)
    }

    static func ipv6(_ value: UInt128, mask: UInt128) -> String {
        let text = IPv6Address(value).description
        if mask == .max { return text }
        let mask = IPv6Address(mask)
        return text + "/" + (mask.prefixLength.map { String($0) } ?? mask.description)
    }

    static func ethernet(_ value: UInt128, mask: UInt128) -> String {
        let ones: UInt128 = 0xffff_ffff_ffff
        return mask & ones == ones ? ethernet(value) : ethernet(value) + "/" + ethernet(mask)
    }

    static func packetType(_ value: UInt128) -> String {
        "(\(value >> 16 & 0xffff),\(hexadecimal(value & 0xffff)))"
    }

    static func port32(_ value: UInt128, names: FlowNames) -> String {
        let number = PortNumber(wide: UInt32(truncatingIfNeeded: value))
        return number.map { names.text(of: $0) } ?? String(value)
    }

    /// The value in the form that `set_field` and error messages use.
    static func text(
        _ row: FieldDescriptor, _ value: UInt128, mask: UInt128, names: FlowNames
    ) -> String {
        let mask = mask & row.location.ones
        let isExact = mask == row.location.ones
        switch row.format {
        case .decimal:
            if isExact { return UInt64(exactly: value).map { String($0) } ?? String(value) }
            return hexadecimal(value, width: 1) + "/" + hexadecimal(mask, width: 1)
        case .hexadecimal, .tunnelOption:
            return isExact ? hexadecimal(value) : hexadecimal(value) + "/" + hexadecimal(mask)
        case .ethernet: return ethernet(value, mask: mask)
        case .ipv4: return ipv4(value, mask: mask)
        case .ipv6: return ipv6(value, mask: mask)
        case .port: return names.text(of: PortNumber(UInt16(truncatingIfNeeded: value)))
        case .port32: return port32(value, names: names)
        case .tcpFlags: return flags(.tcp, value, mask, isExact)
        case .ctState: return flags(.connection, value, mask, isExact)
        case .tunnelFlags:
            let flags = FlagNames.tunnel
            if value == mask && isExact { return flags.text(UInt64(truncatingIfNeeded: value)) }
            return signed(flags, value, mask)
        case .fragment:
            return FragmentText.text(
                UInt8(truncatingIfNeeded: value), mask: UInt8(truncatingIfNeeded: mask))
        case .packetType: return packetType(value)
        }
    }

    private static func flags(
        _ names: FlagNames, _ value: UInt128, _ mask: UInt128, _ isExact: Bool
    ) -> String {
        names.text(
            UInt64(truncatingIfNeeded: value),
            mask: isExact ? names.all : UInt64(truncatingIfNeeded: mask))
    }

    /// `+a-b` even where the mask covers everything.
    static func signed(_ names: FlagNames, _ value: UInt128, _ mask: UInt128) -> String {
        var text = ""
        for (index, name) in names.names.enumerated() where mask >> UInt128(index) & 1 == 1 {
            text += (value >> UInt128(index) & 1 == 1 ? "+" : "-") + name
        }
        return text
    }
}
