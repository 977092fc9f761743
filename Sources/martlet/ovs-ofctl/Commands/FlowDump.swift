import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// Commands that print flows.
enum FlowDump {
    /// The request that asks for the flows of the argument.
    private static func request(
        _ context: OfctlContext, _ connection: SwitchConnection
    ) throws -> FlowStatsRequest {
        guard context.arguments.count > 1 else {
            try connection.adoptQueryFormat(context.options.allowedFormats)
            return FlowStatsRequest()
        }
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: false) : FlowNames()
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        let flow = try parser.flow(context.arguments[1], for: .query)
        _ = try context.options.chosen(from: flow.formats.union(flow.table == nil ? [] : .nxm))
        try connection.adoptQueryFormat(context.options.allowedFormats)
        return FlowStatsRequest(
            tableID: flow.table ?? FlowMod.allTables, outPort: flow.outPort ?? .none,
            outGroup: flow.outGroup ?? FlowMod.anyGroup, cookie: flow.cookie,
            cookieMask: flow.cookieMask, match: flow.match)
    }

    static func aggregate(_ context: OfctlContext) throws {
        let connection = try context.connect()
        let request = try request(context, connection)
        try context.printReplies(connection, to: .statsRequest(.aggregate(request)))
    }

    static func run(_ context: OfctlContext) throws {
        let options = context.options
        let connection = try context.connect()
        let request = try request(context, connection)
        let isRaw = options.sortKeys.isEmpty && !context.showsNames && options.showsStats
        if isRaw {
            try context.printReplies(connection, to: .statsRequest(.flow(request)))
            return
        }
        let names = context.showsNames ? try connection.names(tablesFirst: true) : FlowNames()
        let printer = context.printer(connection, names: names)
        var collected: [FlowStatsEntry] = []
        try connection.transact(.statsRequest(.flow(request))) { octets in
            let message = try connection.message(octets).message
            guard case .statsReply(let reply) = message, case .flow(let flows) = reply.body
            else { return }
            if options.sortKeys.isEmpty {
                print(flows, printer, hasStats: options.showsStats)
            } else {
                collected += flows
            }
        }
        if options.sortKeys.isEmpty { return }
        collected.sort { precedes($0, $1, options.sortKeys) }
        print(collected, printer, hasStats: options.showsStats)
    }

    /// As much text as is gathered before it is printed.
    private static let outputByteCount = 1 << 16

    private static func print(
        _ flows: [FlowStatsEntry], _ printer: MessagePrinter, hasStats: Bool
    ) {
        var text = TextBuffer()
        for var flow in flows {
            flow.idleAge = nil
            flow.hardAge = nil
            printer.append(flow, hasStats: hasStats, to: &text)
            text += "\n"
            guard text.octets.count >= outputByteCount else { continue }
            Program.printOutput(text.string)
            text.removeAll()
        }
        Program.printOutput(text.string)
    }

    /// Flows that say nothing of a field come after all that do.
    private static func precedes(
        _ left: FlowStatsEntry, _ right: FlowStatsEntry, _ keys: [OfctlOptions.SortKey]
    ) -> Bool {
        for key in keys {
            guard let field = key.field else {
                if left.priority == right.priority { continue }
                return (left.priority < right.priority) != key.isDescending
            }
            let (hasLeft, hasRight) = (left.match.mask(field) != 0, right.match.mask(field) != 0)
            if hasLeft != hasRight { return hasLeft }
            let (leftValue, rightValue) = (left.match.value(field), right.match.value(field))
            if leftValue == rightValue { continue }
            return (leftValue < rightValue) != key.isDescending
        }
        return left.priority > right.priority
    }
}
