public import FlowModel

/// Where a datapath port is in the kernel.
public struct KernelPort: Hashable, Sendable {
    public let interface: UInt32
    /// Whether packets for the port are received by this host, as by an internal port's device.
    public let isHost: Bool

    public init(interface: UInt32, isHost: Bool) {
        self.interface = interface
        self.isHost = isHost
    }
}

/// The actions of a flow as the kernel's programs carry them out: steps of 16 octets.
///
///      0      1       2               4               8               12
///     +------+-------+---------------+---------------+---------------+---------------+
///     | code | flags |     extra     |     first     |     value     |     mask      |
///     +------+-------+---------------+---------------+---------------+---------------+
///
/// All is in the machine's order, but `value`, `mask` and the types in `extra`, which are as in the
/// packet.
public struct KernelActions: Hashable, Sendable {
    /// The longest list that programs carry out.
    public static let maximumSteps = 16
    static let stepByteCount = 16
    static let headerByteCount = 16
    /// The count of steps, and the steps.
    public static let byteCount = headerByteCount + maximumSteps * stepByteCount

    enum Code {
        static let output: UInt8 = 1
        static let pushVLAN: UInt8 = 2
        static let popVLAN: UInt8 = 3
        static let set: UInt8 = 4
        static let recirculate: UInt8 = 5
    }

    enum Flag {
        /// Of an output: no step follows that needs the packet.
        static let isLast: UInt8 = 1
        /// Of a `set`: the checksum of the IPv4 header covers it.
        static let coveredByIP: UInt8 = 1
        /// The pseudo-header of the transport protocol covers it.
        static let coveredByPseudoHeader: UInt8 = 2
        /// It lies in the transport header.
        static let isTransport: UInt8 = 4
        /// It lies in the network header.
        static let isNetwork: UInt8 = 8
    }

    public let octets: [UInt8]

    /// - Parameter ports: the device of a datapath port; `nil` if it has none.
    public init(
        _ actions: [DatapathAction], ports: (UInt32) -> KernelPort?
    ) throws(KernelRefusal) {
        var steps: [Step] = []
        for (index, action) in actions.enumerated() {
            try Self.append(action, isLast: index == actions.count - 1, to: &steps, ports)
        }
        guard steps.count <= Self.maximumSteps else { throw .tooManySteps }
        var octets = [UInt8](repeating: 0, count: Self.byteCount)
        octets[0] = UInt8(steps.count)
        for (index, step) in steps.enumerated() {
            let place = Self.headerByteCount + index * Self.stepByteCount
            octets.replaceSubrange(place..<place + Self.stepByteCount, with: step.octets)
        }
        self.octets = octets
    }

    private struct Step {
        var code: UInt8
        var flags: UInt8 = 0
        var extra: UInt16 = 0
        var first: UInt32 = 0
        var value: UInt32 = 0
        var mask: UInt32 = 0

