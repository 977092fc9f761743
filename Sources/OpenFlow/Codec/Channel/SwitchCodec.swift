import Bytes
import FlowModel

extension SwitchFeatures {
    /// Bits of the capabilities that mean the same in every version.
    private static var commonBits: UInt32 { 0xe7 }

    /// The bits of the capabilities that a version has.
    private static func bits(_ version: OpenFlowVersion) -> UInt32 {
        switch version {
        case .v10, .v11: commonBits | (version == .v10 ? 0 : Capabilities.groupStats.rawValue)
        case .v12, .v13: 0x16f
        default: 0x76f
        }
    }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(datapathID: try reader.uint64(), actions: 0)
        bufferCount = try reader.uint32()
        tableCount = try reader.uint8()
        let auxiliary = try reader.uint8()
        if dialect.version >= .v13 { auxiliaryID = auxiliary }
        try reader.skip(2)
        let bits = try reader.uint32()
        if dialect.version == .v10 {
            capabilities = Capabilities(rawValue: bits & Self.bits(.v10))
            if bits & 8 != 0 { capabilities.insert(.stp) }
            actions = try reader.uint32()
            while !reader.isAtEnd { ports.append(try PortDescription(&reader, dialect)) }
        } else {
            capabilities = Capabilities(rawValue: bits & Self.bits(dialect.version))
            try reader.skip(4)
            guard dialect.version < .v13 else { return }
            while !reader.isAtEnd { ports.append(try PortDescription(&reader, dialect)) }
        }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.featuresReply, dialect, xid) { writer in
            writer.append(datapathID)
            writer.append(bufferCount)
            writer.append(tableCount)
            let is10 = dialect.version == .v10
            writer.append(dialect.version >= .v13 ? auxiliaryID : 0)
            writer.appendZeros(2)
            guard is10 else {
                let hidden: Capabilities = dialect.version >= .v12 ? [.stp, .arpMatchIP] : [.stp]
                writer.append(capabilities.subtracting(hidden).rawValue)
                writer.append(UInt32(0))
                return encodePorts(dialect, into: &writer)
            }
            let stp: UInt32 = capabilities.contains(.stp) ? 8 : 0
            writer.append(capabilities.rawValue & Self.commonBits | stp)
            writer.append(actions)
            encodePorts(dialect, into: &writer)
        }
    }

    /// Appends the ports, of which OpenFlow 1.3 and later tell elsewhere.
    private func encodePorts(_ dialect: Dialect, into writer: inout OctetWriter) {
        guard dialect.version < .v13 else { return }
        // Ports that do not fit are left to OFPST_PORT_DESC, as in OVS.
        let room = (0xffff - 32) / PortDescription.byteCount(dialect.version)
        for port in ports.prefix(room) { port.encode(dialect, into: &writer) }
    }
}

extension SwitchConfig {
    private static var invalidTTLBit: UInt16 { 4 }

    /// Reads what a switch tells, of which what is unknown is passed over.
    init(reply reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let flags = try reader.uint16()
        self.init(
            fragments: FragmentHandling(rawValue: flags & 3) ?? .normal,
            sendsInvalidTTL: flags & Self.invalidTTLBit != 0 && dialect.version < .v13,
            missSendLength: try reader.uint16())
    }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let flags = try reader.uint16()
        guard flags & ~7 == 0, let fragments = FragmentHandling(rawValue: flags & 3) else {
            throw .switchConfigBadFlags
        }
        let hasBit = flags & Self.invalidTTLBit != 0
        guard !hasBit || dialect.version < .v13 else { throw .switchConfigBadFlags }
        self.init(
            fragments: fragments, sendsInvalidTTL: hasBit, missSendLength: try reader.uint16())
    }

    func encode(
        _ type: UInt8, _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        writer.message(type, dialect, xid) { writer in
            let ttl = sendsInvalidTTL && dialect.version < .v13 ? Self.invalidTTLBit : 0
            writer.append(fragments.rawValue | ttl)
            writer.append(missSendLength)
        }
    }
}

extension SwitchDescription {
    private static var longByteCount: Int { 256 }
    private static var shortByteCount: Int { 32 }

    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        manufacturer = try reader.text(Self.longByteCount)
        hardware = try reader.text(Self.longByteCount)
        software = try reader.text(Self.longByteCount)
        serialNumber = try reader.text(Self.shortByteCount)
        datapath = try reader.text(Self.longByteCount)
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(text: manufacturer, byteCount: Self.longByteCount)
        writer.append(text: hardware, byteCount: Self.longByteCount)
        writer.append(text: software, byteCount: Self.longByteCount)
        writer.append(text: serialNumber, byteCount: Self.shortByteCount)
        writer.append(text: datapath, byteCount: Self.longByteCount)
    }
}
