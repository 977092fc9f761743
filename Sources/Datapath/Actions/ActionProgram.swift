import ConnectionTracking
import FlowModel

/// One step of a program: plain memory.
struct Operation {
    enum Code: UInt8 {
        case output, userspace, recirculate, truncate, clone
        case pushVLAN, popVLAN, pushMPLS, popMPLS, addMPLS
        case pushEthernet, popEthernet, pushNSH, popNSH, pushPBB, popPBB, copyTTL
        case hash, meter
        case sample, checkLength, track, forget
        case setPriority, setEthernet, setMPLS, setARP, setIPv4, setIPv6, setPorts, setICMP, setND
        case setNSH, setPBB
        case pushTunnel, popTunnel
    }

    var code: Code
    /// Whether no step follows that needs the packet, so that this one may keep it.
    var isLast = false
    /// A port, an identifier, a length, an Ethernet type.
    var first: UInt32 = 0
    /// A label stack entry, a tag, or the count of steps within a clone; of a `checkLength`, that
    /// of the first branch in the high half, and that of the second in the low half.
    var second: UInt32 = 0
    /// For a `set`: words and masks in turn, as ``HeaderGroup/keyWords`` lists them; for
    /// `userspace`, the index of what to do there.
    var data: UnsafePointer<UInt64>?
}

/// A flow's actions in the form in which they are executed: steps one behind the other, those of a
/// clone in line behind their `clone`.
///
/// Three pieces of plain memory, which ``deallocate()`` frees.
struct ActionProgram {
    private(set) var operations: UnsafeMutablePointer<Operation>?
    private(set) var count = 0
    private var words: UnsafeMutablePointer<UInt64>?
    private(set) var userspace: UnsafeMutablePointer<UserspaceAction>?
    private(set) var tracking: UnsafeMutablePointer<TrackingOrder>?

    /// A program that drops.
    init() {}

    init(_ actions: [DatapathAction]) throws(DatapathError) {
        var compiler = ActionCompiler()
        try compiler.compile(actions, depth: 0)
        count = compiler.operations.count
        guard count > 0 else { return }
        let steps = UnsafeMutablePointer<Operation>.allocate(capacity: count)
        steps.initialize(from: compiler.operations, count: count)
        operations = steps
        if !compiler.words.isEmpty {
            let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: compiler.words.count)
            memory.initialize(from: compiler.words, count: compiler.words.count)
            words = memory
            for (step, place) in compiler.places {
                steps[step].data = UnsafePointer(memory + place)
            }
        }
        if !compiler.userspace.isEmpty {
            let memory = UnsafeMutablePointer<UserspaceAction>.allocate(
                capacity: compiler.userspace.count)
            memory.initialize(from: compiler.userspace, count: compiler.userspace.count)
            userspace = memory
        }
        if !compiler.tracking.isEmpty {
            let memory = UnsafeMutablePointer<TrackingOrder>.allocate(
                capacity: compiler.tracking.count)
            memory.initialize(from: compiler.tracking, count: compiler.tracking.count)
            tracking = memory
        }
    }

    func deallocate() {
        operations?.deallocate()
        words?.deallocate()
        userspace?.deallocate()
        tracking?.deallocate()
    }
}

/// Turns actions into steps.
struct ActionCompiler {
    /// As many as fit in the 64 KiB that OVS gives the actions of one flow, roughly.
    static let maximumActions = 4096
    /// How deep clones may nest.
    static let maximumDepth = 16

    var operations: [Operation] = []
    var words: [UInt64] = []
    var userspace: [UserspaceAction] = []
    var tracking: [TrackingOrder] = []
    /// Which step has its data at which place of `words`.
    var places: [(step: Int, place: Int)] = []

    mutating func compile(_ actions: [DatapathAction], depth: Int) throws(DatapathError) {
        guard depth <= Self.maximumDepth else { throw .unsupportedAction("clone in 16 clones") }
        for (index, action) in actions.enumerated() {
            guard operations.count < Self.maximumActions else {
                throw .tooManyActions(limit: Self.maximumActions)
            }
            let step = operations.count
            try compile(action, depth: depth)
            operations[step].isLast = index == actions.count - 1
        }
    }

    private mutating func compile(_ action: DatapathAction, depth: Int) throws(DatapathError) {
        switch action {
        case .output(let port): append(.output, port)
        case .userspace(let value):
            append(.userspace, UInt32(userspace.count))
            userspace.append(value)
        case .set(let group, let value, let mask): try compileSet(group, value, mask)
        case .pushVLAN(let tpid, let tci): append(.pushVLAN, UInt32(tpid) << 16 | UInt32(tci))
        case .popVLAN: append(.popVLAN)
        case .pushMPLS(let label, let type): append(.pushMPLS, UInt32(type), label)
        case .popMPLS(let type): append(.popMPLS, UInt32(type))
        case .addMPLS, .pushEthernet, .popEthernet, .pushNSH, .popNSH, .pushPBB, .popPBB,
            .copyTTL:
            compileEncapsulation(action)
        case .recirculate(let id): append(.recirculate, id)
        case .truncate(let byteCount): append(.truncate, byteCount)
        case .clone(let actions):
            let step = operations.count
            append(.clone)
            try compile(actions, depth: depth + 1)
            operations[step].second = UInt32(operations.count - step - 1)
        case .hash(let hash): append(.hash, hash.basis, hash.kind == .symmetric ? 1 : 0)
        case .meter(let number): append(.meter, number)
        case .sample(let probability, let actions):
            let step = operations.count
            append(.sample, probability)
            try compile(actions, depth: depth + 1)
            operations[step].second = UInt32(operations.count - step - 1)
        case .checkPacketLength(let size, let larger, let others):
            let step = operations.count
            append(.checkLength, UInt32(size))
            try compile(larger, depth: depth + 1)
            let count = operations.count - step - 1
            try compile(others, depth: depth + 1)
            operations[step].second =
                UInt32(count) << 16 | UInt32(operations.count - step - 1 - count)
        case .track(let order):
            append(.track, UInt32(tracking.count))
            tracking.append(TrackingOrder(order))
        case .ctClear: append(.forget)
        case .tunnelPush(let push): try compile(push)
        case .tunnelPop(let port): append(.popTunnel, port)
        }
    }

