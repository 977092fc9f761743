import Daemon
import FlowModel
import FlowSyntax
import Glibc
import OpenFlow

/// Commands about tables as a whole.
enum TableCommands {
    static func dumpFeatures(_ context: OfctlContext) throws {
        let connection = try context.connect()
        guard connection.dialect.version >= .v13 else {
            throw ProgramError(
                "dump-table-features needs OpenFlow 1.3 or later ('-O OpenFlow13')")
        }
        let tables = try features(connection).flatMap(\.tables)
        let text = TableCapabilitiesText(version: connection.dialect.version)
            .text(ofFeatures: tables)
        Program.printOutput(String(text.dropFirst()))
    }

    /// The parts of a switch's answer with what they say.
    private static func features(
        _ connection: SwitchConnection
    ) throws -> [(octets: [UInt8], tables: [TableCapabilities])] {
        var parts: [(octets: [UInt8], tables: [TableCapabilities])] = []
        try connection.transact(.statsRequest(.tableFeatures)) { octets in
            if MessageHeader(octets)?.isError == true { throw connection.failure(octets) }
            do {
                _ = try MessageForm.of(octets)
                let (tables, error) = TableCapabilities.tables(
                    of: octets, connection.dialect.version)
                if let error { throw error }
                parts.append((octets, tables))
            } catch let error as OpenFlowError {
                throw ProgramError("decode error: \(error.name)")
            }
        }
        return parts
    }

    static func dumpDescriptions(_ context: OfctlContext) throws {
        let connection = try context.connect()
        guard connection.dialect.version >= .v14 else {
            throw ProgramError("dump-table-desc needs OpenFlow 1.4 or later ('-O OpenFlow14')")
        }
        try context.printReplies(connection, to: .statsRequest(.tableDescription))
    }

    // MARK: mod-table

    /// What `mod-table` is to do.
    private enum Setting {
        case miss(TableConfig)
        case evict(Bool)
        case vacancy(Vacancy?)
        case name(String)

        /// The versions that have the setting.
        var versions: [OpenFlowVersion] {
            switch self {
            case .miss: [.v11, .v12]
            case .evict, .vacancy: [.v14, .v15]
            case .name: [.v13, .v14, .v15]
            }
        }

        init(_ text: String) throws {
            switch text {
            case "controller": self = .miss([])
            case "continue": self = .miss(.missContinue)
            case "drop": self = .miss(.missDrop)
            case "evict": self = .evict(true)
            case "noevict": self = .evict(false)
            case "novacancy": self = .vacancy(nil)
            case _ where text.hasPrefix("vacancy:"):
                self = .vacancy(try Self.vacancy(text.dropFirst("vacancy:".count)))
            case _ where text.hasPrefix("name:"):
                self = .name(String(text.dropFirst("name:".count)))
            default: throw ProgramError("invalid table_mod setting \(text)")
            }
        }

        private static func vacancy(_ text: Substring) throws -> Vacancy {
            let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
            guard let down = UInt8(parts[0]), down <= 100 else {
                throw ProgramError("Invalid vacancy down value \"\(parts[0])\"")
            }
            guard parts.count == 2 else { throw ProgramError("Vacancy up value missing") }
            guard let up = UInt8(parts[1]), up <= 100 else {
                throw ProgramError("Invalid vacancy up value \"\(parts[1])\"")
            }
            guard up >= down else {
                throw ProgramError(
                    "Invalid vacancy range, vacancy up should be greater than vacancy down "
                        + "(OFPBPC_BAD_VALUE)")
            }
            return Vacancy(down: down, up: up)
        }
    }

    static func modify(_ context: OfctlContext) throws {
        let (name, text) = (context.arguments[1], context.arguments[2])
        let connection = try context.connect()
        let table = try number(of: name, connection, context)
        let setting = try Setting(text)
        let version = connection.dialect.version
        guard setting.versions.contains(version) else {
            let word = text.prefix { $0 != ":" }
            let list = setting.versions.map(\.name).joined(separator: ", ")
            throw ProgramError(
                "table_mod '\(word)' requires one of the OpenFlow versions \(list)")
        }
        switch setting {
        case .miss(let config):
            try connection.transactQuietly(.tableMod(TableMod(tableID: table, config: config)))
        case .name(let name): try rename(table, name, connection)
        case .evict, .vacancy: try change(table, setting, connection)
        }
    }

