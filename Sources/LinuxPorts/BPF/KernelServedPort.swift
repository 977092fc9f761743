public import Datapath
public import KernelFlows

/// A port on a device that the kernel's programs can read from, and send to.
public protocol KernelServedPort: OffloadedPort {
    /// The device.
    var kernelPort: KernelPort { get }
    /// Whether its packets are to be forwarded by the kernel, and not only those for it.
    var isServedByKernel: Bool { get }
    /// Receives what comes in, or leaves it to the programs.
    func setHearing(_ hears: Bool)
}

extension AFPacketPort: KernelServedPort {
    public var kernelPort: KernelPort { KernelPort(interface: UInt32(index), isHost: false) }

    public func creditReceived(_ counts: OffloadedCounts) {
        counted.place.pointee.addReceived(counts)
    }
    public func creditSent(_ counts: OffloadedCounts) { counted.place.pointee.addSent(counts) }
}

extension TAPPort: KernelServedPort {
    public var kernelPort: KernelPort {
        KernelPort(interface: UInt32(device.index ?? 0), isHost: true)
    }

    /// What the programs do not forward goes the device's own way, to the port.
    public func setHearing(_ hears: Bool) {}

    public func creditReceived(_ counts: OffloadedCounts) {
        counted.place.pointee.addReceived(counts)
    }
    public func creditSent(_ counts: OffloadedCounts) { counted.place.pointee.addSent(counts) }
}

extension PortCounters {
    fileprivate mutating func addReceived(_ counts: OffloadedCounts) {
        receivedPackets &+= counts.packets
        receivedOctets &+= counts.octets
    }

    fileprivate mutating func addSent(_ counts: OffloadedCounts) {
        sentPackets &+= counts.packets
        sentOctets &+= counts.octets
    }
}
