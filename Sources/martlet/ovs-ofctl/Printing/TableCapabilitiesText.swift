import FlowModel
import OpenFlow

/// Prints what tables tell that they can do, as `ovs-ofctl dump-table-features` does.
struct TableCapabilitiesText {
    let version: OpenFlowVersion

    /// Features alone; equal tables that follow each other take one line.
    func text(ofFeatures tables: [TableCapabilities]) -> String {
        var text = ""
        var index = 0
        while index < tables.count {
            let table = tables[index]
            guard index > 0, isSame(table, tables[index - 1]) else {
                text += "\n  table \(title(table)):\n"
                text += features(table, previous: index > 0 ? tables[index - 1] : nil)
                index += 1
                continue
            }
            var last = index
            while table.name.isEmpty, last + 1 < tables.count, tables[last + 1].name.isEmpty,
                isSame(tables[last + 1], table)
            {
                last += 1
            }
            text += "\n" + ditto(table, tables[last])
            index = last + 1
        }
        return text
    }

    func ditto(_ first: TableCapabilities, _ last: TableCapabilities) -> String {
        first.tableID == last.tableID
            ? "  table \(title(first)): ditto\n"
            : "  tables \(first.tableID)...\(last.tableID): ditto\n"
    }

    func title(_ table: TableCapabilities) -> String {
        let isUsual = table.name.isEmpty || table.name == "table\(table.tableID)"
        // A switch calls its tables so where nobody has named them.
        guard !isUsual || version < .v13 && !table.name.isEmpty else {
            return String(table.tableID)
        }
        return "\(table.tableID) (\"\(table.name)\")"
    }

    /// Whether two tables differ in number and name only.
    func isSame(_ left: TableCapabilities, _ right: TableCapabilities) -> Bool {
        var left = left
        left.tableID = right.tableID
        left.name = right.name
        // Neither does OVS compare what need not be matched.
        left.wildcards = right.wildcards
        return left == right
    }

    /// The lines below a table's heading.
    func features(_ table: TableCapabilities, previous: TableCapabilities?) -> String {
        var text = ""
        if table.metadataMatch != 0 || table.metadataWrite != 0 {
            text +=
                "    metadata: match=0x\(String(table.metadataMatch, radix: 16)) "
                + "write=0x\(String(table.metadataWrite, radix: 16))\n"
        }
        if let config = table.config { text += "    config=\(Self.name(of: config))\n" }
        if let canEvict = table.canEvict {
            text += "    eviction: \(canEvict ? "" : "not ")supported\n"
        }
        if let canTell = table.canTellVacancy {
            text += "    vacancy events: \(canTell ? "" : "not ")supported\n"
        }
        if table.maxEntries != 0 { text += "    max_entries=\(table.maxEntries)\n" }
        return text + instructions(table, previous) + matching(table, previous)
    }

    static func name(of config: TableConfig) -> String {
        switch config.intersection(.missMask) {
        case .missContinue: "continue"
        case .missDrop: "drop"
        default: "controller"
        }
    }

    private func instructions(_ table: TableCapabilities, _ previous: TableCapabilities?) -> String
    {
        if table.rules.isEmpty && table.miss.isEmpty { return "" }
        if let previous, table.rules == previous.rules, table.miss == previous.miss {
            return "    (same instructions)\n"
        }
        if table.rules == table.miss {
            return "    instructions (table miss and others):\n"
                + text(table.rules, previous?.rules)
        }
        return "    instructions (other than table miss):\n" + text(table.rules, previous?.rules)
            + "    instructions (table miss):\n" + text(table.miss, previous?.miss)
    }

    private func text(
        _ behavior: TableCapabilities.Behavior, _ previous: TableCapabilities.Behavior?
    ) -> String {
        var text = ""
        if !behavior.nextTables.isEmpty {
            text += "      next tables: \(Self.ranges(behavior.nextTables))\n"
        }
        let names: [(Int, String)] = [
            (6, "meter"), (4, "apply_actions"), (5, "clear_actions"), (3, "write_actions"),
            (2, "write_metadata"), (1, "goto_table"),
        ]
        let words = names.filter { behavior.instructions >> UInt32($0.0) & 1 == 1 }.map(\.1)
        if let previous, previous.instructions == behavior.instructions {
            text += "      (same instructions)\n"
        } else if !words.isEmpty {
            text += "      instructions: \(words.joined(separator: " "))\n"
        }
        // Before OpenFlow 1.2, whose features name no fields, OVS repeats them.
        if let previous, previous.write == behavior.write, previous.apply == behavior.apply,
            !behavior.write.fields.isEmpty
        {
            return text + "      (same actions)\n"
        }
        if behavior.write == behavior.apply {
            let both = self.text(behavior.write)
            return both.isEmpty
                ? text : text + "      Write-Actions and Apply-Actions features:\n" + both
        }
        return text + "      Write-Actions features:\n" + self.text(behavior.write)
            + "      Apply-Actions features:\n" + self.text(behavior.apply)
    }

