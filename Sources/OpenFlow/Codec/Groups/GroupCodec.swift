import Bytes
import FlowModel

/// Properties of buckets in OpenFlow 1.5.
private enum BucketProperty {
    static var weight: UInt16 { 0 }
    static var watchPort: UInt16 { 1 }
    static var watchGroup: UInt16 { 2 }
}

/// The property of groups that names a selection method.
private enum GroupProperty {
    static var experimenter: UInt16 { 0xffff }
    static var netronome: UInt32 { 0x0000_154d }
    static var selectionMethod: UInt32 { 1 }
}

extension Bucket {
    /// Reads buckets to the end.
    static func decodeAll(
        _ reader: inout MessageReader, _ dialect: Dialect, in type: GroupType
    ) throws(OpenFlowError) -> [Bucket] {
        var buckets: [Bucket] = []
        while !reader.isAtEnd {
            guard !dialect.hasBucketIDs else {
                buckets.append(try decode15(&reader, dialect, in: type))
                continue
            }
            var bucket = try decodeOld(&reader, dialect)
            bucket.id = UInt32(buckets.count)
            buckets.append(bucket)
        }
        return buckets
    }

    private static func decodeOld(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> Bucket {
        let length = Int(try reader.uint16())
        guard length >= 16, length % 8 == 0, length - 2 <= reader.remaining else {
            throw .groupModBadBucket
        }
        var part = try reader.part(length - 2, lengthError: .groupModBadBucket)
        var bucket = Bucket(weight: try part.uint16())
        bucket.watchPort = try port(&part)
        bucket.watchGroup = try part.uint32()
        try part.skip(4)
        bucket.actions = try decodeActions(&part, dialect)
        return bucket
    }

    private static func port(_ reader: inout MessageReader) throws(OpenFlowError) -> PortNumber {
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .groupModBadWatch }
        return port
    }

    private static func decodeActions(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> [Action] {
        var part = try reader.part(reader.remaining, lengthError: .actionBadLength)
        return try ActionDecoder(version: dialect.version).decodeActions(&part)
    }

    private static func decode15(
        _ reader: inout MessageReader, _ dialect: Dialect, in type: GroupType
    ) throws(OpenFlowError) -> Bucket {
        let length = Int(try reader.uint16())
        let actionLength = Int(try reader.uint16())
        guard length >= 8, length % 8 == 0, length - 4 <= reader.remaining,
            actionLength <= length - 8
        else { throw .groupModBadBucket }
        var part = try reader.part(length - 4, lengthError: .groupModBadBucket)
        var bucket = Bucket(id: try part.uint32(), weight: type == .select ? 1 : 0)
        var actions = try part.part(actionLength, lengthError: .groupModBadBucket)
        bucket.actions = try decodeActions(&actions, dialect)
        try part.forEachProperty { (type, body) throws(OpenFlowError) in
            switch type {
            case BucketProperty.weight: bucket.weight = try body.uint16()
            case BucketProperty.watchPort: bucket.watchPort = try port(&body)
            case BucketProperty.watchGroup: bucket.watchGroup = try body.uint32()
            default: throw .propertyBadType
            }
        }
        return bucket
    }

    /// - Parameter type: the group's, which says what a bucket has to tell in OpenFlow 1.5.
    func encode(_ dialect: Dialect, in type: GroupType, into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(UInt16(0))
        var encoder = ActionEncoder(version: dialect.version)
        guard dialect.hasBucketIDs else {
            writer.append(weight)
            writer.append(watchPort.wide)
            writer.append(watchGroup)
            writer.appendZeros(4)
            encoder.encodeActions(actions, into: &writer)
            return writer.set16(at: start, to: writer.count - start)
        }
        writer.append(UInt16(0))
        writer.append(id)
        let actionStart = writer.count
        encoder.encodeActions(actions, into: &writer)
        writer.set16(at: start + 2, to: writer.count - actionStart)
        if type == .select || weight != 0 {
            writer.property(BucketProperty.weight) {
                $0.append(weight)
                $0.append(UInt16(0))
            }
        }
        if watchPort != .none {
            writer.property(BucketProperty.watchPort) { $0.append(watchPort.wide) }
        }
        if watchGroup != FlowMod.anyGroup {
            writer.property(BucketProperty.watchGroup) { $0.append(watchGroup) }
        }
        writer.set16(at: start, to: writer.count - start)
    }
}

extension GroupSelection {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            guard type == GroupProperty.experimenter else { throw .propertyBadType }
            guard try body.uint32() == GroupProperty.netronome else {
                throw .propertyBadExperimenter
            }
            guard try body.uint32() == GroupProperty.selectionMethod else {
                throw .propertyBadExperimenterType
            }
            try body.skip(4)
            method = try body.text(Self.maxNameByteCount)
            parameter = try body.uint64()
            while !body.isAtEnd { fields.append(try FieldMask(&body)) }
        }
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        guard !isDefault else { return }
        writer.property(GroupProperty.experimenter) { writer in
            writer.append(GroupProperty.netronome)
            writer.append(GroupProperty.selectionMethod)
            writer.appendZeros(4)
            writer.append(text: method, byteCount: Self.maxNameByteCount)
            writer.append(parameter)
            for field in fields { field.encode(dialect, into: &writer) }
        }
    }
}

