import Addresses
import Daemon
import Datapath
import LinuxPorts
import Pipeline
import Switch

/// Commands that act on the threads, the clock and the dummy devices.
extension VswitchdCommands {
    func registerRevalidation() {
        server.registerText("revalidator/wait") { [runtime] _ in
            runtime.synchronize()
            return ""
        }
        server.registerText("revalidator/purge") { [runtime] _ in
            runtime.refreshCounters()
            runtime.withSwitch { $0.removeAllMegaflows() }
            runtime.plane.waitForOrders()
            return ""
        }
    }

    func registerTime() {
        server.registerText("time/stop") { [runtime] _ in
            runtime.stopTime()
            return ""
        }
        server.registerText("time/warp", "[large_msecs] msecs", 1...2) {
            [runtime] arguments throws(ControlError) in
            let durations = arguments.map { Milliseconds($0) ?? 0 }
            guard durations.allSatisfy({ $0 > 0 }) else { throw ControlError("invalid MSECS") }
            runtime.warpTime(by: durations[0], step: durations[durations.count - 1])
            return "warped"
        }
    }

    func registerDummies() {
        guard runtime.devices.hasDummies else { return }
        server.registerText(
            "netdev-dummy/receive", "name [--qid queue_id] packet|flow [--len packet_len]",
            2...Int.max
        ) { [runtime] arguments throws(ControlError) in
            guard let port = runtime.devices.dummy(arguments[0]) else {
                throw ControlError("no such dummy netdev")
            }
            do throws(CommandError) {
                let (frames, queue) = try DummyFrames.parse(
                    Array(arguments.dropFirst()), queueCount: port.queues.count)
                runtime.receive(frames, on: port, queue: queue)
            } catch {
                throw ControlError(error.sentence)
            }
            return ""
        }
        server.registerText("netdev-dummy/set-admin-state", "[netdev] up|down", 1...2) {
            [runtime] arguments throws(ControlError) in
            let state = arguments[arguments.count - 1]
            guard state == "up" || state == "down" else {
                throw ControlError("Invalid Admin State")
            }
            if arguments.count > 1 && runtime.devices.dummy(arguments[0]) == nil {
                throw ControlError("Unknown Dummy Interface")
            }
            let names = arguments.count > 1 ? [arguments[0]] : runtime.devices.dummyNames
            for name in names { runtime.devices.setUp(name, state == "up") }
            return "OK"
        }
        server.registerText("netdev-dummy/conn-state", "[netdev]", 0...1) { [runtime] arguments in
            if let name = arguments.first {
                let state = runtime.connectionState(of: name) ?? .unknown
                return "\(name): \(state.rawValue)\n"
            }
            return runtime.devices.dummyNames.compactMap { name in
                guard runtime.devices.dummy(name)?.options.activeStream != nil else { return nil }
                let state = runtime.connectionState(of: name) ?? .unknown
                return "\(name): \(state.rawValue)\n"
            }.joined()
        }
        registerDummyAddresses()
    }

    private func registerDummyAddresses() {
        for (name, usage) in [("ip4addr", "ipaddr/mask-prefix-len"), ("ip6addr", "ip6addr")] {
            server.registerText("netdev-dummy/\(name)", "[netdev] \(usage)", 2...2) {
                [runtime] arguments throws(ControlError) in
                guard runtime.devices.dummy(arguments[0]) != nil else {
                    throw ControlError("Unknown Dummy Interface")
                }
                let text = arguments[1].prefix { $0 != "/" }
                let isValid =
                    name == "ip4addr" ? IPv4Address(text) != nil : IPv6Address(text) != nil
                guard isValid else { throw ControlError("Invalid parameters") }
                runtime.devices.addDummyAddress(arguments[1], to: arguments[0])
                guard let address = IPAddress(text) else {
                    throw ControlError("Invalid parameters")
                }
                let length = Int(arguments[1].dropFirst(text.count + 1)) ?? address.width
                runtime.withSwitch {
                    $0.noteAddress(
                        address, prefixLength: min(max(0, length), address.width),
                        of: arguments[0])
                }
                return "OK"
            }
        }
    }
}
