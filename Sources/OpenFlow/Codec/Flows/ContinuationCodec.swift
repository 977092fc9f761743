import Bytes
import FlowModel

/// Properties of a continuation; those of OVS 3.1.
private enum ContinuationProperty {
    static var bridge: UInt16 { 0x8000 }
    static var stack: UInt16 { 0x8001 }
    static var mirrors: UInt16 { 0x8002 }
    static var conntracked: UInt16 { 0x8003 }
    static var tableID: UInt16 { 0x8004 }
    static var cookie: UInt16 { 0x8005 }
    static var actions: UInt16 { 0x8006 }
    static var actionSet: UInt16 { 0x8007 }
    static var datapathPort: UInt16 { 0x8008 }
}

extension Continuation {
    /// Reads what stands within the property of a packet-in or of NXT_RESUME.
    ///
    /// - Parameter version: that of the message, in whose way its actions are encoded.
    init(_ reader: inout MessageReader, _ version: OpenFlowVersion) throws(OpenFlowError) {
        self.init()
        var (table, cookie): (UInt8, UInt64) = (0, 0)
        let decoder = ActionDecoder(version: version)
        try reader.skip(min(4, reader.remaining))
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            switch type {
            case ContinuationProperty.bridge: bridge = try body.rest()
            case ContinuationProperty.stack: stack.insert(try body.rest(), at: 0)
            case ContinuationProperty.mirrors: break
            case ContinuationProperty.conntracked: isTracked = true
            case ContinuationProperty.tableID: table = try body.uint8()
            case ContinuationProperty.cookie:
                try body.skip(4)
                cookie = try body.uint64()
            case ContinuationProperty.actions:
                try body.skip(4)
                let actions = try decoder.decodeActions(&body)
                groups.append(Group(table: table, cookie: cookie, actions: actions))
            case ContinuationProperty.actionSet:
                try body.skip(4)
                actionSet = try decoder.decodeActions(&body)
            case ContinuationProperty.datapathPort: datapathPort = try body.uint32()
            default: throw .propertyBadType
            }
        }
        guard bridge.count == 16 else { throw .propertyBadLength }
    }

    func encode(_ version: OpenFlowVersion, into writer: inout OctetWriter) {
        writer.appendZeros(4)
        writer.property(ContinuationProperty.bridge) { $0.append(contentsOf: bridge) }
        for value in stack.reversed() {
            writer.property(ContinuationProperty.stack) { $0.append(contentsOf: value) }
        }
        if isTracked { writer.property(ContinuationProperty.conntracked) { _ in } }
        var (table, cookie): (UInt8, UInt64) = (0, 0)
        for group in groups {
            if group.table != table {
                writer.property(ContinuationProperty.tableID) { $0.append(group.table) }
            }
            if group.cookie != cookie {
                writer.property(ContinuationProperty.cookie) {
                    $0.appendZeros(4)
                    $0.append(group.cookie)
                }
            }
            (table, cookie) = (group.table, group.cookie)
            encode(group.actions, version, as: ContinuationProperty.actions, into: &writer)
        }
        if !actionSet.isEmpty {
            encode(actionSet, version, as: ContinuationProperty.actionSet, into: &writer)
        }
        if let datapathPort {
            writer.property(ContinuationProperty.datapathPort) { $0.append(datapathPort) }
        }
    }

    private func encode(
        _ actions: [Action], _ version: OpenFlowVersion, as type: UInt16,
        into writer: inout OctetWriter
    ) {
        writer.property(type) { writer in
            writer.appendZeros(4)
            var encoder = ActionEncoder(version: version)
            encoder.encodeActions(actions, into: &writer)
        }
    }
}
