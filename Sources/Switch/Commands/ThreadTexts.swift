import Datapath

/// What commands say of the threads that forward.
public enum ThreadTexts {
    /// `dpif-netdev/pmd-stats-show` of one thread.
    ///
    /// What OVS has and Martlet has not (partial offload of whole layers, optimised parsers) is 0.
    public static func statistics(_ thread: ThreadSnapshot) -> String {
        let counted = thread.statistics
        let passes = counted.receivedPackets + counted.recirculations
        var lines = [
            ("packets received", "\(counted.receivedPackets)"),
            ("packet recirculations", "\(counted.recirculations)"),
            ("avg. datapath passes per packet", average(passes, counted.receivedPackets)),
            ("phwol hits", "0"),
            ("mfex opt hits", "0"),
            ("simple match hits", "\(counted.simpleHits)"),
            ("emc hits", "\(counted.exactMatchHits)"),
            ("smc hits", "\(counted.signatureHits)"),
            ("megaflow hits", "\(counted.megaflowHits)"),
            (
                "avg. subtable lookups per megaflow hit",
                average(counted.maskLookups, counted.megaflowHits)
            ),
            ("miss with success upcall", "\(counted.misses)"),
            ("miss with failed upcall", "\(counted.lost)"),
            ("avg. packets per output batch", average(counted.sentPackets, counted.sentBatches)),
        ]
        let (idle, busy) = (thread.load.idleCycles, thread.load.busyCycles)
        if idle + busy > 0 {
            func share(_ part: UInt64) -> String {
                "\(part) (\(fixed(Double(part) / Double(idle + busy) * 100, 2))%)"
            }
            lines.append(("idle cycles", share(idle)))
            lines.append(("processing cycles", share(busy)))
            let packets = counted.receivedPackets
            for (name, cycles) in [("avg", idle + busy), ("avg processing", busy)]
            where packets > 0 {
                let quotient = fixed(Double(cycles) / Double(packets), 2)
                lines.append(("\(name) cycles per packet", "\(quotient) (\(cycles)/\(packets))"))
            }
        }
        return "\(thread.title):\n" + lines.map { "  \($0): \($1)\n" }.joined()
    }

    // MARK: Queues

    /// `dpif-netdev/pmd-rxq-show` of one thread; nothing for the main thread.
    ///
    /// - Parameters:
    ///   - intervals: over how many intervals usage is told.
    ///   - names: of ports by their numbers.
    public static func queues(
        _ thread: ThreadSnapshot, intervals: Int, names: [UInt32: String]
    ) -> String {
        guard thread.core != nil else { return "" }
        var text = "\(thread.title):\n  isolated : \(thread.isIsolated)\n"
        let queues = thread.load.queues.map { (name: names[$0.port] ?? "", queue: $0) }
            .sorted { ($0.name, $0.queue.index) < ($1.name, $1.queue.index) }
        guard !queues.isEmpty else { return text }
        let past = thread.load.intervals.prefix(intervals)
        let all = past.reduce(UInt64(0)) { $0 &+ $1.all }
        var rest = past.reduce(UInt64(0)) { $0 &+ $1.busy }
        func usage(_ cycles: UInt64) -> String {
            all == 0 ? "NOT AVAIL" : "\(padded("\(cycles * 100 / all)", 2)) %"
        }
        for (name, queue) in queues {
            let cycles = queue.cycles.prefix(intervals).reduce(0, &+)
            rest = rest > cycles ? rest - cycles : 0
            let port = name + String(repeating: " ", count: max(0, 16 - name.utf8.count))
            let state = queue.isEnabled ? "(enabled) " : "(disabled)"
            text += "  port: \(port)  queue-id: \(padded("\(queue.index)", 2)) \(state)"
            text += "  pmd usage: \(usage(cycles))\n"
        }
        return text + "  overhead: \(usage(rest))\n"
    }

    // MARK: Performance

    /// `dpif-netdev/pmd-perf-show` of one thread.
    ///
    /// - Parameter milliseconds: since 1970.
    public static func performance(_ thread: ThreadSnapshot, milliseconds: Int64) -> String {
        let load = thread.load
        let seconds = Double(load.endNanoseconds - load.startNanoseconds) / 1e9
        var text = "\nTime: \(timeOfDay(milliseconds))\n"
        text += "Measurement duration: \(fixed(seconds, 3)) s\n\n\(thread.title):\n\n"
        text += iterations(load)
        return text + packets(thread.statistics, load, seconds)
    }