        var octets: [UInt8] {
            var octets = [code, flags]
            octets += [UInt8(truncatingIfNeeded: extra), UInt8(extra >> 8)]
            for word in [first, value, mask] {
                for shift in stride(from: UInt32(0), to: 32, by: 8) {
                    octets.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            return octets
        }
    }

    private static func append(
        _ action: DatapathAction, isLast: Bool, to steps: inout [Step],
        _ ports: (UInt32) -> KernelPort?
    ) throws(KernelRefusal) {
        switch action {
        case .output(let number):
            guard let port = ports(number) else { throw .port(number) }
            steps.append(
                Step(
                    code: Code.output, flags: isLast ? Flag.isLast : 0,
                    extra: port.isHost ? 1 : 0, first: port.interface))
        case .pushVLAN(let tpid, let tci):
            // The kernel takes any other for 802.1Q.
            guard tpid == 0x8100 || tpid == 0x88a8 else { throw .action("push_vlan(tpid)") }
            steps.append(
                Step(
                    code: Code.pushVLAN, extra: tpid.byteSwapped,
                    first: UInt32(tci & ~VLANBits.present)))
        case .popVLAN: steps.append(Step(code: Code.popVLAN))
        case .recirculate(let id):
            guard isLast else { throw .action("recirc before others") }
            steps.append(Step(code: Code.recirculate, first: id))
        case .set(let group, let value, let mask):
            try appendSet(group, value.expanded, mask.expanded, to: &steps)
        case .ctClear: break
        default: throw .action(name(of: action))
        }
    }

    // MARK: Fields

    private static func appendSet(
        _ group: HeaderGroup, _ value: FlowKey, _ mask: FlowKey, to steps: inout [Step]
    ) throws(KernelRefusal) {
        switch group {
        case .ethernet: appendEthernet(value, mask, to: &steps)
        case .ipv4: appendIPv4(value, mask, to: &steps)
        case .ipv6: appendIPv6(value, mask, to: &steps)
        case .tcp, .udp:
            let proto = group == .tcp ? IPProtocol.tcp : IPProtocol.udp
            append(
                Step(code: Code.set, flags: Flag.isTransport, first: UInt32(proto) << 8),
                value[word: KeyWord.transport] >> 32, mask[word: KeyWord.transport] >> 32,
                to: &steps)
        default: throw .action("set(\(group.rawValue))")
        }
    }

    /// Adds a step that writes 32 bits, unless the mask is empty.
    private static func append(
        _ step: Step, _ value: UInt64, _ mask: UInt64, to steps: inout [Step]
    ) {
        var step = step
        step.mask = UInt32(truncatingIfNeeded: mask).byteSwapped
        step.value = UInt32(truncatingIfNeeded: value).byteSwapped & step.mask
        if step.mask != 0 { steps.append(step) }
    }

    private static func appendEthernet(
        _ value: FlowKey, _ mask: FlowKey, to steps: inout [Step]
    ) {
        func words(_ key: FlowKey) -> [UInt64] {
            let (destination, source) = (key.ethernetDestination, key.ethernetSource)
            return [destination >> 16, (destination & 0xffff) << 16 | source >> 32, source]
        }
        for (index, pair) in zip(words(value), words(mask)).enumerated() {
            append(
                Step(code: Code.set, first: UInt32(4 * index)), pair.0, pair.1 & 0xffff_ffff,
                to: &steps)
        }
    }

    private static func appendIPv4(_ value: FlowKey, _ mask: FlowKey, to steps: inout [Step]) {
        let type = EtherType.ipv4.byteSwapped
        let flags = Flag.isNetwork | Flag.coveredByIP
        for half in 0..<2 {
            let shift = UInt64(32 - 32 * half)
            append(
                Step(
                    code: Code.set, flags: flags | Flag.coveredByPseudoHeader, extra: type,
                    first: UInt32(12 + 4 * half)),
                value[word: KeyWord.ipv4] >> shift, mask[word: KeyWord.ipv4] >> shift, to: &steps)
        }
        append(
            Step(code: Code.set, flags: flags, extra: type, first: 0),
            UInt64(value.ipTOS) << 16, UInt64(mask.ipTOS) << 16, to: &steps)
        append(
            Step(code: Code.set, flags: flags, extra: type, first: 8),
            UInt64(value.ipTTL) << 24, UInt64(mask.ipTTL) << 24, to: &steps)
    }

    private static func appendIPv6(_ value: FlowKey, _ mask: FlowKey, to steps: inout [Step]) {
        let type = EtherType.ipv6.byteSwapped
        for index in 0..<8 {
            let word = KeyWord.ipv6Source + index / 2
            let shift = UInt64(index % 2 == 0 ? 32 : 0)
            append(
                Step(
                    code: Code.set, flags: Flag.isNetwork | Flag.coveredByPseudoHeader,
                    extra: type, first: UInt32(8 + 4 * index)),
                value[word: word] >> shift, mask[word: word] >> shift, to: &steps)
        }
        func first(_ key: FlowKey) -> UInt64 {
            UInt64(key.ipTOS) << 20 | key[word: KeyWord.ip] >> 32 & 0xf_ffff
        }
        append(
            Step(code: Code.set, flags: Flag.isNetwork, extra: type, first: 0), first(value),
            first(mask), to: &steps)
        append(
            Step(code: Code.set, flags: Flag.isNetwork, extra: type, first: 4),
            UInt64(value.ipTTL), UInt64(mask.ipTTL), to: &steps)
    }

    private static func name(of action: DatapathAction) -> String {
        switch action {
        case .userspace: "userspace"
        case .pushMPLS, .addMPLS: "push_mpls"
        case .popMPLS: "pop_mpls"
        case .pushEthernet: "push_eth"
        case .popEthernet: "pop_eth"
        case .pushNSH: "push_nsh"
        case .popNSH: "pop_nsh"
        case .truncate: "trunc"
        case .clone: "clone"
        case .sample: "sample"
        case .checkPacketLength: "check_pkt_len"
        case .track: "ct"
        case .hash: "hash"
        case .meter: "meter"
        default: "of another kind"
        }
    }
}
