import Datapath
import FlowModel
import FlowSyntax
import Pipeline

/// How `dpctl/dump-flows` prints a flow.
struct DatapathFlowFormat {
    /// With `-m`: the flow's name, and what it does not look at.
    var isVerbose = false
    /// Whether `-m` says which datapath holds the flow.
    var showsDatapath = true
    var names = DatapathPortNames()
    var now: Milliseconds = 0

    /// - Parameter key: the key of the packet that the flow was made for.
    func line(of flow: DatapathFlow, _ key: FlowKey) -> String {
        let match = DatapathFlowPrinter.text(
            key, mask: flow.mask.expanded, isVerbose: isVerbose, names: names)
        let actions = DatapathActionPrinter.text(flow.actions, names: names)
        let name = isVerbose ? Self.name(of: flow) + (showsDatapath ? ", " : " ") : ""
        let datapath = isVerbose && showsDatapath ? Self.place(of: flow) : ""
        return
            "\(name)\(match), \(statistics(of: flow.statistics))\(datapath), actions:\(actions)\n"
    }

    /// Which datapath forwards the flow's packets, and why no faster one.
    private static func place(of flow: DatapathFlow) -> String {
        switch flow.place {
        case .datapath: ", dp:ovs"
        case .offload: ", offloaded:yes, dp:ebpf"
        case .refused(let reason): ", dp:ovs, slow_path:\(reason)"
        }
    }

    /// What a flow has counted.
    func statistics(of counts: FlowStatistics) -> String {
        var text = "packets:\(counts.packets), bytes:\(counts.octets), used:"
        if let used = counts.lastUsed {
            let age = max(0, now - Milliseconds(used))
            text += "\(age / 1000).\(padded(age % 1000))s"
        } else {
            text += "never"
        }
        if counts.tcpFlags != 0 {
            text += ", flags:" + Self.letters(of: counts.tcpFlags)
        }
        return text
    }

    /// As tcpdump writes TCP flags; those without a letter in brackets.
    static func letters(of flags: UInt16) -> String {
        let letters: [(UInt16, String)] = [
            (0x002, "S"), (0x001, "F"), (0x008, "P"), (0x004, "R"), (0x020, "U"), (0x010, "."),
            (0x040, "E"), (0x080, "C"), (0x100, "N"),
        ]
        let text = letters.filter { flags & $0.0 != 0 }.map(\.1).joined()
        let rest = flags & 0xe00
        return rest == 0 ? text : text + "[" + String(rest, radix: 16) + "]"
    }

    private func padded(_ number: Milliseconds) -> String {
        let text = String(number)
        return String(repeating: "0", count: 3 - text.count) + text
    }

    /// `ufid:` and 128 bits that name the flow.
    static func name(of flow: DatapathFlow) -> String {
        var hashes: [UInt64] = []
        for seed: UInt64 in [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f] {
            var hash = seed
            let key = flow.key.expanded
            for index in 0..<KeyWord.count {
                hash = (hash ^ key.words[index]) &* 0xff51_afd7_ed55_8ccd
                hash ^= hash >> 29
            }
            hashes.append(hash)
        }
        let digits = hashes.map { hash in
            let text = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var name = "ufid:"
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { name += "-" }
            name.append(digit)
        }
        return name
    }
}