    private static func iterations(_ load: ThreadLoad) -> String {
        let used = load.idleCycles + load.busyCycles
        let microseconds = load.frequency > 0 ? Double(used) / load.frequency * 1e6 : 0
        let sleep = Double(load.sleepNanoseconds) / 1000
        let idle = load.iterations - load.busyIterations
        func quotient(_ sum: Double, _ count: UInt64) -> Double {
            count > 0 ? sum / Double(count) : 0
        }
        return line(
            "Iterations:", load.iterations,
            "(\(fixed(quotient(microseconds, load.iterations), 2)) us/it)")
            + line(
                "- Used TSC cycles:", used,
                percent(used, load.endCycles &- load.startCycles, "of total cycles"))
            + line(
                "- idle iterations:", idle, percent(load.idleCycles, used, "of used cycles"))
            + line(
                "- busy iterations:", load.busyIterations,
                percent(load.busyCycles, used, "of used cycles"))
            + line(
                "- sleep iterations:", load.sleepIterations,
                percent(load.sleepIterations, load.iterations, "of iterations"))
            + line(
                "Sleep time (us):", UInt64(sleep),
                "(\(padded(fixed(quotient(sleep, load.sleepIterations), 0), 3)) us/iteration avg.)")
    }

    private static func packets(
        _ counted: DatapathStatistics, _ load: ThreadLoad, _ seconds: Double
    ) -> String {
        func thousands(_ packets: UInt64) -> String {
            fixed(seconds > 0 ? Double(packets) / seconds / 1000 : 0, 0)
        }
        let received = counted.receivedPackets
        var text = ""
        if received > 0 {
            let passes = received + counted.recirculations
            let cost = fixed(Double(load.busyCycles) / Double(received), 0)
            text += line(
                "Rx packets:", received, "(\(thousands(received)) Kpps, \(cost) cycles/pkt)")
            text += line("Datapath passes:", passes, "(\(average(passes, received)) passes/pkt)")
            let hits: [(String, UInt64)] = [
                ("PHWOL", 0), ("MFEX Opt", 0), ("Simple Match", counted.simpleHits),
                ("EMC", counted.exactMatchHits), ("SMC", counted.signatureHits),
            ]
            for (name, count) in hits {
                text += line("- \(name) hits:", count, percent(count, passes, ""))
            }
            let lookups = average(counted.maskLookups, counted.megaflowHits)
            text += line(
                "- Megaflow hits:", counted.megaflowHits,
                percent(counted.megaflowHits, passes, "", ", \(lookups) subtbl lookups/hit"))
            let upcalls = Double(counted.upcallCycles) / Double(max(counted.misses, 1))
            let cost1 = fixed(load.frequency > 0 ? upcalls / load.frequency * 1e6 : 0, 1)
            text += line(
                "- Upcalls:", counted.misses,
                percent(counted.misses, passes, "", ", \(cost1) us/upcall"))
            text += line("- Lost upcalls:", counted.lost, percent(counted.lost, passes, ""))
        } else {
            text += line("Rx packets:", 0, nil)
        }
        guard counted.sentPackets > 0 else { return text + line("Tx packets:", 0, nil) + "\n" }
        return text
            + line("Tx packets:", counted.sentPackets, "(\(thousands(counted.sentPackets)) Kpps)")
            + line(
                "Tx batches:", counted.sentBatches,
                "(\(average(counted.sentPackets, counted.sentBatches)) pkts/batch)")
    }

    // MARK: Numbers

    /// A name, a number that ends in the same column everywhere, and what it means.
    private static func line(_ name: String, _ number: UInt64, _ meaning: String?) -> String {
        let start = "  \(name)"
        let digits = padded("\(number)", max(1, 34 - start.utf8.count))
        return start + digits + (meaning.map { "  \($0)" } ?? "") + "\n"
    }

    private static func percent(
        _ part: UInt64, _ whole: UInt64, _ of: String, _ more: String = ""
    ) -> String {
        let share = whole > 0 ? Double(part) / Double(whole) * 100 : 0
        return "(\(padded(fixed(share, 1), 5)) %\(of.isEmpty ? "" : " ")\(of)\(more))"
    }

    /// `HH:MM:SS.mmm` of universal time.
    private static func timeOfDay(_ milliseconds: Int64) -> String {
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let second = milliseconds / 1000
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return "\(two(second / 3600 % 24)):\(two(second / 60 % 60)):\(two(second % 60)).\(fraction)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    /// A number with so many decimals.
    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, value < 1e15 else { return "0" }
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let all = UInt64((max(0, value) * Double(scale)).rounded())
        guard decimals > 0 else { return "\(all)" }
        return "\(all / scale).\(String(all % scale + scale).dropFirst())"
    }

    /// A quotient with two decimals, 0 without a divisor.
    private static func average(_ sum: UInt64, _ count: UInt64) -> String {
        guard count > 0 else { return "0.00" }
        let hundredths = (sum * 200 + count) / (count * 2)
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
