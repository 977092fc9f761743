/// Which options of tunnels have fields on a bridge, and how long their values are.
public struct TunnelOptionLengths: Hashable, Sendable {
    /// As many octets as a field's value can have.
    public static var maxByteCount: Int { 16 }

    private var byteCounts: [Int: Int] = [:]

    public init() {}

    /// The octets of an option's value; `nil` for one without a field.
    public subscript(option: Int) -> Int? {
        get { byteCounts[option] }
        set { byteCounts[option] = newValue }
    }

    public func isMapped(_ option: Int) -> Bool { byteCounts[option] != nil }

    /// Ones for each bit that the option's value has on the bridge.
    public func ones(_ option: Int) -> UInt128 {
        guard let count = byteCounts[option], count < Self.maxByteCount else { return .max }
        return (1 << UInt128(8 * count)) - 1
    }

    /// Makes masks of all that a value has masks of all that a field has, and of none that of an
    /// option which the packet lacks.
    public func finish(_ mask: inout FlowKey, for packet: FlowKey) {
        for option in byteCounts.keys {
            let field = Field.tunnelOption(option)
            let ones = ones(option)
            if packet[.option(option)] == 0 { mask[field] = 0 }
            if mask[field] & ones == ones { mask[field] = .max }
        }
    }
}

extension Action {
    /// The subfields of options of tunnels that the action names, itself and not in what it holds.
    public var tunnelSubfields: [Subfield] {
        let subfields: [Subfield?]
        switch self {
        case .setField(let field, _, _):
            guard field.tunnelOption != nil else { return [] }
            subfields = [Subfield(field)]
        case .load(_, let subfield), .push(let subfield), .pop(let subfield),
            .outputField(let subfield, _), .checkPacketLarger(_, let subfield):
            guard subfield.field.tunnelOption != nil else { return [] }
            subfields = [subfield]
        case .move(let source, let destination): subfields = [source, destination]
        case .multipath(let multipath): subfields = [multipath.destination]
        case .bundle(let bundle): subfields = [bundle.destination]
        case .deleteTunnelMetadata(let index):
            subfields = [Subfield(.tunnelOption(Int(index)))]
        case .learn(let learn): subfields = learn.subfields
        default: return []
        }
        return subfields.compactMap { $0 }.filter { $0.field.tunnelOption != nil }
    }
}

extension Learn {
    fileprivate var subfields: [Subfield?] {
        specifications.flatMap { part -> [Subfield] in
            var subfields: [Subfield] = []
            if case .field(let subfield) = part.source { subfields.append(subfield) }
            switch part.destination {
            case .match(let subfield), .load(let subfield): subfields.append(subfield)
            case .output: break
            }
            return subfields
        } + [resultDestination]
    }
}
