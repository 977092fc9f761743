import FlowModel
import OpenFlow
import OpenFlowSession
import Pipeline
import Switch
import Transport

/// Packets for a controller: how many of them it gets, and in which form.
final class PacketInQueue {
    /// `controller_queue_size` where nothing is said, as in OVS.
    static let defaultSize = 100

    /// Of misses and of actions, which do not share their limit; nil without a limit.
    private var misses: PacketInSchedule<PacketIn>?
    private var actions: PacketInSchedule<PacketIn>?
    /// How many packets may wait for a controller that does not read.
    var size = PacketInQueue.defaultSize
    /// Packets that have been sent since the system last took everything.
    private var unsentCount = 0
    private(set) var overflowCount: UInt64 = 0

    /// Changes the limit; nil ends it.
    func setLimit(rate: Int?, burst: Int?, now: SessionTime) {
        guard let rate else {
            misses = nil
            actions = nil
            return
        }
        if misses == nil {
            misses = PacketInSchedule(rate: rate, burst: burst, now: now)
            actions = PacketInSchedule(rate: rate, burst: burst, now: now)
        } else {
            misses?.setLimits(rate: rate, burst: burst)
            actions?.setLimits(rate: rate, burst: burst)
        }
    }

    /// Whether the limit lets a packet be sent now.
    func admits(_ packet: PacketIn, at now: SessionTime) -> Bool {
        let port = packet.inPort.value
        return packet.reason == .noMatch
            ? misses?.admits(packet, from: port, at: now) ?? true
            : actions?.admits(packet, from: port, at: now) ?? true
    }

    /// Packets that have waited long enough.
    func takeReady(at now: SessionTime) -> [PacketIn] {
        (misses?.takeReady(at: now) ?? []) + (actions?.takeReady(at: now) ?? [])
    }

    var deadline: SessionTime? {
        [misses?.deadline, actions?.deadline].compactMap { $0 }.min()
    }

    /// Whether a packet may join those that the system has not taken, `byteCount` octets.
    func hasRoom(unsent byteCount: Int) -> Bool {
        if byteCount == 0 { unsentCount = 0 }
        guard unsentCount < size else {
            overflowCount += 1
            return false
        }
        if byteCount > 0 { unsentCount += 1 }
        return true
    }

    /// The keys of the `status` column.
    var status: [String: String] {
        var status: [String: String] = [:]
        for (name, statistics) in [("miss", misses?.statistics), ("action", actions?.statistics)] {
            guard let statistics else { continue }
            status["packet-in-\(name)-bypassed"] = String(statistics.bypassed)
            status["packet-in-\(name)-queued"] = String(statistics.queued)
            status["packet-in-\(name)-dropped"] = String(statistics.dropped)
            status["packet-in-\(name)-backlog"] = String(statistics.backlog)
        }
        return status
    }
}

extension OpenFlowConnection {
    func tell(_ packet: PacketInEvent) {
        let reason = self.reason(of: packet)
        guard session.wantsPacketIn(reason), packet.action.controllerID == session.controllerID
        else { return }
        let message = PacketIn(packet, reason)
        guard packets.admits(message, at: runtime.clock.now) else { return schedule() }
        send(message)
    }

    private func send(_ packet: PacketIn) {
        guard packets.hasRoom(unsent: stream.unsentByteCount) else { return }
        session.notify(.packetIn(packet))
    }

    /// Sends packets whose time has come.
    func sendReadyPackets() {
        for packet in packets.takeReady(at: runtime.clock.now) { send(packet) }
    }

    /// The reason as this connection's version tells it.
    private func reason(of packet: PacketInEvent) -> PacketInReason {
        switch packet.action.reason {
        case .explicitMiss: session.dialect.version < .v13 ? .action : .noMatch
        case .actionSet, .group, .packetOut:
            session.dialect.version < .v14 ? .action : packet.action.reason
        case .noMatch, .action, .invalidTTL: packet.action.reason
        }
    }
}

extension PacketIn {
    /// What a packet's metadata is besides the port it came in on; told where it is not zero.
    private static let metadataFields: [Field] =
        [.metadata, .tunnelID, .tunnelSource, .tunnelDestination, .tunnelIPv6Source]
        + [.tunnelIPv6Destination, .tunnelFlags, .tunnelGBPID, .tunnelGBPFlags, .erspanVersion]
        + [.erspanIndex, .erspanDirection, .erspanHardwareID, .gtpuFlags, .gtpuMessageType]
        + [.packetMark]
        + [.ctState, .ctZone, .ctMark, .ctLabel]
        + Field.allCases.filter {
            Field.reg0.rawValue <= $0.rawValue && $0.rawValue <= Field.reg31.rawValue
        }

    /// The packet goes whole whatever length was asked for, as nothing is kept in a buffer.
    fileprivate init(_ packet: PacketInEvent, _ reason: PacketInReason) {
        var metadata = Match()
        metadata.set(.inPort, to: UInt128(packet.key.inPort & 0xffff))
        for field in Self.metadataFields {
            let value = packet.key[field]
            if value != 0 { metadata.set(field, to: value) }
        }
        for index in 0..<Field.tunnelOptionCount where packet.key[.option(index)] != 0 {
            metadata.set(.tunnelOption(index), to: packet.key[.tunnelOption(index)])
        }
        metadata.setOriginalTuple(of: packet.key)
        self.init(
            reason: reason, tableID: packet.table, cookie: packet.cookie,
            metadata: metadata, data: packet.octets, userdata: packet.action.userdata)
        continuation = packet.continuation
    }
}

extension Match {
    /// Tells the tuple of the first packet of a packet's connection, if it has one.
    fileprivate mutating func setOriginalTuple(of key: FlowKey) {
        // In a new or established connection, or an answer.
        let isKnown = key[.ctState] & 0xb != 0
        guard key[.ctState] != 0 else { return }
        set(.etherType, to: UInt128(key.etherType))
        guard isKnown, key[.ctProtocol] != 0 else { return }
        let addresses: [Field] =
            key.etherType == EtherType.ipv4
            ? [.ctIPv4Source, .ctIPv4Destination] : [.ctIPv6Source, .ctIPv6Destination]
        let ports: [Field] = [.ctProtocol, .ctTransportSource, .ctTransportDestination]
        for field in addresses + ports { set(field, to: key[field]) }
    }
}