    private func text(_ actions: TableCapabilities.Actions) -> String {
        var text = ""
        let names = ActionNames.text(actions.types, version)
        if !names.isEmpty { text += "        actions:\(names)\n" }
        if !actions.fields.isEmpty {
            text += "        supported on Set-Field:\(Self.text(actions.fields))\n"
        }
        return text
    }

    private static func ranges(_ tables: Set<UInt8>) -> String {
        var ranges: [ClosedRange<UInt8>] = []
        for table in tables.sorted() {
            if let last = ranges.last, table > 0, last.upperBound == table - 1 {
                ranges[ranges.count - 1] = last.lowerBound...table
            } else {
                ranges.append(table...table)
            }
        }
        return ranges.map {
            $0.count == 1 ? String($0.lowerBound) : "\($0.lowerBound)-\($0.upperBound)"
        }.joined(separator: ",")
    }

    private func matching(_ table: TableCapabilities, _ previous: TableCapabilities?) -> String {
        let kinds = [
            ("arbitrary mask", table.maskable),
            ("exact match or wildcard", table.wildcards.subtracting(table.maskable)),
            (
                "must exact match",
                table.match.subtracting(table.maskable).subtracting(table.wildcards)
            ),
        ]
        guard kinds.contains(where: { !$0.1.isEmpty }) else { return "" }
        if let previous, previous.maskable == table.maskable, previous.match == table.match {
            return "    (same matching)\n"
        }
        let lines = kinds.filter { !$0.1.isEmpty }.map { "      \($0.0):\(Self.text($0.1))\n" }
        return "    matching:\n" + lines.joined()
    }

    /// The fields' names; those that share what stands before their underscore share it here too.
    private static func text(_ fields: Set<Field>) -> String {
        let names = FieldTable.all.filter { fields.contains($0.field) }.map(\.name)
        var groups: [(stem: Substring, rest: [Substring])] = []
        for name in names {
            let place = name.firstIndex(of: "_") ?? name.endIndex
            let stem = name[..<place]
            let rest = name[place...].dropFirst()
            if !rest.isEmpty, let last = groups.last, last.stem == stem, !last.rest.isEmpty {
                groups[groups.count - 1].rest.append(rest)
            } else {
                groups.append((stem, rest.isEmpty ? [] : [rest]))
            }
        }
        return groups.map { group in
            switch group.rest.count {
            case 0: " \(group.stem)"
            case 1: " \(group.stem)_\(group.rest[0])"
            default: " \(group.stem)_{\(group.rest.joined(separator: ","))}"
            }
        }.joined()
    }
}

/// The actions that features name by bits, in the order in which OVS names them.
enum ActionNames {
    static func text(_ bits: UInt32, _ version: OpenFlowVersion) -> String {
        let rows: [(Int, String)] =
            switch version {
            case .v10: openFlow10
            case .v11: openFlow11
            default: later
            }
        return rows.filter { bits >> UInt32($0.0) & 1 == 1 }.map { " " + $0.1 }.joined()
    }

    private static let openFlow10: [(Int, String)] = [
        (0, "output"), (11, "enqueue"), (1, "set_vlan_vid"), (2, "set_vlan_pcp"),
        (3, "strip_vlan"), (4, "mod_dl_src"), (5, "mod_dl_dst"), (6, "mod_nw_src"),
        (7, "mod_nw_dst"), (8, "mod_nw_tos"), (9, "mod_tp_src"), (10, "mod_tp_dst"),
    ]

    private static let openFlow11: [(Int, String)] = [
        (0, "output"), (22, "group"), (1, "set_vlan_vid"), (2, "set_vlan_pcp"),
        (18, "strip_vlan"), (17, "push_vlan"), (3, "mod_dl_src"), (4, "mod_dl_dst"),
        (5, "mod_nw_src"), (6, "mod_nw_dst"), (7, "mod_nw_tos"), (8, "mod_nw_ecn"),
        (23, "mod_nw_ttl"), (9, "mod_tp_src"), (10, "mod_tp_dst"), (24, "dec_ttl"),
        (13, "set_mpls_label"), (14, "set_mpls_tc"), (15, "set_mpls_ttl"),
        (16, "dec_mpls_ttl"), (19, "push_mpls"), (20, "pop_mpls"), (21, "set_queue"),
    ]

    private static let later: [(Int, String)] = [
        (0, "output"), (22, "group"), (25, "set_field"), (18, "strip_vlan"), (17, "push_vlan"),
        (23, "mod_nw_ttl"), (24, "dec_ttl"), (15, "set_mpls_ttl"), (16, "dec_mpls_ttl"),
        (19, "push_mpls"), (20, "pop_mpls"), (21, "set_queue"),
    ]
}
