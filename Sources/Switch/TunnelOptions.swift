import Classifier
import FlowModel
import OpenFlow
import Pipeline

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

    /// What of this the pipeline needs: keys have no room for longer values, so that rules cannot
    /// name their fields.
    var lengths: TunnelOptionLengths {
        var lengths = TunnelOptionLengths()
        for mapping in mappings.values
        where Int(mapping.byteCount) <= TunnelOptionLengths.maxByteCount {
            lengths[Int(mapping.index)] = Int(mapping.byteCount)
        }
        return lengths
    }

    /// How the options are written that have fields.
    var geneveOptions: [Int: GeneveOptionKind] {
        var kinds: [Int: GeneveOptionKind] = [:]
        for mapping in mappings.values {
            kinds[Int(mapping.index)] = GeneveOptionKind(
                optionClass: mapping.optionClass, type: mapping.type,
                byteCount: Int(mapping.byteCount))
        }
        return kinds
    }

    /// Carries out all of a message, or nothing.
    ///
    /// - Parameter used: the fields that rules name, which must stay.
    mutating func change(
        _ message: TLVTableMod, used: @autoclosure () -> Set<UInt16>
    ) throws(OpenFlowError) {
        var changed = mappings
        switch message.command {
        case .clear:
            guard used().isDisjoint(with: mappings.keys) else {
                throw .tlvTableInvalidTLVDeletion
            }
            changed = [:]
        case .add:
            for mapping in message.mappings { try Self.add(mapping, to: &changed) }
        case .delete:
            let used = used()
            guard !message.mappings.contains(where: { used.contains($0.index) }) else {
                throw .tlvTableInvalidTLVDeletion
            }
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

extension TunnelOptionLengths {
    /// Makes a match that was read without the map one of the bridge's.
    func settle(_ match: inout Match) throws(OpenFlowError) {
        guard !match.mask.rare.isEmpty else { return }
        for option in 0..<Field.tunnelOptionCount where match.requires(option: option) {
            guard isMapped(option) else { throw .nxFlowModInvalidTLVField }
            let field = Field.tunnelOption(option)
            let ones = ones(option)
            guard match.value(field) & ~ones == 0 else { throw .matchBadValue }
            let mask = match.mask(field)
            if mask & ones == ones { match.set(field, to: match.value(field)) }
        }
    }

    /// Refuses an action on an option that has no field, or not so long a one.
    func check(_ action: Action) throws(OpenFlowError) {
        for subfield in action.tunnelSubfields {
            guard let option = subfield.field.tunnelOption, let byteCount = self[option] else {
                throw .nxFlowModInvalidTLVField
            }
            let isWhole = subfield.width == subfield.field.width
            guard isWhole || subfield.offset + subfield.width <= 8 * byteCount else {
                throw .actionBadSetLength
            }
        }
        if case .setField(let field, let value, _) = action, let option = field.tunnelOption,
            value & ~ones(option) != 0
        {
            throw .actionBadSetArgument
        }
    }
}

extension VirtualSwitch {
    /// Gives options of tunnels fields, or takes them away.
    func changeTunnelOptions(
        _ message: TLVTableMod, of managed: ManagedBridge
    ) throws(OpenFlowError) {
        try managed.tunnelOptions.change(message, used: usedTunnelOptions(of: managed))
        managed.bridge.tunnelOptions = managed.tunnelOptions.lengths
        managed.bridge.geneveOptions = managed.tunnelOptions.geneveOptions
        forgetOptionFlows(of: managed)
        network.bumpVersion()
    }

    /// The fields of options that rules match, write or read.
    private func usedTunnelOptions(of managed: ManagedBridge) -> Set<UInt16> {
        var used: Set<UInt16> = []
        for rule in managed.bridge.usedTables.flatMap({ $0.rules(within: Match()) }) {
            let match = rule.match
            for option in 0..<Field.tunnelOptionCount where match.requires(option: option) {
                used.insert(UInt16(option))
            }
            Self.addTunnelOptions(of: rule.actions, to: &used)
        }
        return used
    }

    private static func addTunnelOptions(of actions: [Action], to used: inout Set<UInt16>) {
        for action in actions {
            switch action {
            case .writeActions(let list), .clone(let list): addTunnelOptions(of: list, to: &used)
            default:
                for subfield in action.tunnelSubfields {
                    used.insert(UInt16(subfield.field.tunnelOption ?? 0))
                }
            }
        }
    }
}
