import CLinux
public import Datapath
import FlowModel
import KernelFlows

/// Where the kernel's programs send what they cannot forward: a TAP device that is nobody's port.
///
/// Each packet has an ``UpcallHeader`` in front. ``receive(into:from:)`` takes it off and leaves
/// the index of the device where the packet came in as the packet's in-port, and what is known of
/// it in the eight octets before its first one, which ``origin(of:port:)`` reads.
///
/// *Thread safety*: none; the forwarding thread owns the port.
public final class UpcallPort: PacketPort {
    private let tap: TAPPort

    public var name: String { tap.name }
    public var offloads: PortOffloads { tap.offloads }
    public var counters: PortCounters { tap.counters }
    public var readinessDescriptor: Int32 { tap.readinessDescriptor }
    public var hasVanished: Bool { tap.hasVanished }

    /// Makes the device, which is up from then on.
    ///
    /// - Parameter name: what the kernel's own datapath device is called, `ovs-system`.
    init(name: String) throws(SystemError) {
        tap = try TAPPort(name: name)
        try tap.device.setUp(true)
    }

    var interface: UInt32 { UInt32(tap.device.index ?? 0) }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        let first = batch.count
        let hasMore = tap.receive(into: batch, from: pool)
        var kept = first
        for index in first..<batch.count {
            let packet = batch.packets[index]
            if Self.removeHeader(packet) {
                batch.packets[kept] = packet
                kept += 1
            } else {
                pool.release(packet)
            }
        }
        batch.shorten(to: kept)
        return hasMore
    }

    /// Nothing is sent to userspace from userspace.
    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {}

    /// - Returns: false if the packet is none of the programs', but one that the host has sent.
    static func removeHeader(_ packet: PacketBuffer) -> Bool {
        let count = UpcallHeader.byteCount
        guard packet.byteCount >= count + 4 + 14 else { return false }
        let start = packet.start
        let first = start.loadUnaligned(as: UInt64.self)
        guard first & 0xffff_ffff_ffff == UpcallHeader.magic else { return false }
        let type = start.loadUnaligned(fromByteOffset: UpcallHeader.typePlace, as: UInt16.self)
        // A tag that the kernel held beside the packet stands before the type.
        let tag = EtherType.isVLAN(type.byteSwapped) ? 4 : 0
        let found = start.loadUnaligned(
            fromByteOffset: UpcallHeader.typePlace + tag, as: UInt16.self)
        guard found == UpcallHeader.type else { return false }
        packet.inPort = start.loadUnaligned(
            fromByteOffset: UpcallHeader.interface, as: UInt32.self)
        if tag > 0 {
            let tagged = start.loadUnaligned(
                fromByteOffset: UpcallHeader.typePlace, as: UInt32.self)
            let known = start.loadUnaligned(
                fromByteOffset: UpcallHeader.recirculation + tag, as: UInt64.self)
            start.storeBytes(of: known, toByteOffset: UpcallHeader.recirculation, as: UInt64.self)
            (start + count).copyMemory(from: start + count + tag, byteCount: 12)
            start.storeBytes(of: tagged, toByteOffset: count + 12, as: UInt32.self)
        }
        packet.pull(count)
        packet.header.pointee.offload.shift(by: -count)
        return true
    }

    /// What is known of a packet that ``receive(into:from:)`` has delivered.
    static func origin(of packet: PacketBuffer, port: UInt32) -> OffloadedOrigin {
        OffloadedOrigin(
            port: port,
            recirculationID: (packet.start - 8).loadUnaligned(as: UInt32.self),
            hash: (packet.start - 4).loadUnaligned(as: UInt32.self))
    }

    public func giveBack(to pool: PacketPool) { tap.giveBack(to: pool) }
}
