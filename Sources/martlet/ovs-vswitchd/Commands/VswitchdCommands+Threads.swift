import CLinux
import Daemon
import Datapath
import LinuxPorts
import Switch

/// `dpif-netdev/...`: the threads that forward, and what they are made of.
extension VswitchdCommands {
    /// The options of a command before the name of a datapath.
    private struct ThreadOptions {
        var core: Int?
        var seconds: Int?
        var datapath: String?

        /// - Parameter flags: options without a value; all others have one.
        init(_ arguments: [String], flags: Set<String> = []) {
            var rest = arguments[...]
            while let argument = rest.popFirst() {
                switch argument {
                case "-pmd": core = rest.popFirst().flatMap { Int($0) }
                case "-secs": seconds = rest.popFirst().flatMap { Int($0) }
                case _ where flags.contains(argument): continue
                case _ where argument.hasPrefix("-"): _ = rest.popFirst()
                default: datapath = argument
                }
            }
        }
    }

    /// The longest time over which the use of threads is measured, in seconds.
    private static let measuredSeconds = 60

    func registerThreads() {
        server.registerText("dpif-netdev/pmd-stats-show", "[-pmd core] [dp]", 0...3) {
            arguments throws(ControlError) in
            let threads = try self.threads(ThreadOptions(arguments))
            return threads.map(ThreadTexts.statistics).joined()
        }
        server.registerText("dpif-netdev/pmd-stats-clear", "[-pmd core] [dp]", 0...3) {
            [runtime] arguments throws(ControlError) in
            let numbers = Set(try self.threads(ThreadOptions(arguments)).map(\.number))
            for member in runtime.plane.members where numbers.contains(member.number) {
                member.ask { $0.clearStatistics() }
                member.thread.clearLoad()
            }
            return ""
        }
        server.registerText("dpif-netdev/pmd-rxq-show", "[-pmd core] [-secs secs] [dp]", 0...5) {
            [runtime] arguments throws(ControlError) in
            let options = ThreadOptions(arguments)
            let threads = try self.threads(options)
            guard !threads.isEmpty else { return "" }
            var seconds = options.seconds ?? Self.measuredSeconds
            if !(1...Self.measuredSeconds).contains(seconds) { seconds = Self.measuredSeconds }
            let step = ThreadLoad.intervalSeconds
            let intervals = (seconds + step - 1) / step
            let names = runtime.plane.ports.mapValues(\.port.name)
            return "Displaying last \(intervals * step) seconds pmd usage %\n"
                + threads.map {
                    ThreadTexts.queues($0, intervals: intervals, names: names)
                }.joined()
        }
        server.registerText("dpif-netdev/pmd-rxq-rebalance", "[dp]", 0...1) {
            [runtime] arguments throws(ControlError) in
            try self.requireDatapath(arguments.first)
            runtime.plane.rebalance()
            return "pmd rxq rebalance requested.\n"
        }
        server.registerText("dpif-netdev/bond-show", "[dp]", 0...1) {
            arguments throws(ControlError) in
            try self.requireDatapath(arguments.first)
            return ""
        }
        registerPerformance()
    }

    /// The threads that a command is about, those that poll first.
    private func threads(_ options: ThreadOptions) throws(ControlError) -> [ThreadSnapshot] {
        try requireDatapath(nil)
        let all = runtime.plane.snapshot(withFlows: false).threads
        guard let core = options.core else { return Array(all.dropFirst() + all.prefix(1)) }
        return all.filter { $0.core?.core == core }
    }

    private func registerPerformance() {
        server.registerText(
            "dpif-netdev/pmd-perf-show",
            "[-nh] [-it iter-history-len] [-ms ms-history-len] [-pmd core] [dp]", 0...8
        ) { arguments throws(ControlError) in
            let threads = try self.threads(ThreadOptions(arguments, flags: ["-nh"]))
            let now = clinux_realtime_microseconds() / 1000
            // The main thread is not measured, in OVS neither.
            return threads.filter { $0.core != nil }
                .map { ThreadTexts.performance($0, milliseconds: now) }.joined()
        }
        let usage = "[-b before] [-a after] [-e|-ne] [-us usec] [-q qlen]"
        server.registerText("dpif-netdev/pmd-perf-log-set", "on|off " + usage, 0...10) {
            arguments throws(ControlError) in
            var rest = arguments[...]
            while let argument = rest.popFirst() {
                switch argument {
                case "on", "off", "-e", "-ne": continue
                case "-b", "-a", "-us", "-q":
                    if let value = rest.popFirst(), UInt32(value) != nil { continue }
                default: break
                }
                throw ControlError(
                    "Usage: ovs-appctl dpif-netdev/pmd-perf-log-set [on|off] " + usage)
            }
            return ""
        }
    }

