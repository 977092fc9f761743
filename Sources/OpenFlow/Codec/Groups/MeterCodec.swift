import Bytes
import FlowModel

extension MeterBand {
    private static var byteCount: Int { 16 }

    /// Reads bands to the end.
    static func decodeAll(_ reader: inout MessageReader) throws(OpenFlowError) -> [MeterBand] {
        var bands: [MeterBand] = []
        while !reader.isAtEnd {
            guard reader.remaining >= byteCount else { throw .requestBadLength }
            let type = try reader.uint16()
            guard Int(try reader.uint16()) == byteCount else { throw .requestBadLength }
            guard let kind = Kind(rawValue: type) else { throw .meterModBadBand }
            var band = MeterBand(
                kind: kind, rate: try reader.uint32(), burst: try reader.uint32())
            let level = try reader.uint8()
            if kind == .dscpRemark { band.precedenceLevel = level }
            try reader.skip(3)
            bands.append(band)
        }
        return bands
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(kind.rawValue)
        writer.append(UInt16(Self.byteCount))
        writer.append(rate)
        writer.append(burst)
        writer.append(precedenceLevel)
        writer.appendZeros(3)
    }
}

extension MeterConfig {
    /// Reads one entry of OFPMP_METER_CONFIG.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        let length = Int(try reader.uint16())
        guard length >= 8 else { throw .requestBadLength }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        let flags = Flags(rawValue: try part.uint16())
        self.init(id: try part.uint32(), flags: flags)
        bands = try MeterBand.decodeAll(&part)
    }

    func encode(into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(UInt16(0))
        writer.append(flags.rawValue)
        writer.append(id)
        for band in bands { band.encode(into: &writer) }
        writer.set16(at: start, to: writer.count - start)
    }
}

extension MeterMod {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        guard let command = Command(rawValue: try reader.uint16()) else {
            throw .meterModBadCommand
        }
        let flags = MeterConfig.Flags(rawValue: try reader.uint16())
        var config = MeterConfig(id: try reader.uint32(), flags: flags)
        if command == .delete {
            // What a meter was does not matter when it goes.
            try reader.skip(reader.remaining)
            if dialect.isForgiving { config.flags = [] }
        } else {
            guard flags.isSubset(of: .known) || dialect.isForgiving,
                !flags.isSuperset(of: [.kbps, .pktps])
            else { throw .meterModBadFlags }
            config.bands = try MeterBand.decodeAll(&reader)
        }
        self.init(command: command, config: config)
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        guard dialect.version >= .v13 else { return }
        writer.message(MessageType.meterMod, dialect, xid) { writer in
            writer.append(command.rawValue)
            writer.append(config.flags.rawValue)
            writer.append(config.id)
            for band in config.bands { band.encode(into: &writer) }
        }
    }
}

extension MeterStats {
    private static var fixedByteCount: Int { 40 }

    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init(id: try reader.uint32())
        let length = Int(try reader.uint16())
        guard length >= Self.fixedByteCount else { throw .requestBadLength }
        var part = try reader.part(length - 6, lengthError: .requestBadLength)
        try part.skip(6)
        flowCount = try part.uint32()
        input = try GroupStats.Count(&part)
        duration = try part.duration()
        while !part.isAtEnd { bands.append(try GroupStats.Count(&part)) }
    }

    func encode(into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(id)
        writer.append(UInt16(0))
        writer.appendZeros(6)
        writer.append(flowCount)
        input.encode(into: &writer)
        writer.append(duration)
        for band in bands { band.encode(into: &writer) }
        writer.set16(at: start + 4, to: writer.count - start)
    }
}

extension MeterFeatures {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init(
            maxMeters: try reader.uint32(), bandTypes: try reader.uint32(),
            capabilities: try reader.uint32(), maxBands: try reader.uint8(),
            maxColor: try reader.uint8())
        try reader.skip(2)
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(maxMeters)
        writer.append(bandTypes)
        writer.append(capabilities)
        writer.append(maxBands)
        writer.append(maxColor)
        writer.appendZeros(2)
    }
}
