import Addresses
import Bytes
import FlowModel

extension PortDescription {
    /// Octets of a port on the wire.
    static func byteCount(_ version: OpenFlowVersion) -> Int { version == .v10 ? 48 : 64 }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let is10 = dialect.version == .v10
        let number: PortNumber
        if is10 {
            number = PortNumber(try reader.uint16())
        } else {
            guard let wide = PortNumber(wide: try reader.uint32()) else { throw .requestBadPort }
            number = wide
            try reader.skip(4)
        }
        let address = EthernetAddress(UInt64(try reader.integer(byteCount: 6)))
        if !is10 { try reader.skip(2) }
        self.init(
            number: number, hardwareAddress: address,
            name: try reader.text(Self.maxNameByteCount))
        config = PortConfig(rawValue: try reader.uint32() & Self.configBits(dialect.version))
        state = PortState(rawValue: try reader.uint32() & Self.stateBits(dialect.version))
        current = try reader.features(dialect)
        advertised = try reader.features(dialect)
        supported = try reader.features(dialect)
        peer = try reader.features(dialect)
        guard !is10 else { return }
        currentSpeed = try reader.uint32()
        maxSpeed = try reader.uint32()
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
        for features in [current, advertised, supported, peer] {
            writer.append(features, dialect)
        }
        guard !is10 else { return }
        writer.append(currentSpeed)
        writer.append(maxSpeed)
    }
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
            guard let wide = PortNumber(wide: try reader.uint32()) else { throw .requestBadPort }
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
            writer.append(advertised, dialect)
            writer.appendZeros(4)
        }
    }
}

extension PortStats {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        if dialect.version == .v10 {
            self.init(port: PortNumber(try reader.uint16()))
            try reader.skip(6)
        } else {
            guard let port = PortNumber(wide: try reader.uint32()) else { throw .requestBadPort }
            self.init(port: port)
            try reader.skip(4)
        }
        receivedPackets = try reader.uint64()
        transmittedPackets = try reader.uint64()
        receivedBytes = try reader.uint64()
        transmittedBytes = try reader.uint64()
        receiveDropped = try reader.uint64()
        transmitDropped = try reader.uint64()
        receiveErrors = try reader.uint64()
        transmitErrors = try reader.uint64()
        receiveFrameErrors = try reader.uint64()
        receiveOverrunErrors = try reader.uint64()
        receiveCRCErrors = try reader.uint64()
        collisions = try reader.uint64()
        if dialect.version >= .v13 { duration = try reader.optionalDuration() }
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version == .v10 {
            writer.append(port.value)
            writer.appendZeros(6)
        } else {
            writer.append(port.wide)
            writer.appendZeros(4)
        }
        for count in [
            receivedPackets, transmittedPackets, receivedBytes, transmittedBytes, receiveDropped,
            transmitDropped, receiveErrors, transmitErrors, receiveFrameErrors,
            receiveOverrunErrors, receiveCRCErrors, collisions,
        ] {
            writer.append(count)
        }
        if dialect.version >= .v13 { writer.append(duration) }
    }
}

extension QueueStats {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        if dialect.version == .v10 {
            let port = PortNumber(try reader.uint16())
            try reader.skip(2)
            self.init(port: port, queueID: try reader.uint32())
        } else {
            guard let port = PortNumber(wide: try reader.uint32()) else { throw .requestBadPort }
            self.init(port: port, queueID: try reader.uint32())
        }
        transmittedBytes = try reader.uint64()
        transmittedPackets = try reader.uint64()
        transmitErrors = try reader.uint64()
        if dialect.version >= .v13 { duration = try reader.optionalDuration() }
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version == .v10 {
            writer.append(port.value)
            writer.append(UInt16(0))
        } else {
            writer.append(port.wide)
        }
        writer.append(queueID)
        writer.append(transmittedBytes)
        writer.append(transmittedPackets)
        writer.append(transmitErrors)
        if dialect.version >= .v13 { writer.append(duration) }
    }
}

extension QueueConfig {
    /// Octets of a queue without properties.
    private static func queueByteCount(_ version: OpenFlowVersion) -> Int {
        version == .v10 ? 8 : 16
    }

    /// Reads the port that a request names.
    static func decodePort(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> PortNumber {
        if dialect.version == .v10 {
            let port = PortNumber(try reader.uint16())
            try reader.skip(2)
            return port
        }
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .requestBadPort }
        try reader.skip(4)
        return port
    }

    static func encode(port: PortNumber, _ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version == .v10 {
            writer.append(port.value)
            writer.append(UInt16(0))
        } else {
            writer.append(port.wide)
            writer.appendZeros(4)
        }
    }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(port: try Self.decodePort(&reader, dialect))
        let isNarrow = dialect.version == .v10
        if isNarrow { try reader.skip(4) }
        while !reader.isAtEnd {
            queues.append(try reader.uint32())
            if !isNarrow { try reader.skip(4) }
            let length = Int(try reader.uint16())
            let fixed = Self.queueByteCount(dialect.version)
            guard length >= fixed else { throw .requestBadLength }
            try reader.skip(isNarrow ? 2 : 6)
            try reader.skip(length - fixed)
        }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        let type = MessageType.queueConfigReply(dialect.version)
        writer.message(type, dialect, xid) { writer in
            let isNarrow = dialect.version == .v10
            Self.encode(port: port, dialect, into: &writer)
            if isNarrow { writer.appendZeros(4) }
            for queue in queues {
                writer.append(queue)
                if !isNarrow { writer.append(port.wide) }
                writer.append(UInt16(Self.queueByteCount(dialect.version)))
                writer.appendZeros(isNarrow ? 2 : 6)
            }
        }
    }
}
