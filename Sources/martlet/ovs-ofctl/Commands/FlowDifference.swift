import Bytes
import Daemon
import FlowModel
import FlowSyntax
import Glibc
import OpenFlow

/// Commands that compare tables of flows.
enum FlowDifference {
    /// What tells one flow from another.
    struct Identity: Hashable {
        let table: UInt8
        let priority: UInt16
        let match: SparseKey
        let mask: SparseKey

        init(table: UInt8, priority: UInt16, match: Match) {
            self.table = table
            self.priority = priority
            let sparseMask = SparseKey(match.mask)
            mask = sparseMask
            self.match = SparseKey(match.key, map: sparseMask.map)
        }
    }

    /// What two flows of one identity can differ in.
    struct Version: Hashable {
        var cookie: UInt64 = 0
        var idleTimeout: UInt16 = 0
        var hardTimeout: UInt16 = 0
        var importance: UInt16 = 0
        var flags: FlowFlags = []
        var actions: [Action] = []
    }

    /// The flows of one source, in the order in which they came.
    struct FlowSet {
        private(set) var order: [Identity] = []
        private(set) var versions: [Identity: Version] = [:]

        mutating func insert(_ identity: Identity, _ version: Version) {
            if versions.updateValue(version, forKey: identity) == nil { order.append(identity) }
        }
    }

    /// `diff-flows SOURCE1 SOURCE2`: exit status 2 says that they differ.
    static func compare(_ context: OfctlContext) throws {
        var names = FlowNames()
        let left = try flows(of: context.arguments[0], context, &names)
        let right = try flows(of: context.arguments[1], context, &names)
        let printer = MessagePrinter(
            dialect: Dialect(version: .v10), names: context.showsNames ? names : FlowNames(),
            colors: context.options.colors)
        var text = ""
        var differs = false
        let onlyRight = right.order.filter { left.versions[$0] == nil }
        for identity in left.order + onlyRight {
            let (old, new) = (left.versions[identity], right.versions[identity])
            if old == new { continue }
            differs = true
            if let old { text += "-" + line(identity, old, printer) + "\n" }
            if let new { text += "+" + line(identity, new, printer) + "\n" }
        }
        Program.printOutput(text)
        if differs { throw ProgramError(status: 2) }
    }

    private static func line(
        _ identity: Identity, _ version: Version, _ printer: MessagePrinter
    ) -> String {
        var text = ""
        if identity.table != 0 { text += "table=\(printer.names.text(ofTable: identity.table)) " }
        let match = Match(key: identity.match.expanded, mask: identity.mask.expanded)
        let matchText = printer.matchText(match, priority: identity.priority)
        if !matchText.isEmpty { text += matchText + " " }
        if version.cookie != 0 {
            text += "cookie=" + MessagePrinter.hexadecimal(version.cookie) + " "
        }
        if version.idleTimeout != 0 { text += "idle_timeout=\(version.idleTimeout) " }
        if version.hardTimeout != 0 { text += "hard_timeout=\(version.hardTimeout) " }
        if version.importance != 0 { text += "importance=\(version.importance) " }
        return text + "actions=" + printer.actionsText(version.actions)
    }

    /// Whether a source is a file: by its looks, or because there is one of that name.
    private static func isFile(_ source: String) -> Bool {
        if source.hasPrefix("/") || source.hasPrefix(".") || source == "-" { return true }
        if source.contains(":") { return false }
        var status = stat()
        return stat(source, &status) == 0 && status.st_mode & S_IFMT != S_IFSOCK
    }

    private static func flows(
        of source: String, _ context: OfctlContext, _ names: inout FlowNames
    ) throws -> FlowSet {
        if isFile(source) { return try flows(ofFile: source, names).flows }
        let connection = try SwitchConnection(source, versions: context.options.versions)
        if context.showsNames { names = try connection.names(tablesFirst: true) }
        return try flows(of: connection, context)
    }

    private static func flows(
        ofFile path: String, _ names: FlowNames
    ) throws -> (flows: FlowSet, formats: FlowFormats) {
        let octets = try TextFile.read(path, failure: "open")
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        var flows = FlowSet()
        var formats = FlowFormats.all
        try TextFile.forEachLine(of: octets) { line, number in
            let flow: FlowDescription
            do {
                flow = try parser.flow(line, for: .add)
            } catch {
                // Such as the headings of `dump-flows`.
                if line.contains(0x3d) == false || isHeading(line) { return }
                throw ProgramError("\(path):\(number): \(error)")
            }
            formats.formIntersection(flow.formats)
            let identity = Identity(
                table: flow.table ?? 0, priority: flow.priority, match: flow.match)
            flows.insert(identity, Version(flow))
        }
        return (flows, formats)
    }

