import ConnectionTracking

/// `dpctl/ct-set-limits`, `dpctl/ct-del-limits` and `dpctl/ct-get-limits`.
extension TrackerCommands {
    /// `dpctl/ct-set-limits [DP] [default=L] [zone=N,limit=L]...`.
    public static func setLimits(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        var rest = try operands(arguments, virtualSwitch)
        var defaultLimit: UInt32?
        if let first = rest.first, first.hasPrefix("default=") {
            guard let limit = UInt32(first.dropFirst("default=".count)) else {
                throw refusal("invalid default limit")
            }
            defaultLimit = limit
            rest.removeFirst()
        }
        var limits: [(zone: UInt16, limit: UInt32)] = []
        for text in rest { limits.append(try limit(text)) }
        return { commands in
            if let defaultLimit { commands.tracker.setDefaultLimit(defaultLimit) }
            for (zone, limit) in limits { commands.tracker.setLimit(ofZone: zone, limit) }
            return ""
        }
    }

    /// `zone=N,limit=L`.
    private static func limit(_ text: String) throws(CommandError) -> (zone: UInt16, limit: UInt32)
    {
        var zone: UInt16?
        var limit: UInt32?
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw refusal("field \(part) missing value") }
            switch pair[0] {
            case "zone":
                zone = UInt16(pair[1])
                if zone == nil { throw refusal("failed to parse field zone") }
            case "limit":
                limit = UInt32(pair[1])
                if limit == nil { throw refusal("failed to parse field limit") }
            default: throw refusal("invalid zone limit field: \(pair[0])")
            }
        }
        guard let zone, let limit else { throw refusal("failed to parse zone limit") }
        return (zone, limit)
    }

    /// `dpctl/ct-del-limits [DP] zone=N[,N]...`.
    public static func deleteLimits(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        let rest = try operands(arguments, virtualSwitch)
        let zones = try zones(rest.first ?? "")
        return { commands in
            for zone in zones { commands.tracker.setLimit(ofZone: zone, nil) }
            return ""
        }
    }

    /// `dpctl/ct-get-limits [DP] [zone=N[,N]...]`.
    public static func limits(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> (TrackerCommands) -> String {
        let rest = try operands(arguments, virtualSwitch)
        let chosen = try rest.first.map { text throws(CommandError) in try zones(text) }
        return { commands in
            commands.tracker.expire(now: commands.now)
            var text = "default limit=\(commands.tracker.defaultLimit)\n"
            for zone in chosen ?? commands.tracker.limitedZones {
                let (limit, count) = commands.tracker.limit(ofZone: zone)
                text += "zone=\(zone),limit=\(limit),count=\(count)\n"
            }
            return text
        }
    }

    private static func zones(_ text: String) throws(CommandError) -> [UInt16] {
        guard text.hasPrefix("zone=") else { throw refusal("invalid argument \(text)") }
        var zones: [UInt16] = []
        for part in text.dropFirst(5).split(separator: ",", omittingEmptySubsequences: false) {
            guard let zone = UInt32(part) else { throw refusal("invalid zone") }
            zones.append(UInt16(truncatingIfNeeded: zone))
        }
        return zones
    }

    /// The arguments behind the name of the datapath, if there is one.
    private static func operands(
        _ arguments: [String], _ virtualSwitch: VirtualSwitch
    ) throws(CommandError) -> [String] {
        var rest = try VirtualSwitch.options(arguments, allowed: []).operands
        var name: String?
        if let first = rest.first, virtualSwitch.hasDatapath(named: first) {
            name = rest.removeFirst()
        }
        _ = try virtualSwitch.datapath(named: name)
        return rest
    }
}

extension VirtualSwitch {
    func hasDatapath(named name: String) -> Bool {
        DatapathKind.all(of: self).contains { $0.name == name || $0.fullName == name }
    }
}
