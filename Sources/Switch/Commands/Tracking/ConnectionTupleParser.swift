import Addresses
public import OpenFlow

/// Reads one direction of a connection: `ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_src=80`.
///
/// Errors are sentences without a subject.
public struct ConnectionTupleParser {
    /// The protocol, which both directions share.
    public private(set) var ipProtocol: UInt8
    private var tuple = ConnectionTuple()
    private var isIPv4: Bool?
    private var hasICMP = false

    public init(ipProtocol: UInt8) { self.ipProtocol = ipProtocol }

    public mutating func parse(_ text: String) throws(CommandError) -> ConnectionTuple {
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count > 1 else { throw CommandError("field \(part) missing value") }
            try set(pair[0], pair[1])
        }
        if hasICMP && ipProtocol != 1 && ipProtocol != 58 {
            throw CommandError("invalid L4 fields")
        }
        if ipProtocol == 0, tuple.sourcePort != 0 || tuple.destinationPort != 0 {
            throw CommandError("port is set without protocol")
        }
        return tuple
    }

    private mutating func set(_ name: Substring, _ value: Substring) throws(CommandError) {
        switch name {
        case "ct_nw_src": tuple.source = try ipv4(name, value)
        case "ct_nw_dst": tuple.destination = try ipv4(name, value)
        case "ct_ipv6_src": tuple.source = try ipv6(name, value)
        case "ct_ipv6_dst": tuple.destination = try ipv6(name, value)
        case "ct_nw_proto": ipProtocol = try number(name, value)
        case "ct_tp_src", "tp_src": tuple.sourcePort = try number(name, value)
        case "ct_tp_dst", "tp_dst": tuple.destinationPort = try number(name, value)
        case "icmp_id":
            tuple.icmpID = try number(name, value)
            hasICMP = true
        case "icmp_type":
            tuple.icmpType = try number(name, value)
            hasICMP = true
        case "icmp_code":
            tuple.icmpCode = try number(name, value)
            hasICMP = true
        default: throw CommandError("invalid conntrack tuple field: \(name)")
        }
    }

    private func number<Number: FixedWidthInteger>(
        _ name: Substring, _ value: Substring
    ) throws(CommandError) -> Number {
        guard let number = Number(value) else {
            throw CommandError("failed to parse field \(name)")
        }
        return number
    }

    private mutating func ipv4(
        _ name: Substring, _ value: Substring
    ) throws(CommandError) -> UInt128 {
        if isIPv4 == false { throw CommandError("the L3 protocol does not match \(value)") }
        guard let address = IPv4Address(value) else {
            throw CommandError("failed to parse field \(name)")
        }
        isIPv4 = true
        return ConnectionTuple.mapped(address.value)
    }

    private mutating func ipv6(
        _ name: Substring, _ value: Substring
    ) throws(CommandError) -> UInt128 {
        if isIPv4 == true { throw CommandError("the L3 protocol does not match \(value)") }
        guard let address = IPv6Address(value) else {
            throw CommandError("failed to parse field \(name)")
        }
        isIPv4 = false
        return address.value
    }
}
