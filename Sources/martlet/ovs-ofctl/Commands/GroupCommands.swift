import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// Commands about groups.
enum GroupCommands {
    static func add(_ context: OfctlContext) throws { try change(context, .add) }

    static func modify(_ context: OfctlContext) throws {
        try change(context, context.options.mayCreate ? .addOrModify : .modify)
    }

    static func delete(_ context: OfctlContext) throws { try change(context, .delete) }
    static func insertBuckets(_ context: OfctlContext) throws {
        try change(context, .insertBucket)
    }
    static func removeBuckets(_ context: OfctlContext) throws {
        try change(context, .removeBucket)
    }

    static func addFile(_ context: OfctlContext) throws {
        try changeAll(context, context.arguments[1], .add)
    }

    private static func change(_ context: OfctlContext, _ command: GroupMod.Command) throws {
        let text = context.arguments.count > 1 ? context.arguments[1] : ""
        if text == "-" { return try changeAll(context, text, command) }
        let (connection, names) = try open(context)
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        let group = try parser.group(text, for: command)
        try send([group], connection, context)
    }

    private static func changeAll(
        _ context: OfctlContext, _ path: String, _ command: GroupMod.Command
    ) throws {
        let octets = try TextFile.read(path, failure: "open failed")
        let (connection, names) = try open(context)
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        var groups: [(message: GroupMod, formats: FlowFormats)] = []
        try TextFile.forEachLine(of: octets) { line, number in
            do {
                groups.append(try parser.groupLine(line, default: command))
            } catch {
                throw ProgramError("\(path):\(number): \(error)")
            }
        }
        try send(groups, connection, context)
    }

    private static func open(_ context: OfctlContext) throws -> (SwitchConnection, FlowNames) {
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: true) : FlowNames()
        return (connection, names)
    }

    private static func send(
        _ groups: [(message: GroupMod, formats: FlowFormats)], _ connection: SwitchConnection,
        _ context: OfctlContext
    ) throws {
        var formats = FlowFormats.all
        for group in groups { formats.formIntersection(group.formats) }
        _ = try context.options.chosen(from: formats)
        let version = connection.dialect.version
        for (message, _) in groups where version > .v10 && version < .v15 {
            let name =
                switch message.command {
                case .insertBucket: "insert-bucket"
                case .removeBucket: "remove-bucket"
                default: ""
                }
            guard name.isEmpty else {
                throw ProgramError("\(name) needs OpenFlow 1.5 or later ('-O OpenFlow15')")
            }
        }
        guard context.options.usesBundle else {
            for group in groups { try connection.transactQuietly(.groupMod(group.message)) }
            return
        }
        var bundle = BundleTransaction(connection)
        for group in groups { bundle.append(.groupMod(group.message)) }
        try bundle.commit()
    }

    // MARK: Questions

    /// The group of an argument; what is none asks for all.
    private static func number(_ text: String) -> UInt32 {
        if text == "ALL" || text == "all" { return GroupMod.all }
        if text == "ANY" || text == "any" { return Bucket.anyGroup }
        if let id = UInt32(text) { return id }
        LogModule("ofp_group").warning(
            "\(text) is not a valid group ID.  (Valid group IDs are 32-bit nonnegative integers "
                + "or the keywords ANY or ALL.)")
        return GroupMod.all
    }

    static func dump(_ context: OfctlContext) throws {
        let group = context.arguments.count > 1 ? number(context.arguments[1]) : GroupMod.all
        try printReplies(context, .statsRequest(.groupDescription(group)))
    }

    static func dumpStats(_ context: OfctlContext) throws {
        let (connection, names) = try open(context)
        var group = GroupMod.all
        if context.arguments.count > 1 {
            var parser = FlowParser(names: names)
            group = try parser.group(context.arguments[1], for: .delete).message.id
        }
        try context.printReplies(connection, to: .statsRequest(.group(group)))
    }

    static func dumpFeatures(_ context: OfctlContext) throws {
        try context.printReplies(try context.connect(), to: .statsRequest(.groupFeatures))
    }

    /// Prints the answer with ports by name where that is wanted.
    private static func printReplies(
        _ context: OfctlContext, _ request: OpenFlowMessage
    ) throws {
        let connection = try context.connect()
        let names =
            context.showsNames ? try connection.names(tablesFirst: false) : FlowNames()
        let printer = context.printer(connection, names: names)
        try connection.transact(request) { octets in
            Program.printOutput(MessageCodec.text(octets, printer))
        }
    }
}

/// Commands about meters.
enum MeterCommands {
    private static let formats: FlowFormats = [.openFlow13, .openFlow14, .openFlow15]

    static func add(_ context: OfctlContext) throws { try change(context, .add) }
    static func modify(_ context: OfctlContext) throws { try change(context, .modify) }

    private static func change(_ context: OfctlContext, _ command: MeterMod.Command) throws {
        let config = try MeterText.parse(context.arguments[1])
        try send(MeterMod(command: command, config: config), context)
    }

    static func delete(_ context: OfctlContext) throws {
        let config = MeterConfig(id: try number(context))
        try send(MeterMod(command: .delete, config: config), context)
    }

    private static func send(_ message: MeterMod, _ context: OfctlContext) throws {
        _ = try context.options.chosen(from: formats)
        try context.connect().transactQuietly(.meterMod(message))
    }

    private static func number(_ context: OfctlContext) throws -> UInt32 {
        guard context.arguments.count > 1 else { return MeterConfig.all }
        return try MeterText.parseNumber(context.arguments[1])
    }

    static func dump(_ context: OfctlContext) throws {
        try ask(.meterConfig(try number(context)), context)
    }

    static func dumpStats(_ context: OfctlContext) throws {
        try ask(.meter(try number(context)), context)
    }

    static func dumpFeatures(_ context: OfctlContext) throws {
        try ask(.meterFeatures, context)
    }

    private static func ask(_ request: StatsRequest, _ context: OfctlContext) throws {
        _ = try context.options.chosen(from: formats)
        try context.printReplies(try context.connect(), to: .statsRequest(request))
    }
}