    /// The header's octets go into words as they lie in memory.
    private mutating func compile(_ push: TunnelPush) throws(DatapathError) {
        guard push.header.count <= TunnelPush.maximumByteCount, let transport = push.transport,
            let order = TunnelOrder(push, transport: transport)
        else { throw .unsupportedAction("tnl_push") }
        places.append((operations.count, words.count))
        words.append(order.word)
        for start in stride(from: 0, to: push.header.count, by: 8) {
            let end = min(start + 8, push.header.count)
            var word: UInt64 = 0
            for place in start..<end {
                word |= UInt64(push.header[place]) << UInt64(8 * (place - start))
            }
            words.append(word.littleEndian)
        }
        append(.pushTunnel, UInt32(push.header.count), push.tunnelPort)
    }

    private mutating func compileEncapsulation(_ action: DatapathAction) {
        switch action {
        case .addMPLS(let label, let type): append(.addMPLS, UInt32(type), label)
        case .pushEthernet(let source, let destination):
            places.append((operations.count, words.count))
            words += [destination, source]
            append(.pushEthernet)
        case .popEthernet: append(.popEthernet)
        case .pushNSH(let header):
            places.append((operations.count, words.count))
            words += header.words
            append(.pushNSH, UInt32(header.octets.count))
        case .popNSH: append(.popNSH)
        case .pushPBB(let tag): append(.pushPBB, 0, tag)
        case .popPBB: append(.popPBB)
        case .copyTTL(let isOutwards): append(.copyTTL, isOutwards ? 1 : 0)
        default: preconditionFailure("the action puts no header before the packet")
        }
    }

    private mutating func append(
        _ code: Operation.Code, _ first: UInt32 = 0, _ second: UInt32 = 0
    ) {
        operations.append(Operation(code: code, first: first, second: second))
    }

    private mutating func compileSet(
        _ group: HeaderGroup, _ value: SparseKey, _ mask: SparseKey
    ) throws(DatapathError) {
        guard let code = group.code else { throw .unsupportedAction("set(\(group.rawValue))") }
        places.append((operations.count, words.count))
        append(code, UInt32(group.transportProtocol))
        let (value, mask) = (value.expanded, mask.expanded)
        for word in group.keyWords {
            words.append(value[word: word] & mask[word: word])
            words.append(mask[word: word])
        }
    }
}

extension NSHHeader {
    /// The octets, eight a word, the last padded.
    fileprivate var words: [UInt64] {
        stride(from: 0, to: octets.count, by: 8).map { start in
            octets[start..<min(start + 8, octets.count)].enumerated().reduce(0) { word, item in
                word | UInt64(item.element) << UInt64(56 - 8 * item.offset)
            }
        }
    }
}

extension HeaderGroup {
    /// The step that sets the group's fields; `nil` where the datapath cannot.
    fileprivate var code: Operation.Code? {
        switch self {
        case .priority, .mark: .setPriority
        case .ethernet: .setEthernet
        case .mpls: .setMPLS
        case .arp: .setARP
        case .ipv4: .setIPv4
        case .ipv6: .setIPv6
        case .tcp, .udp, .sctp: .setPorts
        case .icmp, .icmpv6: .setICMP
        case .nd: .setND
        case .nsh: .setNSH
        case .pbb: .setPBB
        case .tunnel: nil
        }
    }

    fileprivate var transportProtocol: UInt8 {
        switch self {
        case .tcp: IPProtocol.tcp
        case .udp: IPProtocol.udp
        case .sctp: IPProtocol.sctp
        case .icmp: IPProtocol.icmp
        case .icmpv6: IPProtocol.icmpv6
        default: 0
        }
    }

    /// The words of a key that hold the group's fields, in the order of a step's data.
    fileprivate var keyWords: [Int] {
        switch self {
        case .priority, .mark: [KeyWord.priority]
        case .ethernet: [KeyWord.ethernetDestination, KeyWord.ethernetSource]
        case .mpls: [KeyWord.mpls]
        case .arp: [KeyWord.ipv4, KeyWord.ip, KeyWord.arpSender, KeyWord.arpTarget]
        case .ipv4: [KeyWord.ipv4, KeyWord.ip]
        case .ipv6:
            [
                KeyWord.ipv6Source, KeyWord.ipv6Source + 1, KeyWord.ipv6Destination,
                KeyWord.ipv6Destination + 1, KeyWord.ip,
            ]
        case .tcp, .udp, .sctp, .icmp, .icmpv6: [KeyWord.transport]
        case .nd:
            [
                KeyWord.ndTarget, KeyWord.ndTarget + 1, KeyWord.nd, KeyWord.arpSender,
                KeyWord.arpTarget,
            ]
        case .nsh: [KeyWord.nsh, KeyWord.nshContext, KeyWord.nshContextRest]
        case .pbb: [KeyWord.mplsRest]
        case .tunnel: []
        }
    }
}