    private static func isHeading(_ line: ArraySlice<UInt8>) -> Bool {
        let words = ["NXST_FLOW reply", "OFPST_FLOW reply"]
        return words.contains { line.starts(with: $0.utf8) }
    }

    private static func flows(
        of connection: SwitchConnection, _ context: OfctlContext
    ) throws -> FlowSet {
        try connection.adoptQueryFormat(context.options.allowedFormats)
        var flows = FlowSet()
        let request = OpenFlowMessage.statsRequest(.flow(FlowStatsRequest()))
        try connection.transact(request) { octets in
            let message = try connection.message(octets).message
            guard case .statsReply(let reply) = message, case .flow(let entries) = reply.body
            else { return }
            for entry in entries {
                let identity = Identity(
                    table: entry.tableID, priority: entry.priority, match: entry.match)
                flows.insert(identity, Version(entry))
            }
        }
        return flows
    }

    /// `replace-flows SWITCH FILE`: makes the switch's flows those of the file.
    static func replace(_ context: OfctlContext) throws {
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: false) : FlowNames()
        let (wanted, formats) = try flows(ofFile: context.arguments[1], names)
        var usable = formats
        usable.subtract([.openFlow10, .openFlow10TableID])
        let chosen = try context.options.chosen(from: usable)
        let present = try flows(of: connection, context)
        let usesTables =
            (wanted.order + present.order).contains { $0.table != 0 }
            && chosen.contains(.nxmTableID)
        let format = usesTables ? chosen.subtracting([.nxm]) : chosen
        try connection.adopt(format)
        let mods = changes(from: present, to: wanted, context.options)
        guard context.options.usesBundle else { return try send(mods, connection, format) }
        var bundle = BundleTransaction(connection)
        for mod in mods { bundle.append(.flowMod(mod)) }
        try bundle.commit()
    }

    private static func changes(
        from present: FlowSet, to wanted: FlowSet, _ options: OfctlOptions
    ) -> [FlowMod] {
        var mods: [FlowMod] = []
        for identity in present.order where wanted.versions[identity] == nil {
            mods.append(FlowMod(identity, Version(), .deleteStrict))
        }
        for identity in wanted.order {
            guard let version = wanted.versions[identity] else { continue }
            if !options.readds && present.versions[identity] == version { continue }
            mods.append(FlowMod(identity, version, .add))
        }
        return mods
    }

    private static func send(
        _ mods: [FlowMod], _ connection: SwitchConnection, _ formats: FlowFormats
    ) throws {
        var encoded = EncodedFlows()
        var writer = OctetWriter()
        var xid = connection.upcomingXID
        for mod in mods {
            OpenFlowMessage.flowMod(mod).encode(connection.dialect, xid: xid, into: &writer)
            if encoded.firstXID == nil { encoded.firstXID = xid }
            encoded.lastXID = xid
            xid += 2
        }
        encoded.octets = writer.takeOctets()
        try connection.send(encoded, adopting: formats)
    }
}

extension FlowDifference.Version {
    /// Flags that a rule keeps, and that a switch tells.
    private static var kept: FlowFlags {
        [.sendFlowRemoved, .noPacketCounts, .noByteCounts]
    }

    init(_ flow: FlowDescription) {
        cookie = flow.newCookie ?? 0
        idleTimeout = flow.idleTimeout
        hardTimeout = flow.hardTimeout
        importance = flow.importance
        flags = FlowFlags(rawValue: flow.flags.rawValue & 0x1f).intersection(Self.kept)
        actions = flow.actions
    }

    init(_ entry: FlowStatsEntry) {
        cookie = entry.cookie
        idleTimeout = entry.idleTimeout
        hardTimeout = entry.hardTimeout
        importance = entry.importance
        flags = entry.flags.intersection(Self.kept)
        actions = entry.actions
    }

    /// Only the actions and what is in all protocols counts; flags travel one way in OpenFlow 1.0.
    static func == (left: Self, right: Self) -> Bool {
        left.cookie == right.cookie && left.idleTimeout == right.idleTimeout
            && left.hardTimeout == right.hardTimeout && left.importance == right.importance
            && (left.actions == right.actions
                || ActionPrinter.text(left.actions) == ActionPrinter.text(right.actions))
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(cookie)
        hasher.combine(idleTimeout)
        hasher.combine(hardTimeout)
    }
}

extension FlowMod {
    init(
        _ identity: FlowDifference.Identity, _ version: FlowDifference.Version,
        _ command: FlowMod.Command
    ) {
        self.init(
            command: command, tableID: identity.table,
            match: Match(key: identity.match.expanded, mask: identity.mask.expanded),
            priority: identity.priority, newCookie: version.cookie,
            idleTimeout: version.idleTimeout, hardTimeout: version.hardTimeout,
            flags: version.flags, importance: version.importance, actions: version.actions)
    }
}
