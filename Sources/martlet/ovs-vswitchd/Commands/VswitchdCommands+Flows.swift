import Daemon
import Datapath
import FlowModel
import Switch

/// Commands that change the flows of the datapath behind the switch's back.
///
/// Such flows stay until they are deleted: revalidation knows only its own.
extension VswitchdCommands {
    func registerFlowChanges() {
        for (name, isNew) in [("add-flow", true), ("mod-flow", false)] {
            change("dpctl/\(name)", "[dp] flow actions", 2...3) {
                arguments, runtime in
                let request = try runtime.withSwitch { virtualSwitch in
                    try virtualSwitch.dpctlFlowRequest(arguments, isNew: isNew)
                }
                return runtime.plane.ask { request.carryOut(on: $0) }
            }
        }
        change("dpctl/del-flow", "[dp] flow", 1...2) { arguments, runtime in
            let snapshot = runtime.fetch(.datapath(withFlows: true))
            let id = try runtime.withSwitch { virtualSwitch in
                let id = try virtualSwitch.dpctlFlow(toDelete: arguments, snapshot)
                virtualSwitch.forgetMegaflow(id)
                return id
            }
            return runtime.plane.ask { datapath in
                _ = datapath.remove(id)
                return nil
            }
        }
        change("dpctl/del-flows", "[dp]", 0...1) { arguments, runtime in
            let snapshot = runtime.fetch(.datapath(withFlows: true))
            let ids = try runtime.withSwitch { virtualSwitch in
                _ = try virtualSwitch.dpctlDeleteFlows(arguments)
                return try virtualSwitch.flows(of: arguments.first, in: snapshot)
            }
            return runtime.plane.ask { datapath in
                for id in ids { _ = datapath.remove(id) }
                return nil
            }
        }
        add("dpctl/parse-actions", "actions", 1...Int.max) {
            try $0.virtualSwitch.dpctlParseActions($0.arguments)
        }
        add("dpctl/normalize-actions", "actions", 2...Int.max) { _ in
            throw CommandError("ovs-vswitchd: dpctl/normalize-actions is not supported")
        }
        server.registerText("dpctl/list-commands", "", 0...Int.max) { [server] _ in
            server.commandTable(startingWith: "dpctl/", nameWidth: 29)
        }
    }

    /// Adds a command that changes the datapath, and answers nothing or says why not.
    private func change(
        _ name: String, _ usage: String, _ count: ClosedRange<Int>,
        _ body: @escaping ([String], SwitchRuntime) throws -> String?
    ) {
        server.registerText(name, usage, count) { [runtime] arguments throws(ControlError) in
            do {
                guard let failure = try body(arguments, runtime) else { return "" }
                throw ControlError(failure)
            } catch let error as CommandError {
                throw ControlError(error.sentence)
            } catch let error as ControlError {
                throw error
            } catch {
                throw ControlError("\(error)")
            }
        }
    }
}
