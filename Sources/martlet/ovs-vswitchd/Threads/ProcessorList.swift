import CLinux
import Datapath

/// The processors of this machine, or those that a test says there are.
struct ProcessorList: Sendable {
    let cores: [ForwardingCore]
    /// Whether threads can run on them.
    let isReal: Bool

    /// The processors that are online, each with its NUMA node (sysfs).
    static var machine: ProcessorList {
        let count = max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))
        let cores = (0..<count).compactMap { core -> ForwardingCore? in
            let place = "/sys/devices/system/cpu/cpu\(core)"
            guard core == 0 || access(place, F_OK) == 0 else { return nil }
            let numa = (0..<64).first { access("\(place)/node\($0)", F_OK) == 0 } ?? 0
            return ForwardingCore(core: core, numa: numa)
        }
        return ProcessorList(cores: cores, isReal: true)
    }

    private init(cores: [ForwardingCore], isReal: Bool) {
        self.cores = cores
        self.isReal = isReal
    }

    /// `--dummy-numa`: the NUMA nodes of processors, separated by commas.
    init?(dummy text: String) {
        var cores: [ForwardingCore] = []
        for (core, part) in text.split(separator: ",").enumerated() {
            guard let numa = Int(part.drop { $0 == " " }) else { return nil }
            cores.append(ForwardingCore(core: core, numa: numa))
        }
        self.init(cores: cores, isReal: false)
    }

    /// The first core of each node, which serves polled ports where no mask was given.
    var defaults: [ForwardingCore] {
        var nodes: Set<Int> = []
        return cores.filter { nodes.insert($0.numa).inserted }
    }
}