extension GroupSelection.FieldMask {
    /// Reads a field whose value is the mask.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        let header = try FieldHeader(&reader, lengthError: .propertyBadLength)
        guard let field = header.field, !header.hasMask,
            header.payloadByteCount == FieldCoding.of(field).byteCount
        else { throw .matchBadField }
        let ones = FieldCoding.of(field).location.ones
        let mask = try reader.integer(byteCount: header.payloadByteCount) & ones
        self.init(field: field, mask: mask)
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let coding = FieldCoding.of(field)
        let code = dialect.version == .v10 ? coding.nxm : coding.oxm(dialect.version)
        guard let code else { return }
        writer.append(code.header)
        if code.isExperimenter { writer.append(code.experimenter) }
        writer.append(mask, byteCount: coding.byteCount)
    }
}

extension GroupMod {
    /// Reads OFPT_GROUP_MOD, behind the header, or NXT_GROUP_MOD, behind the subtype.
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let number = try reader.uint16()
        let typeNumber = try reader.uint8()
        try reader.skip(1)
        let id = try reader.uint32()
        let length = dialect.hasBucketIDs ? Int(try reader.uint16()) : 0
        if dialect.hasBucketIDs { try reader.skip(2) }
        let bucketID = dialect.hasBucketIDs ? try reader.uint32() : Bucket.all
        try Self.check(bucketID, for: Command(rawValue: number))
        guard let type = GroupType(rawValue: typeNumber) else { throw .groupModBadType }
        guard let command = Command(rawValue: number) else { throw .groupModBadCommand }
        self.init(command: command, type: type, id: id, commandBucketID: bucketID)
        guard dialect.hasBucketIDs else {
            buckets = try Bucket.decodeAll(&reader, dialect, in: type)
            try check(dialect.version)
            return
        }
        guard length <= reader.remaining else { throw .groupModBadBucket }
        var part = try reader.part(length, lengthError: .groupModBadBucket)
        buckets = try Bucket.decodeAll(&part, dialect, in: type)
        selection = try GroupSelection(&reader)
        try check(dialect.version)
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        if dialect.version == .v10 {
            writer.nicira(NiciraMessageType.groupMod, dialect, xid) { body(dialect, into: &$0) }
        } else {
            writer.message(MessageType.groupMod, dialect, xid) { body(dialect, into: &$0) }
        }
    }

    private func body(_ dialect: Dialect, into writer: inout OctetWriter) {
        writer.append(command.rawValue)
        writer.append(type.rawValue)
        writer.append(UInt8(0))
        writer.append(id)
        guard dialect.hasBucketIDs else {
            for bucket in buckets { bucket.encode(dialect, in: type, into: &writer) }
            return
        }
        let lengthOffset = writer.count
        writer.appendZeros(4)
        writer.append(commandBucketID)
        let start = writer.count
        for bucket in buckets { bucket.encode(dialect, in: type, into: &writer) }
        writer.set16(at: lengthOffset, to: writer.count - start)
        selection.encode(dialect, into: &writer)
    }
}

extension GroupDescription {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let length = Int(try reader.uint16())
        guard length >= 8 else { throw .requestBadLength }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        guard let type = GroupType(rawValue: try part.uint8()) else { throw .groupModBadType }
        try part.skip(1)
        self.init(type: type, id: try part.uint32())
        guard dialect.hasBucketIDs else {
            buckets = try Bucket.decodeAll(&part, dialect, in: type)
            return
        }
        let bucketLength = Int(try part.uint16())
        try part.skip(6)
        var bucketPart = try part.part(bucketLength, lengthError: .requestBadLength)
        buckets = try Bucket.decodeAll(&bucketPart, dialect, in: type)
        selection = try GroupSelection(&part)
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(UInt16(0))
        writer.append(type.rawValue)
        writer.append(UInt8(0))
        writer.append(id)
        let is15 = dialect.hasBucketIDs
        let lengthOffset = writer.count
        if is15 { writer.appendZeros(8) }
        let bucketStart = writer.count
        for bucket in buckets { bucket.encode(dialect, in: type, into: &writer) }
        if is15 {
            writer.set16(at: lengthOffset, to: writer.count - bucketStart)
            selection.encode(dialect, into: &writer)
        }
        writer.set16(at: start, to: writer.count - start)
    }
}

extension GroupStats {
    /// OpenFlow 1.3 added the duration, and Nicira's message has it too.
    private static func hasDuration(_ version: OpenFlowVersion) -> Bool {
        version >= .v13 || version == .v10
    }

    private static func fixedByteCount(_ version: OpenFlowVersion) -> Int {
        hasDuration(version) ? 40 : 32
    }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let length = Int(try reader.uint16())
        guard length >= Self.fixedByteCount(dialect.version) else { throw .requestBadLength }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        try part.skip(2)
        self.init(id: try part.uint32(), referenceCount: try part.uint32())
        try part.skip(4)
        count = try Count(&part)
        if Self.hasDuration(dialect.version) { duration = try part.duration() }
        while !part.isAtEnd { buckets.append(try Count(&part)) }
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let start = writer.count
        writer.appendZeros(4)
        writer.append(id)
        writer.append(referenceCount)
        writer.appendZeros(4)
        count.encode(into: &writer)
        if Self.hasDuration(dialect.version) { writer.append(duration ?? .zero) }
        for bucket in buckets { bucket.encode(into: &writer) }
        writer.set16(at: start, to: writer.count - start)
    }
}

extension GroupStats.Count {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init(packets: try reader.uint64(), bytes: try reader.uint64())
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(packets)
        writer.append(bytes)
    }
}

extension GroupFeatures {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init(types: try reader.uint32(), capabilities: try reader.uint32())
        for index in 0..<4 { maxGroups[index] = try reader.uint32() }
        for index in 0..<4 { actions[index] = try reader.uint32() }
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(types)
        writer.append(capabilities)
        for count in maxGroups { writer.append(count) }
        for bits in actions { writer.append(bits) }
    }
}