    /// The table of that number or name; names cost a question.
    private static func number(
        of name: String, _ connection: SwitchConnection, _ context: OfctlContext
    ) throws -> UInt8 {
        if name.lowercased() == "all" { return FlowMod.allTables }
        if let number = UInt8(name), number != FlowMod.allTables { return number }
        if let number = Int(name), number > 255 {
            LogModule("ofp_table").warning(
                "table \(name) is outside the supported range 0 through 255")
        }
        if context.acceptsNames {
            let tables: [(name: String, id: UInt8)]
            if connection.dialect.version >= .v13 {
                tables = try features(connection).flatMap(\.tables).map { ($0.name, $0.tableID) }
            } else {
                var found: [(name: String, id: UInt8)] = []
                for case .statsReply(let reply) in try connection.replies(
                    to: .statsRequest(.table))
                {
                    guard case .table(let counts) = reply.body else { continue }
                    found += counts.map { ($0.name, $0.tableID) }
                }
                tables = found
            }
            if let table = tables.first(where: { $0.name == name && !name.isEmpty }) {
                return table.id
            }
        }
        throw ProgramError("unknown table \"\(name)\"")
    }

    /// Changes what a full table does, and leaves the rest as the switch describes it.
    private static func change(
        _ table: UInt8, _ setting: Setting, _ connection: SwitchConnection
    ) throws {
        var mod = TableMod(tableID: table)
        for case .statsReply(let reply) in try connection.replies(
            to: .statsRequest(.tableDescription))
        {
            guard case .tableDescription(let tables) = reply.body,
                let described = tables.first(where: { $0.tableID == table })
            else { continue }
            mod = described
        }
        switch setting {
        case .evict(let evicts):
            mod.evictionFlags = nil
            if evicts { mod.config.insert(.eviction) } else { mod.config.remove(.eviction) }
        case .vacancy(let vacancy):
            mod.vacancy = vacancy
            if vacancy == nil {
                mod.config.remove(.vacancyEvents)
            } else {
                mod.config.insert(.vacancyEvents)
            }
        case .miss, .name: break
        }
        mod.vacancy?.current = 0
        try connection.transactQuietly(.tableMod(mod))
    }

    // MARK: Names

    /// Where an entry of table features has the table's number, the command and the name.
    private enum FeaturesLayout {
        static var table: Int { 2 }
        static var command: Int { 3 }
        static var name: Int { 8 }
        static var nameByteCount: Int { 32 }
        /// Octets before the properties.
        static var byteCount: Int { 64 }
        /// OFPTFC_MODIFY of OpenFlow 1.5.
        static var modify: UInt8 { 1 }
    }

    /// Sends a switch's own features back with a new name for a table; from OpenFlow 1.5 on those
    /// of that table alone.
    private static func rename(
        _ table: UInt8, _ name: String, _ connection: SwitchConnection
    ) throws {
        let isPartial = connection.dialect.version >= .v15
        for part in try features(connection) {
            var request = Array(part.octets[..<16])
            request[1] -= 1
            var start = 16
            var hasTable = !isPartial
            while start + FeaturesLayout.byteCount <= part.octets.count {
                let length = Int(part.octets[start]) << 8 | Int(part.octets[start + 1])
                var entry = Array(part.octets[start..<(start + length)])
                start += length
                if entry[FeaturesLayout.table] == table {
                    let padded = Array(name.utf8.prefix(FeaturesLayout.nameByteCount - 1))
                    for index in 0..<FeaturesLayout.nameByteCount {
                        entry[FeaturesLayout.name + index] =
                            index < padded.count ? padded[index] : 0
                    }
                    if isPartial {
                        hasTable = true
                        entry = Array(entry[..<FeaturesLayout.byteCount])
                        entry[0] = 0
                        entry[1] = UInt8(FeaturesLayout.byteCount)
                        entry[FeaturesLayout.command] = FeaturesLayout.modify
                    }
                } else if isPartial {
                    continue
                }
                request += entry
            }
            guard hasTable else { continue }
            if isPartial { request[11] = 0 }
            try connection.sendQuietly(request)
        }
    }
}