    /// - Parameter name: of a datapath; `nil` for any.
    private func requireDatapath(_ name: String?) throws(ControlError) {
        let exists = runtime.withSwitch { virtualSwitch in
            guard name != nil else { return !DatapathKind.all(of: virtualSwitch).isEmpty }
            return (try? virtualSwitch.datapath(named: name)) != nil
        }
        guard exists else { throw ControlError("please specify an existing datapath") }
    }

    // MARK: Implementations

    /// OVS may have several implementations of a lookup; there is one here, which goes by the name
    /// of OVS's plain one, and the names that stand for comparing or choosing among them.
    private final class LookupPriorities {
        var values = ["autovalidator": 0, "generic": 1]
    }

    func registerImplementations() {
        let priorities = LookupPriorities()
        for (name, usage) in [("info-get", ""), ("prio-get", nil)] {
            server.registerText("dpif-netdev/subtable-lookup-\(name)", usage) { [runtime] _ in
                let count = runtime.plane.snapshot(withFlows: false).maskCount
                return "Available dpcls implementations:\n"
                    + priorities.values.sorted { $0.key < $1.key }.map { name, priority in
                        "  \(name) (Use count: \(name == "generic" ? count : 0), "
                            + "Priority: \(priority))\n"
                    }.joined()
            }
        }
        server.registerText(
            "dpif-netdev/subtable-lookup-prio-set", "[lookup_func] [prio]", 2...2
        ) { arguments throws(ControlError) in
            let number = Int(arguments[1].prefix { $0.isASCII && $0.isNumber }) ?? 0
            guard number <= 255 else {
                throw ControlError("error converting priority, use integer in range 0-255")
            }
            guard priorities.values[arguments[0]] != nil else {
                throw ControlError("error, subtable lookup function not found")
            }
            priorities.values[arguments[0]] = number
            return "Lookup priority change affected 0 dpcls ports and 0 subtables.\n"
        }
        server.registerText("dpif-netdev/dpif-impl-get") { _ in
            "Available DPIF implementations:\n  dpif_scalar (pmds: \(self.coreList))\n"
        }
        server.registerText("dpif-netdev/dpif-impl-set", "dpif_implementation_name", 1...1) {
            arguments throws(ControlError) in
            guard arguments[0] == "dpif_scalar" else {
                throw ControlError(
                    "DPIF implementation not available: Unknown DPIF implementation "
                        + "\(arguments[0]).")
            }
            return "DPIF implementation set to dpif_scalar.\n"
        }
        registerParsers()
    }

    /// The cores with threads that poll, as lists of implementations name them.
    private var coreList: String {
        let cores = runtime.plane.members.compactMap { $0.core?.core }.sorted()
        return cores.isEmpty ? "none" : cores.map { String($0) }.joined(separator: ",")
    }

    private func registerParsers() {
        let names = ["autovalidator", "scalar", "study"]
        server.registerText("dpif-netdev/miniflow-parser-get") { _ in
            "Available MFEX implementations:\n"
                + names.map { name in
                    let cores = name == "scalar" ? self.coreList : "none"
                    return "  \(name) (available: True pmds: \(cores))\n"
                }.joined()
        }
        server.registerText(
            "dpif-netdev/miniflow-parser-set",
            "[-pmd core] miniflow_implementation_name [study_pkt_cnt]", 1...5
        ) { arguments throws(ControlError) in
            let rest = arguments.first == "-pmd" ? arguments.dropFirst(2) : arguments[...]
            guard let name = rest.first, names.contains(name) else {
                throw ControlError(
                    "Error: unknown miniflow extract implementation \(rest.first ?? "").")
            }
            let packets = rest.dropFirst().first.map { ", studying \($0) packets" } ?? ""
            return "Miniflow extract implementation set to \(name)\(packets).\n"
        }
    }
}
