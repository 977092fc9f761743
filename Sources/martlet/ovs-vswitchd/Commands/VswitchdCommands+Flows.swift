import Daemon
import Datapath
import FlowModel
import Switch

/// Commands that change the flows of the datapath behind the switch's back.
///
/// Such flows stay until they are deleted: revalidation knows only its own.
extension VswitchdCommands {
    func registerFlowChanges() {
        let rows: [(String, DatapathFlowChange.Kind, String, ClosedRange<Int>)] = [
            ("add-flow", .add, "[dp] flow actions", 2...4),
            ("mod-flow", .modify, "[dp] flow actions", 2...4),
            ("del-flow", .delete, "[dp] flow", 1...3),
        ]
        for (name, kind, usage, count) in rows {
            change("dpctl/\(name)", usage, count) { arguments in
                var words = arguments
                let change = try DatapathFlowChange(kind, &words)
                let needed = kind == .delete ? 1 : 2
                guard words.count >= needed else { throw CommandError("missing arguments") }
                let name = words.count > needed ? words.removeFirst() : nil
                let datapath = try runtime.withSwitch { try $0.datapath(named: name) }
                return try carryOut(change, words[0], words.last ?? "", of: datapath)
            }
        }
        for (name, kind) in [("add-flows", DatapathFlowChange.Kind.add), ("mod-flows", .modify)] {
            change("dpctl/\(name)", "[dp] file", 1...2) { try carryOut(fileOf: $0, kind) }
        }
        change("dpctl/del-flows", "[dp] [file]", 0...2) { arguments in
            let isDatapath = runtime.withSwitch { virtualSwitch in
                (try? virtualSwitch.datapath(named: arguments.first)) != nil
            }
            if arguments.count == 2 || arguments.count == 1 && !isDatapath {
                return try carryOut(fileOf: arguments, .delete)
            }
            return try deleteFlows(of: arguments.first)
        }
        add("dpctl/parse-actions", "actions", 1...Int.max) {
            try $0.virtualSwitch.dpctlParseActions($0.arguments)
        }
        add("dpctl/normalize-actions", "actions", 2...Int.max) {
            try $0.virtualSwitch.dpctlNormalizeActions($0.arguments)
        }
        registerLists()
    }

    /// All flows of a datapath, the switch's own ones too.
    private func deleteFlows(of datapath: String?) throws -> String {
        let snapshot = runtime.fetch(.datapath(withFlows: true))
        let ids = try runtime.withSwitch { virtualSwitch in
            _ = try virtualSwitch.dpctlDeleteFlows(datapath.map { [$0] } ?? [])
            return try virtualSwitch.flows(of: datapath, in: snapshot)
        }
        for id in ids { runtime.plane.removeFlow(id) }
        runtime.plane.waitForOrders()
        return ""
    }

    /// Does what each line of a file says; complaints about lines stop nothing.
    private func carryOut(
        fileOf arguments: [String], _ kind: DatapathFlowChange.Kind
    ) throws -> String {
        let name = arguments.count > 1 ? arguments[0] : nil
        let datapath = try runtime.withSwitch { try $0.datapath(named: name) }
        let path = arguments[arguments.count - 1]
        let octets: [UInt8]
        do {
            octets = try TextFile.read(path, failure: "")
        } catch {
            // Open vSwitch takes this for no error.
            return "ovs-vswitchd: Opening file \"\(path)\" failed (No such file or directory)\n"
        }
        var complaints = ""
        for line in FlowFile(octets, kind).lines {
            do throws(CommandError) {
                let order = try line.get()
                _ = try carryOut(
                    DatapathFlowChange(order.kind), order.flow, order.actions, of: datapath)
            } catch {
                complaints += error.sentence + "\n"
            }
        }
        return complaints
    }

