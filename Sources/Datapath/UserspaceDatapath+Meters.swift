public import FlowModel

/// Meters, by the numbers that the owner gives them.
///
/// They are the same ones for all threads (``DatapathCommons``).
extension UserspaceDatapath {
    /// As many as OVS says of itself.
    public static var maximumMeters: UInt32 { 262_144 }

    /// Makes a meter, or has one go on with other bands.
    public func setMeter(_ number: UInt32, _ config: MeterConfig, now: UInt64) {
        guard number < Self.maximumMeters else { return }
        commons.withMeters { $0.set(number, config, now: now) }
    }

    public func removeMeter(_ number: UInt32) { commons.withMeters { $0.remove(number) } }

    /// What a meter has counted, or `nil` without such a meter.
    public func counters(ofMeter number: UInt32) -> MeterCounters? {
        commons.withMeters { $0[number]?.pointee.counters }
    }

    /// Calls `body` with the counters of each meter.
    public func forEachMeter(_ body: (UInt32, MeterCounters) -> Void) {
        commons.withMeters { $0.forEach(body) }
    }

    /// Counts a packet by a meter; one that is not there lets everything pass.
    func verdict(
        ofMeter number: UInt32, on packet: PacketBuffer, now: UInt64
    ) -> MeterState.Verdict {
        commons.withMeters { meters in
            guard let meter = meters[number] else { return .pass }
            return meter.pointee.admit(byteCount: packet.byteCount, now: now)
        }
    }
}
