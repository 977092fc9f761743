import Daemon
import Glibc

/// What the machine and the daemons on it use, as `Open_vSwitch.statistics` tells it
/// (ovs-vswitchd.conf.db(5)).
struct SystemStatistics {
    /// Where the daemons' pid files are.
    let runDirectory: String
    /// Where the kernel tells; another place in tests.
    var proc = "/proc"
    private static let ticksPerSecond = Int(sysconf(CInt(_SC_CLK_TCK)))

    /// The longest list of mounts or processor state that is read, in octets.
    private static let maximumByteCount = 1 << 20

    func collect() -> [String: String] {
        var result = ["cpu": "\(max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))))"]
        result["load_average"] = loadAverage
        result["memory"] = memory
        let systems = fileSystems
        if !systems.isEmpty { result["file_systems"] = systems.joined(separator: " ") }
        for (name, process) in RunningDaemons.all(in: runDirectory) {
            result["process_" + name] = describe(process)
        }
        return result
    }

    private func text(_ name: String) -> String? {
        guard let file = fopen(proc + "/" + name, "re") else { return nil }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 1 << 12)
        var text: [UInt8] = []
        while text.count < Self.maximumByteCount {
            let count = fread(&octets, 1, octets.count, file)
            guard count > 0 else { break }
            text += octets.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Of the last 1, 5 and 15 minutes.
    private var loadAverage: String? {
        let words = text("loadavg")?.split(separator: " ").prefix(3) ?? []
        return words.count == 3 ? words.joined(separator: ",") : nil
    }

    /// Kilobytes: all, in use, what of that can be discarded, swap, and of that in use.
    private var memory: String? {
        var values: [Substring: Int] = [:]
        for line in text("meminfo")?.split(separator: "\n") ?? [] {
            let words = line.split(separator: " ")
            guard words.count >= 2, let value = Int(words[1]) else { continue }
            values[words[0].dropLast()] = value
        }
        guard let total = values["MemTotal"], let free = values["MemFree"] else { return nil }
        let cache = (values["Buffers"] ?? 0) + (values["Cached"] ?? 0)
        let swap = values["SwapTotal"] ?? 0
        let usedSwap = swap - (values["SwapFree"] ?? 0)
        return [total, total - free, cache, swap, usedSwap].map(String.init).joined(separator: ",")
    }

    /// Mount point and kilobytes, all and in use, of each local file system that can be written.
    private var fileSystems: [String] {
        (text("self/mounts") ?? "").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 4, words[0].hasPrefix("/"),
                words[3].split(separator: ",").contains("rw")
            else { return nil }
            var facts = statvfs()
            guard statvfs(Self.unescaped(words[1]), &facts) == 0, facts.f_blocks > 0 else {
                return nil
            }
            let unit = Int(facts.f_frsize)
            let total = Int(facts.f_blocks) * unit / 1024
            let used = Int(facts.f_blocks - facts.f_bfree) * unit / 1024
            // Spaces and commas are written in octal by the kernel, and must not be in here.
            let place = Self.unescaped(words[1]).map { " ,".contains($0) ? "_" : $0 }
            return "\(String(place)),\(total),\(used)"
        }
    }

    /// A mount point whose spaces, tabs, line ends and backslashes are in octal (proc(5)).
    static func unescaped(_ text: Substring) -> String {
        var result: [UInt8] = []
        var octets = Array(text.utf8)[...]
        while let octet = octets.popFirst() {
            let digits = octets.prefix(3).map { $0 &- UInt8(ascii: "0") }
            guard octet == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ $0 < 8 })
            else {
                result.append(octet)
                continue
            }
            result.append(digits.reduce(0) { $0 &* 8 &+ $1 })
            octets = octets.dropFirst(3)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Kilobytes of address space and of memory, milliseconds of processor time, crashes,
    /// milliseconds since the first start and the last, and the processor.
    private func describe(_ process: pid_t) -> String {
        guard let own = status(of: process), let boot = uptime else { return "" }
        var crashes = 0
        var first = own.start
        if let monitor = status(of: own.parent), let title = text("\(own.parent)/cmdline"),
            let count = Self.crashes(inTitle: title)
        {
            crashes = count
            first = monitor.start
        }
        let values = [
            own.virtual / 1024, own.resident, own.processorTime, crashes, boot - first,
            boot - own.start, own.processor,
        ]
        return values.map(String.init).joined(separator: ",")
    }

    /// How often a monitor's title says that its daemon has crashed; nil if it is no monitor's.
    static func crashes(inTitle title: String) -> Int? {
        let words = title.split { $0 == " " || $0 == "\0" }
        guard words.count >= 5, words[1] == "monitoring", words[2] == "pid" else { return nil }
        return words[4].hasPrefix("(") ? Int(words[4].dropFirst()) ?? 0 : nil
    }

    private struct Status {
        var parent: pid_t
        var processorTime: Int
        /// Milliseconds after the machine's start.
        var start: Int
        var virtual: Int
        var resident: Int
        var processor: Int
    }

    /// What proc(5) tells of a process in `stat`.
    private func status(of process: pid_t) -> Status? {
        // The name, in parentheses, may hold anything.
        guard let line = text("\(process)/stat"), let end = line.lastIndex(of: ")") else {
            return nil
        }
        let words = line[line.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
        guard words.count >= 37 else { return nil }
        func milliseconds(_ ticks: Int) -> Int { ticks * 1000 / Self.ticksPerSecond }
        return Status(
            parent: pid_t(truncatingIfNeeded: words[1]),
            processorTime: milliseconds(words[11] + words[12]), start: milliseconds(words[19]),
            virtual: words[20], resident: words[21] * Int(getpagesize()) / 1024,
            processor: words[36])
    }

    /// Milliseconds since the machine's start.
    private var uptime: Int? {
        text("uptime")?.split(separator: " ").first.flatMap { Double($0) }.map { Int($0 * 1000) }
    }
}