    /// Changes one flow.
    ///
    /// - Returns: what to print.
    private func carryOut(
        _ change: DatapathFlowChange, _ flow: String, _ actions: String, of datapath: DatapathKind
    ) throws(CommandError) -> String {
        guard change.kind == .delete else {
            let answer: Result<String, CommandError>
            do {
                let request = try runtime.withSwitch {
                    try $0.dpctlFlowRequest(flow, actions, change)
                }
                let now = runtime.clock.now
                // Each thread has flows of its own; what one of them could do is done.
                let answers = runtime.plane.askEach { request.carryOut(on: $0, now: now) }
                answer = answers.first { (try? $0.get()) != nil } ?? answers[0]
            } catch let error as CommandError {
                throw error
            } catch {
                throw CommandError("\(error)")
            }
            return try answer.get()
        }
        let snapshot = runtime.fetch(.datapath(withFlows: true))
        let now = runtime.clock.now
        let answer: Result<(DatapathFlow, String), CommandError> = runtime.withSwitch {
            virtualSwitch in
            do throws(CommandError) {
                let found = try virtualSwitch.dpctlFlow(
                    toDelete: flow, of: datapath, snapshot)
                virtualSwitch.forgetMegaflow(found.id)
                return .success((found, found.statisticsText(now: now)))
            } catch {
                return .failure(error)
            }
        }
        let (found, statistics) = try answer.get()
        runtime.plane.removeFlow(found.id)
        runtime.plane.waitForOrders()
        return change.showsStatistics ? statistics + "\n" : ""
    }

    // MARK: Caches and lists

    private func registerLists() {
        // The userspace datapath has caches of its own, which `other_config` sets up.
        add("dpctl/cache-get-size", "[dp]", 0...1) {
            "\(try $0.virtualSwitch.datapath(named: $0.arguments.first).fullName):\n"
        }
        add("dpctl/cache-set-size", "dp cache <size>", 3...3) {
            let name = $0.arguments[0]
            guard (try? $0.virtualSwitch.datapath(named: name)) != nil else {
                throw CommandError(
                    "ovs-vswitchd: Opening datapath \(name) failed (No such device)")
            }
            guard UInt32($0.arguments[2]) != nil else {
                throw CommandError("ovs-vswitchd: size is malformed (Invalid argument)")
            }
            throw CommandError(
                "ovs-vswitchd: Setting caches not supported (Operation not supported)")
        }
        add("dpctl/offload-stats-show", "[dp]", 0...1) {
            _ = try $0.virtualSwitch.datapath(named: $0.arguments.first)
            throw CommandError(
                "ovs-vswitchd: retrieving offload statistics (Invalid argument)")
        }
        registerPortChanges()
        server.registerText("dpctl/list-commands", "", 0...Int.max) { [server] _ in
            server.commandTable(of: DpctlProgram.commands.map { "dpctl/\($0.name)" }, nameWidth: 29)
        }
    }

    /// Bridges alone have datapaths and ports here.
    private func registerPortChanges() {
        for (name, usage, count) in [
            ("add-dp", "dp [iface...]", 1...Int.max), ("del-dp", "dp", 1...1),
            ("add-if", "dp iface...", 2...Int.max), ("del-if", "dp iface...", 2...Int.max),
            ("set-if", "dp iface...", 2...Int.max),
        ] {
            server.registerText("dpctl/\(name)", usage, count) { _ throws(ControlError) in
                throw ControlError(
                    "ovs-vswitchd: \(name) (Operation not supported): "
                        + "bridges make datapaths and ports, see ovs-vsctl")
            }
        }
    }

    /// Adds a command that changes the datapath, and answers with text or says why not.
    private func change(
        _ name: String, _ usage: String, _ count: ClosedRange<Int>,
        _ body: @escaping ([String]) throws -> String
    ) {
        server.registerText(name, usage, count) { arguments throws(ControlError) in
            do {
                return try body(arguments)
            } catch let error as CommandError {
                throw ControlError(error.sentence)
            } catch {
                throw ControlError("\(error)")
            }
        }
    }
}
