public import Datapath
public import FlowModel
public import OpenFlow
public import Pipeline

/// Meter-mods and what meters have counted (OpenFlow 1.3.5 §5.7).
extension VirtualSwitch {
    /// As many bands as a meter can have.
    static var maximumBands: Int { 8 }

    /// Carries out a meter-mod.
    public func modifyMeters(
        _ message: MeterMod, of managed: ManagedBridge, now: Milliseconds
    ) throws(OpenFlowError) {
        let config = message.config
        let old = managed.bridge.meters[config.id]
        if message.command == .delete {
            if config.id == MeterConfig.all {
                for id in managed.bridge.meters.keys.sorted() { removeMeter(id, of: managed) }
            } else if old != nil {
                removeMeter(config.id, of: managed)
            }
            network.bumpVersion()
            return
        }
        let isSpecial = config.id == MeterConfig.slowPath || config.id == MeterConfig.controller
        guard isSpecial || (1...MeterConfig.maximum).contains(config.id) else {
            throw .meterModInvalidMeter
        }
        if message.command == .add && old != nil { throw .meterModMeterExists }
        if message.command == .modify && old == nil { throw .meterModUnknownMeter }
        try Self.check(config)
        guard let number = old?.datapathNumber ?? takeMeterNumber() else {
            throw .meterModOutOfMeters
        }
        managed.bridge.meters[config.id] = Meter(
            config: config, datapathNumber: number, created: old?.created ?? now)
        link.setMeter(number, config)
        network.bumpVersion()
    }

    private static func check(_ config: MeterConfig) throws(OpenFlowError) {
        guard config.flags.contains(.kbps) != config.flags.contains(.pktps) else {
            throw .meterModBadFlags
        }
        guard config.bands.count <= maximumBands else { throw .meterModOutOfBands }
        for band in config.bands where band.rate == 0 { throw .meterModBadRate }
    }

    private func takeMeterNumber() -> UInt32? {
        let number = (0..<UserspaceDatapath.maximumMeters).first {
            !usedMeterNumbers.contains($0)
        }
        if let number { usedMeterNumbers.insert(number) }
        return number
    }

    func removeMeter(_ id: UInt32, of managed: ManagedBridge) {
        guard let meter = managed.bridge.meters.removeValue(forKey: id) else { return }
        usedMeterNumbers.remove(meter.datapathNumber)
        meterCounters[meter.datapathNumber] = nil
        link.removeMeter(meter.datapathNumber)
        remove(rulesOf: managed, because: .meterDelete) { Self.meters(in: $0).contains(id) }
    }

    /// Takes over what the datapath's meters have counted.
    public func absorb(meters: some Sequence<(number: UInt32, counters: MeterCounters)>) {
        for (number, counters) in meters { meterCounters[number] = counters }
    }

    // MARK: Statistics

    private func meters(
        _ id: UInt32, of managed: ManagedBridge
    ) throws(OpenFlowError) -> [Meter] {
        guard id != MeterConfig.all else {
            // Those that a controller cannot number come last, that of the controller first.
            let place = { (id: UInt32) in id > MeterConfig.maximum ? .max - (id & 0xff) : id }
            return managed.bridge.meters.values.sorted {
                place($0.config.id) < place($1.config.id)
            }
        }
        guard let meter = managed.bridge.meters[id] else { throw .meterModUnknownMeter }
        return [meter]
    }

    func meterConfigs(
        _ id: UInt32, of managed: ManagedBridge
    ) throws(OpenFlowError) -> [MeterConfig] {
        try meters(id, of: managed).map(\.config)
    }

    func meterStatistics(
        _ id: UInt32, of managed: ManagedBridge, _ now: Milliseconds
    ) throws(OpenFlowError) -> [MeterStats] {
        let references = referenceCounts(of: managed) { Self.meters(in: $0) }
        return try meters(id, of: managed).map { meter in
            let counters = meterCounters[meter.datapathNumber] ?? MeterCounters()
            let bands = meter.config.bands.indices.map { index -> GroupStats.Count in
                index < counters.bands.count ? .init(counters.bands[index]) : .init()
            }
            return MeterStats(
                id: meter.config.id, flowCount: references[meter.config.id] ?? 0,
                input: .init(counters.input), duration: .milliseconds(now - meter.created),
                bands: bands)
        }
    }

    static var meterFeatures: MeterFeatures {
        MeterFeatures(
            maxMeters: UserspaceDatapath.maximumMeters,
            bandTypes: 1 << 1 | 1 << 2, capabilities: 0xf, maxBands: UInt8(maximumBands))
    }
}

extension GroupStats.Count {
    fileprivate init(_ count: MeterCount) {
        self.init(packets: count.packets, bytes: count.octets)
    }
}
