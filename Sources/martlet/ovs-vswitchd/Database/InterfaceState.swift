import Addresses
import LinuxPorts
import Netlink
import OpenVSwitchRows
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

    /// Sets the columns, as `ovs-vsctl list Interface` shows them.
    func set(in row: inout InterfaceRow) {
        row.ofport = number
        row.error = error
        row.macInUse = address?.description
        row.adminState = isUp.map { $0 ? .up : .down }
        row.linkState = isRunning.map { $0 ? .up : .down }
        row.duplex = duplex.map { .init(rawValue: $0.rawValue) }
        row.linkSpeed = linkSpeed.map { Int(clamping: $0) }
        row.mtu = mtu.map { Int($0) }
        row.ifindex = index.map { Int($0) }
        row.linkResets = resets
        row.status = status
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
