import OVSDBModel

/// Datapaths, their conntrack zones and what they can do.
extension ControlRun {
    func addZoneNeeds() {
        needs.add("Open_vSwitch", "datapaths")
        needs.add("Datapath", "ct_zones", "capabilities")
        needs.add("CT_Zone", "timeout_policy")
        needs.add("CT_Timeout_Policy", "timeouts")
    }

    func executeDatapath(_ command: Command) throws(ControlError) {
        let name = command.arguments[0]
        let datapath = root["datapaths"][.string(name)]?.uuid.flatMap {
            replica.row($0, in: "Datapath")
        }
        switch command.name {
        case "list-zone-tp":
            guard let datapath else {
                throw ControlError("datapath: \(name) record not found")
            }
            listZones(of: datapath)
        case "list-dp-cap":
            guard let datapath else {
                throw ControlError("datapath \"\(name)\" record not found")
            }
            let capabilities = datapath["capabilities"]
            let pairs = zip(capabilities.keys, capabilities.values).map {
                "\($0.bareText)=\($1.bareText)"
            }
            print(pairs.joined(separator: " ") + "\n")
        default:
            guard let datapath else { throw ControlError("datapath \(name) does not exist") }
            let zone = Self.zone(command.arguments[1])
            if command.name == "add-zone-tp" {
                try addZone(zone, to: datapath, command)
            } else {
                try deleteZone(zone, of: datapath, command)
            }
        }
    }

    /// The number behind `zone=`; 0 where there is none.
    private static func zone(_ argument: String) -> Int64 {
        guard let equals = argument.firstIndex(of: "=") else { return 0 }
        return IntegerText.integerOfAnyBase(argument[argument.index(after: equals)...])
    }

    private func addZone(
        _ zone: Int64, to datapath: Row, _ command: Command
    ) throws(ControlError) {
        let existing = datapath["ct_zones"][.integer(zone)]?.uuid.flatMap {
            replica.row($0, in: "CT_Zone")
        }
        if existing != nil && !command.has("--may-exist") {
            throw ControlError("zone id \(zone) already exists")
        }
        let timeouts = command.arguments.dropFirst(2).map { argument in
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? IntegerText.shortInteger(parts[1]) : 0
            return (Atom.string(String(parts[0])), Atom.integer(value))
        }
        let row = existing ?? replica.insert(in: "CT_Zone")
        let policy = self.policy(Datum(map: timeouts))
        replica.set(row, "timeout_policy", to: Datum(.uuid(policy.uuid)))
        replica.insert(
            .integer(zone), value: .uuid(row.uuid), into: "ct_zones", of: datapath)
    }

    /// The policy with these timeouts, which zones share, or a new one.
    private func policy(_ timeouts: Datum) -> Row {
        let rows = replica.rows(of: "CT_Timeout_Policy")
        if let row = rows.first(where: { $0["timeouts"] == timeouts }) { return row }
        let row = replica.insert(in: "CT_Timeout_Policy")
        replica.set(row, "timeouts", to: timeouts)
        return row
    }

    private func deleteZone(
        _ zone: Int64, of datapath: Row, _ command: Command
    ) throws(ControlError) {
        guard datapath["ct_zones"].contains(.integer(zone)) else {
            if command.has("--if-exists") { return }
            throw ControlError("zone id \(zone) does not exist")
        }
        replica.remove(.integer(zone), from: "ct_zones", of: datapath)
    }

    private func listZones(of datapath: Row) {
        let zones = datapath["ct_zones"]
        for (zone, uuid) in zip(zones.keys, zones.values) {
            let row = uuid.uuid.flatMap { replica.row($0, in: "CT_Zone") }
            let policy = row?["timeout_policy"].uuid.flatMap {
                replica.row($0, in: "CT_Timeout_Policy")
            }
            let timeouts = policy?["timeouts"] ?? .empty
            let pairs = zip(timeouts.keys, timeouts.values).map {
                "\($0.bareText)=\($1.bareText)"
            }
            print("Zone:\(zone.text), Timeout Policies: \(pairs.joined(separator: " "))\n")
        }
    }
}
