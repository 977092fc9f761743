public import FlowModel

/// `ct` and `ct_clear`.
extension Translation {
    func track(_ track: ConnectionTrack) {
        let before = (mark: wildcards[.ctMark], label: wildcards[.ctLabel])
        commit()
        // What the list within writes is for the connection, and is told from what was looked at.
        wildcards[.ctMark] = 0
        wildcards[.ctLabel] = 0
        translation = nil
        execute(track.actions)
        var tracking = DatapathTracking()
        tracking.isCommitted = track.isCommitted
        tracking.isForced = track.isForced
        tracking.zone = zone(of: track)
        tracking.markMask = UInt32(wildcards[.ctMark])
        tracking.mark = UInt32(key[.ctMark]) & tracking.markMask
        tracking.labelMask = wildcards[.ctLabel]
        tracking.label = key[.ctLabel] & tracking.labelMask
        tracking.helper = Self.helper(track.helperPort)
        tracking.translation = translation.map { Self.simplified($0) }
        actions.append(.track(tracking))
        (wildcards[.ctMark], wildcards[.ctLabel]) = before
        if let table = track.table { fork(to: table, tracking) }
        translation = nil
        clearConnection()
        trace.add(
            .detail,
            "Sets the packet to an untracked state, and clears all the conntrack fields.")
    }

    private func zone(of track: ConnectionTrack) -> UInt16 {
        switch track.zone {
        case .number(let number): return number
        case .field(let subfield):
            // What is kept with the state of a thawed packet is not the datapath's to match.
            if !(isThawed && subfield.field.isKeptWhenFrozen) { consult(subfield.location) }
            return UInt16(truncatingIfNeeded: key[subfield.location])
        }
    }

    private static func helper(_ port: UInt16) -> String? {
        switch port {
        case ConnectionTrack.ftpPort: "ftp"
        case ConnectionTrack.tftpPort: "tftp"
        default: nil
        }
    }

    /// Without the ends of ranges that hold one value, and ports without addresses.
    private static func simplified(_ translation: AddressTranslation) -> AddressTranslation {
        var simple = translation
        switch translation.addresses {
        case .ipv4(let first, let last?) where last <= first:
            simple.addresses = .ipv4(first, last: nil)
        case .ipv6(let first, let last?) where last <= first:
            simple.addresses = .ipv6(first, last: nil)
        case nil: simple.ports = nil
        default: break
        }
        return simple
    }

    /// Sends a copy of the packet through a table when the tracker has seen it.
    private func fork(to table: UInt8, _ tracking: DatapathTracking) {
        isTracked = true
        let id = freeze(steps: [], table: table)
        actions.append(.recirculate(id))
        guard options.isTraced else { return }
        recirculations.append(
            TracedRecirculation(
                id: id, key: key, zone: tracking.zone, translation: tracking.translation))
        trace.add(
            .detail,
            "A clone of the packet is forked to recirculate. "
                + "The forked pipeline will be resumed at table \(table).")
    }

    /// Forgets what the tracker has said of the packet.
    func clearConnection() {
        for field in FlowKey.connectionFields { key[field] = 0 }
        isTracked = false
    }

    func clearTracking() {
        guard isTracked else { return }
        clearConnection()
        actions.append(.ctClear)
    }

    // MARK: The original direction

    /// Searches a table for a packet, perhaps with the addresses and ports of its connection's
    /// first one.
    ///
    /// - Parameter isOriginal: whether that is wanted.
    /// - Returns: false if it is and the packet has no connection.
    func asOriginal(_ isOriginal: Bool, _ body: () -> Rule?) -> (isKnown: Bool, rule: Rule?) {
        guard isOriginal else { return (true, body()) }
        guard isIP, key[.ctProtocol] != 0 else {
            trace.add(.error, "resubmit(ct) with non-tracked or non-IP packet!")
            return (false, nil)
        }
        swapTuples()
        let rule = body()
        swapTuples()
        return (true, rule)
    }

    private func swapTuples() {
        var pairs: [(Field, Field)] = [
            (.ipProtocol, .ctProtocol), (.tcpSource, .ctTransportSource),
            (.tcpDestination, .ctTransportDestination),
        ]
        pairs +=
            key.etherType == EtherType.ipv4
            ? [(.ipv4Source, .ctIPv4Source), (.ipv4Destination, .ctIPv4Destination)]
            : [(.ipv6Source, .ctIPv6Source), (.ipv6Destination, .ctIPv6Destination)]
        for (field, original) in pairs {
            (key[field], key[original]) = (key[original], key[field])
            (wildcards[field], wildcards[original]) = (wildcards[original], wildcards[field])
        }
    }
}

extension Field {
    /// Whether a frozen state holds the field.
    fileprivate var isKeptWhenFrozen: Bool {
        let word = location.word
        return word == KeyWord.inPort || (KeyWord.metadata..<KeyWord.conjunction).contains(word)
    }
}

/// A packet that `ct` sends round: what a trace needs to go on there.
public struct TracedRecirculation: Sendable {
    public let id: UInt32
    public let key: FlowKey
    public let zone: UInt16
    public let translation: AddressTranslation?
}
