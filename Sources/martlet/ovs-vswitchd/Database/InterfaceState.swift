import Addresses
import LinuxPorts
import Netlink
import OVSDBModel
import Switch

/// What the `Interface` table shows of one interface besides its counters.
struct InterfaceState: Equatable {
    var number: Int
    var error: String?
    var address: EthernetAddress?
    var isUp: Bool?
    var isRunning: Bool?
    var duplex: DeviceFacts.Duplex?
    var linkSpeed: UInt64?
    var mtu: UInt32?
    var index: Int32?
    var resets: Int?
    var status: [String: String] = [:]

    /// An interface without a device.
    init(number: Int, error: String?) {
        self.number = number
        self.error = error
    }

    /// The columns, as `ovs-vsctl list Interface` shows them.
    var columns: [String: Datum] {
        [
            "ofport": .init(.integer(Int64(number))),
            "error": Self.optional(error),
            "mac_in_use": Self.optional(address?.description),
            "admin_state": Self.upOrDown(isUp),
            "link_state": Self.upOrDown(isRunning),
            "duplex": Self.optional(duplex?.rawValue),
            "link_speed": Self.optional(linkSpeed),
            "mtu": Self.optional(mtu),
            "ifindex": Self.optional(index),
            "link_resets": Self.optional(resets),
            "status": .init(status),
        ]
    }

    private static func optional(_ text: String?) -> Datum {
        text.map { Datum(.string($0)) } ?? .empty
    }

    private static func optional(_ number: (some BinaryInteger)?) -> Datum {
        number.map { Datum(.integer(Int64(clamping: $0))) } ?? .empty
    }

    private static func upOrDown(_ isUp: Bool?) -> Datum {
        isUp.map { $0 ? "up" : "down" } ?? .empty
    }

    // MARK: Kinds of interface

    /// A port that exists in memory alone: a dummy, or the end of a patch cable.
    mutating func setVirtual(isUp: Bool, index: Int32, mtu: UInt32?) {
        self.isUp = isUp
        isRunning = isUp
        self.index = index
        self.mtu = mtu
    }

    /// What the kernel tells of the device.
    mutating func set(_ link: LinkMessage, _ facts: DeviceFacts) {
        isUp = link.flags.contains(.up)
        isRunning = link.canPass
        address = link.address
        mtu = link.mtu
        index = link.index
        duplex = facts.duplex
        linkSpeed = facts.linkSpeed
        status = Dictionary(facts.status.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// A device that has gone: the port stays.
    mutating func setGone() {
        isUp = false
        isRunning = false
        index = 0
    }
}

extension LinkMessage {
    /// Whether frames pass: a device that is down has no carrier, whatever its driver says.
    var canPass: Bool { flags.contains(.running) && isRunning }
}
