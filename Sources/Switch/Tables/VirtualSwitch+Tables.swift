import Classifier
import FlowModel
import OpenFlow
import Pipeline

/// How the tables are set up: by the operator's `Flow_Table` rows, and by table-mods (OpenFlow
/// 1.1 §A.3.4.3, 1.4.1 §7.3.4.1).
extension VirtualSwitch {
    /// What decides which rule makes room, as Open vSwitch tells it; what a table-mod says of it is
    /// passed over.
    static var evictionFlags: UInt32 { 7 }

    /// Gives the tables the operator's settings; those without any get the default ones.
    func configureTables(of managed: ManagedBridge, now: Milliseconds) {
        let wanted = managed.configuration.tables
        for table in managed.bridge.usedTables where wanted[table.number] == nil {
            table.configure(TableSettings())
        }
        for (number, settings) in wanted {
            let table = managed.bridge.table(number)
            table.configure(settings)
            while let limit = settings.flowLimit, table.ruleCount > limit {
                guard evict(from: table, of: managed) else { break }
            }
        }
    }

    /// Carries out a table-mod.
    func modifyTables(
        _ message: TableMod, _ version: OpenFlowVersion, of managed: ManagedBridge
    ) throws(OpenFlowError) {
        guard message.tableID != Bridge.hiddenTable else { throw .tableModNotPermitted }
        let numbers =
            message.tableID == FlowMod.allTables
            ? 0..<UInt8(Bridge.tableCount) : message.tableID..<(message.tableID + 1)
        for number in numbers {
            let table = managed.bridge.table(number)
            switch version {
            case .v10, .v13: break
            case .v11, .v12: table.missBehavior = MissBehavior(message.config)
            default: modify(table, message)
            }
        }
        network.bumpVersion()
    }

    private func modify(_ table: FlowTable, _ message: TableMod) {
        table.controllerEvicts = message.config.contains(.eviction)
        guard message.config.contains(.vacancyEvents) else {
            table.thresholds = nil
            return
        }
        let wanted = message.vacancy ?? Vacancy(down: 0, up: 0)
        let next = table.thresholds?.next ?? (table.vacancy < wanted.up ? .up : .down)
        table.thresholds = VacancyThresholds(down: wanted.down, up: wanted.up, next: next)
    }

    // MARK: Room

    /// Makes room for a rule.
    func makeRoom(in table: FlowTable, of managed: ManagedBridge) throws(OpenFlowError) {
        guard evict(from: table, of: managed) else { throw .flowModTableFull }
    }

    /// Removes the rule that goes first.
    ///
    /// - Returns: whether there was one that may go.
    func evict(from table: FlowTable, of managed: ManagedBridge) -> Bool {
        guard let victim = table.chooseVictim() else { return false }
        journal?.note(.removed(table, victim))
        table.remove(victim)
        tellRemoved(victim, of: managed, .eviction)
        removeLearned(by: victim, of: managed)
        return true
    }

    /// Tells controllers if a table has run full, or has room again.
    func noteRoom(in table: FlowTable, of managed: ManagedBridge) {
        guard let event = table.crossThreshold() else { return }
        let reason: TableStatus.Reason = event == .down ? .vacancyDown : .vacancyUp
        let status = TableStatus(reason: reason, table: Self.description(of: table))
        events.append(.tableStatus(bridge: managed.name, status))
    }

    // MARK: Descriptions

    func tableDescriptions(of managed: ManagedBridge) -> [TableMod] {
        (0..<UInt8(Bridge.tableCount)).map { number in
            guard let table = managed.bridge.existingTable(number) else {
                var description = TableMod(tableID: number)
                description.evictionFlags = Self.evictionFlags
                return description
            }
            return Self.description(of: table)
        }
    }

    private static func description(of table: FlowTable) -> TableMod {
        var description = TableMod(tableID: table.number)
        description.evictionFlags = evictionFlags
        if table.controllerEvicts { description.config.insert(.eviction) }
        if let thresholds = table.thresholds {
            description.config.insert(.vacancyEvents)
            description.vacancy = Vacancy(down: thresholds.down, up: thresholds.up)
            description.vacancy?.current = table.vacancy
        }
        return description
    }

    func tableFeatures(of managed: ManagedBridge) -> [TableFeatures] {
        let count = Bridge.tableCount
        return (0..<count).map { number in
            let settings = managed.configuration.tables[UInt8(number)] ?? TableSettings()
            return TableFeatures(
                tableID: UInt8(number), name: settings.name ?? "",
                maxEntries: Self.maxEntries(settings), tableCount: count)
        }
    }

    func tableStatistics(of managed: ManagedBridge) -> [TableStats] {
        (0..<Bridge.tableCount).map { index in
            let settings = managed.configuration.tables[UInt8(index)] ?? TableSettings()
            var statistics = TableStats(tableID: UInt8(index), name: settings.name ?? "")
            statistics.maxEntries = Self.maxEntries(settings)
            statistics.isLast = index == Bridge.tableCount - 1
            if let table = managed.bridge.existingTable(UInt8(index)) {
                statistics.config = TableConfig(table.missBehavior).rawValue
                statistics.activeCount = UInt32(table.ruleCount)
                statistics.lookupCount = table.lookupCount
                statistics.matchedCount = table.matchCount
            }
            return statistics
        }
    }

    /// What is told of a table's size where it has no limit, as Open vSwitch tells it.
    private static var maxEntriesTold: Int { 1_000_000 }

    private static func maxEntries(_ settings: TableSettings) -> UInt32 {
        UInt32(min(settings.flowLimit ?? maxEntriesTold, maxEntriesTold))
    }
}

extension MissBehavior {
    /// As OpenFlow 1.1 and 1.2 have it.
    fileprivate init(_ config: TableConfig) {
        switch config.intersection(.missMask) {
        case .missContinue: self = .nextTable
        case .missDrop: self = .drop
        default: self = .controller
        }
    }
}

extension TableConfig {
    fileprivate init(_ behavior: MissBehavior) {
        switch behavior {
        case .unspecified, .controller: self = []
        case .nextTable: self = .missContinue
        case .drop: self = .missDrop
        }
    }
}
