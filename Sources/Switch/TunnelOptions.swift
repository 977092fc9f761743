import OpenFlow

/// Which options of tunnels have fields `tun_metadataN` on a bridge (ovs-fields(7), "Tunnel
/// Metadata").
struct TunnelOptions: Sendable {
    /// As OVS.
    static let maximumSpace = 256
    static let maximumFields = 64

    private var mappings: [UInt16: TLVMapping] = [:]

    /// The mappings in the order of their fields.
    var table: TLVTable {
        TLVTable(
            maxSpace: UInt32(Self.maximumSpace), maxFields: UInt16(Self.maximumFields),
            mappings: mappings.values.sorted { $0.index < $1.index })
    }

    /// Carries out all of a message, or nothing.
    mutating func change(_ message: TLVTableMod) throws(OpenFlowError) {
        var changed = mappings
        switch message.command {
        case .clear: changed = [:]
        case .add:
            for mapping in message.mappings { try Self.add(mapping, to: &changed) }
        case .delete:
            // As in OVS, the field alone says what goes.
            for mapping in message.mappings { changed[mapping.index] = nil }
        }
        mappings = changed
    }

    private static func add(
        _ mapping: TLVMapping, to mappings: inout [UInt16: TLVMapping]
    ) throws(OpenFlowError) {
        guard mapping.index < maximumFields else { throw .tlvTableBadFieldIndex }
        guard mapping.byteCount > 0, mapping.byteCount % 4 == 0,
            mapping.byteCount <= TLVMapping.maxByteCount
        else { throw .tlvTableBadOptionLength }
        guard !mappings.values.contains(where: { $0.isOfSameOption(as: mapping) }) else {
            throw .tlvTableDuplicateEntry
        }
        guard mappings[mapping.index] == nil else { throw .tlvTableAlreadyMapped }
        let space = mappings.values.reduce(Int(mapping.byteCount)) { $0 + Int($1.byteCount) }
        guard space <= maximumSpace else { throw .tlvTableTableFull }
        mappings[mapping.index] = mapping
    }
}

extension TLVMapping {
    fileprivate func isOfSameOption(as other: TLVMapping) -> Bool {
        optionClass == other.optionClass && type == other.type
    }
}
