import FlowModel
import Pipeline

/// What `upcall/` commands change until the daemon ends.
struct UpcallSettings {
    /// Instead of the limit that is configured.
    var flowLimit: Int?
    /// Whether flows leave out what does not matter.
    var makesMegaflows = true
    /// Whether dumps name flows instead of spelling them out.
    var usesNames = true

    /// The mask of a flow for one key alone, without what connection tracking remembers.
    static let exactMask: FlowKey = {
        var mask = FlowKey.allOnes
        mask[.ctState] = 0xff
        for word in [
            KeyWord.ctIPv4, KeyWord.ctIPv6Source, KeyWord.ctIPv6Source + 1,
            KeyWord.ctIPv6Destination, KeyWord.ctIPv6Destination + 1, KeyWord.ctTransport,
        ] {
            mask[word: word] = 0
        }
        mask[.ctProtocol] = 0
        return mask
    }()
}

extension VirtualSwitch {
    /// As many megaflows as there may be now.
    public var flowLimit: Int {
        let most = upcallSettings.flowLimit ?? configuration.flowLimit
        return min(adaptedFlowLimit ?? most, most)
    }

    public func upcallShow() -> String {
        var text = ""
        for kind in DatapathKind.all(of: self) {
            let count = bridges(of: kind).reduce(0) { sum, managed in
                sum + megaflows.values.count { $0.bridge === managed.bridge }
            }
            text += "\(kind.fullName):\n"
            text += "  flows         : (current \(count)) (avg \(count)) (max \(count)) "
            text += "(limit \(flowLimit))\n"
            text += "  dump duration : \(lastRevalidation)ms\n"
            text += "  ufid enabled : \(upcallSettings.usesNames)\n\n"
            text += "  1: (keys \(count))\n"
        }
        return text
    }

    /// `upcall/set-flow-limit`.
    public func setFlowLimit(_ arguments: [String]) -> String {
        let limit = Int(arguments[0].prefix { $0.isASCII && $0.isNumber }) ?? 0
        upcallSettings.flowLimit = limit
        return "set flow_limit to \(limit)\n"
    }

    /// `upcall/enable-megaflows` and `upcall/disable-megaflows`, which forget all that were made.
    public func setMegaflows(_ areMade: Bool) -> String {
        upcallSettings.makesMegaflows = areMade
        removeAllMegaflows()
        return "megaflows \(areMade ? "enabled" : "disabled")\n"
    }

    /// `upcall/enable-ufid` and `upcall/disable-ufid`: flows have their names all the same.
    public func setFlowNames(_ areUsed: Bool) -> String {
        upcallSettings.usesNames = areUsed
        return "Datapath dumping tersely using UFID "
            + (areUsed ? "enabled for supported datapaths\n" : "disabled\n")
    }

    /// `qos/show`: no port has queues yet.
    public func qosShow(_ arguments: [String]) throws(CommandError) -> String {
        try requireInterface(arguments[0])
        return "QoS not configured on \(arguments[0])\n"
    }

    /// `qos/show-types`.
    public func qosShowTypes(_ arguments: [String]) throws(CommandError) -> String {
        try requireInterface(arguments[0])
        return "No QoS types supported for interface: \(arguments[0])\n"
    }

    private func requireInterface(_ name: String) throws(CommandError) {
        guard bridges.values.contains(where: { $0.bridge.port(named: name) != nil }) else {
            throw CommandError("no such interface")
        }
    }
}
