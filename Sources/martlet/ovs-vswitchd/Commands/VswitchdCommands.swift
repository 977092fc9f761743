import Daemon
import Datapath
import LinuxPorts
import Pipeline
import Switch

/// The commands of `ovs-appctl` that `ovs-vswitchd` has besides those of every daemon.
///
/// The switch answers most of them; what it cannot know, such as the datapath's flows, is fetched
/// before it is locked. They run on the control loop, as all configuration does.
struct VswitchdCommands {
    /// What is fetched for a command.
    enum Need {
        case nothing
        /// The counters of megaflows go to rules and addresses.
        case counters
        /// The datapath's statistics, and with flows each of them.
        case datapath(withFlows: Bool)
        /// The counters of ports too.
        case ports
    }

    /// A command and what it may look at.
    struct Question {
        let virtualSwitch: VirtualSwitch
        let arguments: [String]
        let now: Milliseconds
        let datapath: DatapathSnapshot
    }

    let server: ControlServer
    let runtime: SwitchRuntime

    /// - Parameter reconnect: closes the OpenFlow sessions of a bridge, or of all, so that they are
    ///   made again.
    static func register(
        on server: ControlServer, runtime: SwitchRuntime,
        reconnect: @escaping (String?) -> Void = { _ in }
    ) {
        let commands = VswitchdCommands(server: server, runtime: runtime)
        commands.registerTrace()
        commands.registerAddresses()
        commands.registerDatapath()
        commands.registerFlows()
        commands.registerFlowChanges()
        commands.registerTracking()
        commands.registerTunnels()
        commands.registerLiveness()
        commands.registerBridges(reconnect)
        commands.registerUpcalls()
        commands.registerThreads()
        commands.registerImplementations()
        commands.registerRevalidation()
        commands.registerTime()
        commands.registerDummies()
    }

    /// Adds a command that the switch answers.
    func add(
        _ name: String, _ usage: String = "", _ count: ClosedRange<Int> = 0...0,
        needs need: Need = .nothing, answer: @escaping (Question) throws -> String
    ) {
        server.registerText(name, usage, count) { [runtime] arguments throws(ControlError) in
            let datapath = runtime.fetch(need)
            do {
                return try runtime.withSwitch { virtualSwitch in
                    try answer(
                        Question(
                            virtualSwitch: virtualSwitch, arguments: arguments,
                            now: runtime.clock.now, datapath: datapath))
                }
            } catch let error as CommandError {
                throw ControlError(error.sentence)
            } catch {
                throw ControlError("\(error)")
            }
        }
    }

    // MARK: What the switch answers

    private static var packetOutUsage: String {
        "[-consistent] {[dp_name] odp_flow | bridge br_flow} [OPTIONS...] "
            + "[-generate|packet] actions"
    }

    private func registerTrace() {
        let usage = "{[dp_name] odp_flow | bridge br_flow} [OPTIONS...] [-generate|packet]"
        add("ofproto/trace", usage, 1...Int.max) {
            try $0.virtualSwitch.traceText($0.arguments, now: $0.now)
        }
        add("ofproto/trace-packet-out", Self.packetOutUsage, 2...Int.max) {
            try $0.virtualSwitch.tracePacketOutText($0.arguments, now: $0.now)
        }
    }

    private func registerAddresses() {
        // An address is as old as the last packet that was counted.
        add("fdb/show", "bridge", 1...1, needs: .counters) {
            try $0.virtualSwitch.fdbShow($0.arguments, now: $0.now)
        }
        add("fdb/flush", "[bridge]", 0...1, needs: .counters) {
            try $0.virtualSwitch.fdbFlush($0.arguments)
        }
        add("fdb/stats-show", "bridge", 1...1) { try $0.virtualSwitch.fdbStatsShow($0.arguments) }
        add("fdb/stats-clear", "[bridge]", 0...1) {
            try $0.virtualSwitch.fdbStatsClear($0.arguments)
        }
        add("fdb/add", "bridge port vlan mac", 4...4) {
            try $0.virtualSwitch.fdbAdd($0.arguments, now: $0.now)
        }
        add("fdb/del", "bridge vlan mac", 3...3) {
            try $0.virtualSwitch.fdbDelete($0.arguments)
        }
    }

    private func registerDatapath() {
        add("dpif/show", needs: .datapath(withFlows: false)) {
            $0.virtualSwitch.dpifShow($0.datapath)
        }
        add("dpif/dump-dps") { $0.virtualSwitch.dpifDumpDatapaths() }
        add("dpif/show-dp-features", "bridge", 1...1) {
            try $0.virtualSwitch.showDatapathFeatures($0.arguments)
        }
        add("dpctl/dump-dps") { $0.virtualSwitch.dpctlDumpDatapaths() }
        add("dpctl/show", "[-s] [dp...]", 0...Int.max, needs: .ports) {
            try $0.virtualSwitch.dpctlShow($0.arguments, $0.datapath)
        }
    }

    private func registerFlows() {
        add(
            "dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1...Int.max,
            needs: .datapath(withFlows: true)
        ) { try $0.virtualSwitch.dpifDumpFlows($0.arguments, $0.datapath, now: $0.now) }
        add(
            "dpctl/dump-flows", "[-m] [--names] [dp] [filter=..] [type=..] [pmd=..]", 0...6,
            needs: .datapath(withFlows: true)
        ) { try $0.virtualSwitch.dpctlDumpFlows($0.arguments, $0.datapath, now: $0.now) }
        add("dpctl/get-flow", "[dp] ufid", 1...2, needs: .datapath(withFlows: true)) {
            try $0.virtualSwitch.dpctlGetFlow($0.arguments, $0.datapath, now: $0.now)
        }
    }

    private func registerBridges(_ reconnect: @escaping (String?) -> Void) {
        add("ofproto/list") { $0.virtualSwitch.ofprotoList() }
        add("bridge/dump-flows", "[--offload-stats] bridge", 1...2, needs: .counters) {
            try $0.virtualSwitch.bridgeDumpFlows($0.arguments, now: $0.now)
        }
        server.registerText("bridge/reconnect", "[bridge]", 0...1) {
            [runtime] arguments throws(ControlError) in
            if let name = arguments.first, !runtime.withSwitch({ $0.bridges[name] != nil }) {
                throw ControlError("Unknown bridge")
            }
            reconnect(arguments.first)
            return ""
        }
    }

    private func registerUpcalls() {
        add("upcall/show") { $0.virtualSwitch.upcallShow() }
        add("upcall/set-flow-limit", "flow-limit-number", 1...1) {
            $0.virtualSwitch.setFlowLimit($0.arguments)
        }
        for (verb, isEnabled) in [("enable", true), ("disable", false)] {
            add("upcall/\(verb)-megaflows", needs: .counters) {
                $0.virtualSwitch.setMegaflows(isEnabled)
            }
            add("upcall/\(verb)-ufid") { $0.virtualSwitch.setFlowNames(isEnabled) }
        }
        add("qos/show", "interface", 1...1) { try $0.virtualSwitch.qosShow($0.arguments) }
        add("qos/show-types", "interface", 1...1) {
            try $0.virtualSwitch.qosShowTypes($0.arguments)
        }
    }
}
