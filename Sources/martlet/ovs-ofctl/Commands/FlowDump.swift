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
        let names = context.showsNames ? try connection.names(tablesFirst: true) : FlowNames()
        let printer = context.printer(connection, names: names)
        var output = OutputText()
        var collected: [FlowStatsEntry] = []
        try connection.transact(.statsRequest(.flow(request))) { octets in
            guard let flows = FlowStatsReader(octets) else {
                if isRaw { return Program.printOutput(MessageCodec.text(octets, printer)) }
                _ = try connection.message(octets)
                return
            }
            defer { output.flush() }
            if isRaw { return printer.append(reply: octets, flows, to: &output) }
            let error = flows.forEach { flow in
                if options.sortKeys.isEmpty {
                    printer.append(line: flow, hasStats: options.showsStats, to: &output)
                } else {
                    collected.append(flow)
                }
            }
            if error != nil { throw connection.failure(octets) }
        }
        collected.sort { precedes($0, $1, options.sortKeys) }
        for flow in collected {
            printer.append(line: flow, hasStats: options.showsStats, to: &output)
        }
        output.flush()
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
