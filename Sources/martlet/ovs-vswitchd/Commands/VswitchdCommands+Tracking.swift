import Daemon
import Datapath
import Switch

/// Commands about the connection tracker, which the forwarding thread owns.
extension VswitchdCommands {
    private typealias Work = (TrackerCommands) -> String

    func registerTracking() {
        track("dump-conntrack", "[-m] [-s] [dp] [zone=N]", 0...4, TrackerCommands.dump)
        track(
            "flush-conntrack", "[dp] [zone=N] [ct-orig-tuple] [ct-reply-tuple]", 0...4,
            TrackerCommands.flush)
        track("ct-stats-show", "[dp] [zone=N]", 0...3, TrackerCommands.counts)
        track("ct-bkts", "[dp] [gt=N]", 0...2, TrackerCommands.buckets)
        track("ct-set-maxconns", "[dp] maxconns", 1...2, TrackerCommands.setMaximum)
        track(
            "ct-set-limits", "[dp] [default=L] [zone=N,limit=L]...", 1...Int.max,
            TrackerCommands.setLimits)
        track("ct-del-limits", "[dp] zone=N1[,N2]...", 1...2, TrackerCommands.deleteLimits)
        track("ct-get-limits", "[dp] [zone=N1[,N2]...]", 0...2, TrackerCommands.limits)
        for (verb, isOn) in [("enabled", true), ("disabled", false)] {
            track("ipf-set-\(verb)", "[dp] v4|v6", 1...2) {
                arguments, _ throws(CommandError) in
                try TrackerCommands.setFragments(isOn, arguments)
            }
        }
        track("ipf-set-min-frag", "[dp] v4|v6 minfragment", 2...3) {
            arguments, _ throws(CommandError) in
            try TrackerCommands.setMinimumFragment(arguments)
        }
        track("ipf-set-max-nfrags", "[dp] maxfrags", 1...2) { arguments, _ throws(CommandError) in
            try TrackerCommands.setMaximumFragments(arguments)
        }
        track("ipf-get-status", "[dp]", 0...2, TrackerCommands.fragmentStatus)
        for (name, setting) in [
            ("ct-get-maxconns", TrackerCommands.Setting.maximum), ("ct-get-nconns", .count),
            ("ct-get-tcp-seq-chk", .sequenceChecks),
        ] {
            trackWithoutOperands(name) { $0.text(setting) }
        }
        for (verb, isOn) in [("enable", true), ("disable", false)] {
            trackWithoutOperands("ct-\(verb)-tcp-seq-chk") { $0.setSequenceChecks(isOn) }
        }
    }

    private func trackWithoutOperands(_ name: String, _ work: @escaping Work) {
        track(name, "[dp]", 0...1) { arguments, virtualSwitch throws(CommandError) in
            _ = try virtualSwitch.datapath(named: arguments.first)
            return work
        }
    }

    /// Adds a command: `prepare` reads its arguments, and what it answers runs on the forwarding
    /// thread.
    private func track(
        _ name: String, _ usage: String, _ count: ClosedRange<Int>,
        _ prepare: @escaping ([String], VirtualSwitch) throws(CommandError) -> Work
    ) {
        server.registerText("dpctl/\(name)", usage, count) {
            [runtime] arguments throws(ControlError) in
            do {
                let work = try runtime.withSwitch { try prepare(arguments, $0) }
                let now = runtime.clock.now
                return runtime.plane.ask { work(TrackerCommands($0, now: now)) }
            } catch let error as CommandError {
                throw ControlError(error.sentence)
            } catch {
                throw ControlError("\(error)")
            }
        }
    }
}
