/// What a kind of message is called in one version, and how many octets its body may have.
///
/// A message is told from others by its type, by the subtype of an experimenter, or by the type of
/// its statistics. Open vSwitch refuses a message of a wrong length before it looks at the rest;
/// the sizes here are those that `ovs-ofctl ofp-print` accepts.
public struct MessageForm: Hashable, Sendable {
    /// The message's name as OVS prints it: `OFPT_HELLO`, `NXST_FLOW reply`.
    public let name: String
    /// Octets before the body: the header, and those of experimenters and statistics.
    public let headerByteCount: Int
    /// Octets that the body has at least.
    let byteCount: Int
    /// Octets by which the body may be longer, once or several times; 0 for none.
    let step: Int

    /// What a message is told by.
    enum Kind: Hashable {
        case plain(UInt8)
        case experimenter(UInt32, UInt32)
        case request(UInt16)
        case reply(UInt16)
        case experimenterRequest(UInt32, UInt32)
        case experimenterReply(UInt32, UInt32)
    }

    struct Key: Hashable {
        let version: UInt8
        let kind: Kind
    }

    private func admits(_ messageByteCount: Int) -> Bool {
        let rest = messageByteCount - headerByteCount - byteCount
        return rest == 0 || rest > 0 && step > 0 && rest % step == 0
    }

    /// The form of a whole message.
    ///
    /// - Throws: that there is no such message, or that its length is wrong.
    public static func of(_ octets: [UInt8]) throws(OpenFlowError) -> MessageForm {
        let form = try named(by: octets)
        guard form.admits(octets.count) else { throw .requestBadLength }
        return form
    }

    /// The form of a message of which perhaps only the beginning is there.
    public static func named(by octets: [UInt8]) throws(OpenFlowError) -> MessageForm {
        let key = try key(of: octets)
        if let form = all[key] { return form }
        switch key.kind {
        case .plain: throw .requestBadType
        case .request, .reply: throw .requestBadStatistics
        case .experimenter(let vendor, _):
            throw isKnown(vendor) ? .requestBadSubtype : .requestBadVendor
        case .experimenterRequest(let vendor, _), .experimenterReply(let vendor, _):
            let isUsed = isKnown(vendor) && (vendor != ExperimenterID.onf || key.version != 1)
            throw isUsed ? .requestBadSubtype : .requestBadVendor
        }
    }

    private static func isKnown(_ vendor: UInt32) -> Bool {
        vendor == ExperimenterID.nicira || vendor == ExperimenterID.onf
    }

    private static func uint32(_ octets: [UInt8], at offset: Int) -> UInt32 {
        octets[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func key(of octets: [UInt8]) throws(OpenFlowError) -> Key {
        guard octets.count >= MessageHeader.byteCount else { throw .requestBadLength }
        let (version, type) = (octets[0], octets[1])
        if type == MessageType.hello { return Key(version: 1, kind: .plain(type)) }
        if type == MessageType.experimenter {
            guard octets.count >= 16 else { throw .requestBadLength }
            return Key(
                version: version, kind: .experimenter(uint32(octets, at: 8), uint32(octets, at: 12))
            )
        }
        let isOld = version == 1
        let isRequest = type == (isOld ? 16 : 18)
        guard isRequest || type == (isOld ? 17 : 19) else {
            return Key(version: version, kind: .plain(type))
        }
        let start = isOld ? 12 : 16
        guard octets.count >= start else { throw .requestBadLength }
        let statistics = UInt16(octets[8]) << 8 | UInt16(octets[9])
        guard statistics == StatsType.experimenter else {
            return Key(
                version: version, kind: isRequest ? .request(statistics) : .reply(statistics))
        }
        guard octets.count >= start + 8 else { throw .requestBadLength }
        let (vendor, subtype) = (uint32(octets, at: start), uint32(octets, at: start + 4))
        let kind: Kind =
            isRequest
            ? .experimenterRequest(vendor, subtype) : .experimenterReply(vendor, subtype)
        return Key(version: version, kind: kind)
    }
}
