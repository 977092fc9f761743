import Addresses
import Bytes
public import FlowModel

extension PortDescription {
    /// Octets of a port on the wire.
    static func byteCount(_ version: OpenFlowVersion) -> Int { version == .v10 ? 48 : 64 }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let is10 = dialect.version == .v10
        let number: PortNumber
        if is10 {
            number = PortNumber(try reader.uint16())
        } else {
            guard let wide = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
            number = wide
            if dialect.version < .v14 { try reader.skip(4) }
        }
        // From OpenFlow 1.4 on, the length of the description stands here.
        let length = dialect.version >= .v14 ? Int(try reader.uint16()) : 0
        if dialect.version >= .v14 { try reader.skip(2) }
        let address = EthernetAddress(UInt64(try reader.integer(byteCount: 6)))
        if !is10 { try reader.skip(2) }
        self.init(
            number: number, hardwareAddress: address,
            name: try reader.text(Self.maxNameByteCount))
        config = PortConfig(rawValue: try reader.uint32() & Self.configBits(dialect.version))
        state = PortState(rawValue: try reader.uint32() & Self.stateBits(dialect.version))
        guard dialect.version < .v14 else {
            guard length >= Self.fixedByteCount14 else { throw .requestBadLength }
            var properties = try reader.part(
                length - Self.fixedByteCount14, lengthError: .requestBadLength)
            try decodeProperties(&properties, dialect)
            return
        }
        current = try reader.features(dialect)
        advertised = try reader.features(dialect)
        supported = try reader.features(dialect)
        peer = try reader.features(dialect)
        guard !is10 else { return }
        currentSpeed = try reader.uint32()
        maxSpeed = try reader.uint32()
    }

    /// Octets of a port before its properties.
    private static var fixedByteCount14: Int { 40 }

    /// Reads the properties of OpenFlow 1.4; those of optics and experimenters are skipped.
    private mutating func decodeProperties(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) {
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            guard type == PortProperty.ethernet else { return }
            try body.skip(4)
            current = try body.features(dialect)
            advertised = try body.features(dialect)
            supported = try body.features(dialect)
            peer = try body.features(dialect)
            currentSpeed = try body.uint32()
            maxSpeed = try body.uint32()
        }
    }

    /// The bits of ``PortConfig`` that a version has.
    static func configBits(_ version: OpenFlowVersion) -> UInt32 {
        let later: PortConfig = [.down, .noReceive, .noForward, .noPacketIn]
        return version == .v10 ? 0x7f : later.rawValue
    }

    private static func stateBits(_ version: OpenFlowVersion) -> UInt32 {
        version == .v10 ? 0x301 : 7
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let is10 = dialect.version == .v10
        let start = writer.count
        if is10 {
            writer.append(number.value)
        } else {
            writer.append(number.wide)
            writer.appendZeros(4)
        }
        writer.append(UInt128(hardwareAddress.value), byteCount: 6)
        if !is10 { writer.appendZeros(2) }
        writer.append(text: name, byteCount: Self.maxNameByteCount)
        writer.append(config.rawValue & Self.configBits(dialect.version))
        writer.append(state.rawValue & Self.stateBits(dialect.version))
        guard dialect.version < .v14 else {
            writer.property(PortProperty.ethernet) { writer in
                writer.appendZeros(4)
                encodeLink(dialect, into: &writer)
            }
            return writer.set16(at: start + 4, to: writer.count - start)
        }
        encodeLink(dialect, into: &writer)
    }

    private func encodeLink(_ dialect: Dialect, into writer: inout OctetWriter) {
        for features in [current, advertised, supported, peer] {
            writer.append(features, dialect)
        }
        guard dialect.version > .v10 else { return }
        writer.append(currentSpeed)
        writer.append(maxSpeed)
    }
}

extension PortFeatures {
    /// Kilobits a second of the fastest mode, which is all that OpenFlow 1.0 tells of speed.
    public var speed: UInt32 {
        let speeds: [(PortFeatures, UInt32)] = [
            (.full1T, 1_000_000_000), (.full100G, 100_000_000), (.full40G, 40_000_000),
            (.full10G, 10_000_000), ([.half1G, .full1G], 1_000_000),
            ([.half100M, .full100M], 100_000), ([.half10M, .full10M], 10_000),
        ]
        return speeds.first { !isDisjoint(with: $0.0) }?.1 ?? 0
    }
}

/// Properties of ports, of changes to them and of their counters.
private enum PortProperty {
    static var ethernet: UInt16 { 0 }
}

extension MessageReader {
    fileprivate mutating func features(_ dialect: Dialect) throws(OpenFlowError) -> PortFeatures {
        let bits = try uint32()
        return dialect.version == .v10
            ? PortFeatures(openFlow10: bits) : PortFeatures(rawValue: bits & 0xffff)
    }
}

extension OctetWriter {
    fileprivate mutating func append(_ features: PortFeatures, _ dialect: Dialect) {
        append(dialect.version == .v10 ? features.openFlow10 : features.rawValue)
    }
}

extension PortStatus {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        guard let reason = Reason(rawValue: try reader.uint8()) else { throw .nxRequestBadReason }
        try reader.skip(7)
        self.init(reason: reason, port: try PortDescription(&reader, dialect))
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.portStatus, dialect, xid) { writer in
            writer.append(reason.rawValue)
            writer.appendZeros(7)
            port.encode(dialect, into: &writer)
        }
    }
}

extension PortMod {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let is10 = dialect.version == .v10
        let number: PortNumber
        if is10 {
            number = PortNumber(try reader.uint16())
        } else {
            guard let wide = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
            number = wide
            try reader.skip(4)
        }
        let address = EthernetAddress(UInt64(try reader.integer(byteCount: 6)))
        if !is10 { try reader.skip(2) }
        let bits = PortDescription.configBits(dialect.version)
        self.init(
            port: number, hardwareAddress: address,
            config: PortConfig(rawValue: try reader.uint32() & bits),
            mask: PortConfig(rawValue: try reader.uint32() & bits))
        guard dialect.version < .v14 else {
            try reader.forEachProperty { (type, body) throws(OpenFlowError) in
                guard type == PortProperty.ethernet else {
                    guard dialect.isForgiving else { throw .propertyBadType }
                    return
                }
                advertised = try body.features(dialect)
            }
            return
        }
        advertised = try reader.features(dialect)
        try reader.skip(4)
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.portMod(dialect.version), dialect, xid) { writer in
            let is10 = dialect.version == .v10
            if is10 {
                writer.append(port.value)
            } else {
                writer.append(port.wide)
                writer.appendZeros(4)
            }
            writer.append(UInt128(hardwareAddress.value), byteCount: 6)
            if !is10 { writer.appendZeros(2) }
            let bits = PortDescription.configBits(dialect.version)
            writer.append(config.rawValue & bits)
            writer.append(mask.rawValue & bits)
            guard dialect.version < .v14 else {
                return writer.property(PortProperty.ethernet) {
                    $0.append(advertised, dialect)
                }
            }
            writer.append(advertised, dialect)
            writer.appendZeros(4)
        }
    }
}
