public import Addresses
import CLinux

/// A network device of this network namespace, asked and changed by its name.
public struct Device: Hashable, Sendable {
    /// One octet less than `IFNAMSIZ`, which counts the closing zero.
    public static let maxNameByteCount = 15

    public let name: String

    public init(_ name: String) { self.name = name }

    /// The device's index, or `nil` if there is no such device.
    public var index: Int32? {
        guard name.utf8.count <= Self.maxNameByteCount else { return nil }
        let index = if_nametoindex(name)
        return index == 0 ? nil : Int32(index)
    }

    /// `IFF_UP`, `IFF_RUNNING` and the like.
    public func flags() throws(SystemError) -> Int32 {
        var flags: Int32 = 0
        try request("SIOCGIFFLAGS") { clinux_device_flags($0, name, &flags) }
        return flags
    }

    public func setUp(_ isUp: Bool) throws(SystemError) {
        let old = try flags()
        let up = Int32(IFF_UP)
        let new = isUp ? old | up : old & ~up
        guard new != old else { return }
        try request("SIOCSIFFLAGS") { clinux_set_device_flags($0, name, new) }
    }

    public func mtu() throws(SystemError) -> Int {
        var mtu: Int32 = 0
        try request("SIOCGIFMTU") { clinux_device_mtu($0, name, &mtu) }
        return Int(mtu)
    }

    public func setMTU(_ mtu: Int) throws(SystemError) {
        try request("SIOCSIFMTU") { clinux_set_device_mtu($0, name, Int32(clamping: mtu)) }
    }

    public func address() throws(SystemError) -> EthernetAddress {
        var octets = [UInt8](repeating: 0, count: 6)
        var kind: Int32 = 0
        try request("SIOCGIFHWADDR") { clinux_device_address($0, name, &octets, &kind) }
        return EthernetAddress(octets: octets) ?? .zero
    }

    public func setAddress(_ address: EthernetAddress) throws(SystemError) {
        let octets = address.octets
        try request("SIOCSIFHWADDR") { clinux_set_device_address($0, name, octets) }
    }

    /// Whether the device (or its driver's stand-in in the kernel) cuts TCP super-packets.
    func cutsSuperPackets() -> Bool {
        // struct ethtool_value: the command, then the answer.
        var value: (UInt32, UInt32) = (UInt32(ETHTOOL_GTSO), 0)
        do {
            try request("ETHTOOL_GTSO") { clinux_ethtool($0, name, &value) }
        } catch {
            return false
        }
        return value.1 != 0
    }

    /// Switches the cutting of TCP super-packets on or off.
    func setSegmentation(_ isOn: Bool) throws(SystemError) {
        var value: (UInt32, UInt32) = (UInt32(ETHTOOL_STSO), isOn ? 1 : 0)
        try request("ETHTOOL_STSO") { clinux_ethtool($0, name, &value) }
    }

    /// Calls `body` with a socket for device requests, and throws if it answers with less than 0.
    func request(_ call: String, _ body: (Int32) -> Int32) throws(SystemError) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .last("socket", name) }
        defer { close(descriptor) }
        if body(descriptor) < 0 { throw .last(call, name) }
    }
}
