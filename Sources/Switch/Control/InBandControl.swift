public import Addresses
import FlowModel
import Pipeline

/// Which controllers and managers are reached over a bridge itself (ovs-vswitchd.conf.db(5),
/// `Controller` column `connection_mode`).
public struct InBandControl: Equatable, Sendable {
    public struct Remote: Hashable, Sendable {
        public let address: IPv4Address
        public let port: UInt16

        public init(address: IPv4Address, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    public var remotes: Set<Remote> = []
    /// `other_config:in-band-queue`.
    public var queue: UInt32?

    public init() {}
}

/// How far before the rules of controllers the switch's own rules go, as Open vSwitch shows them.
enum HiddenRank {
    static var failOpen: UInt32 { 0xf0_f0f0 }
    static var fromLocalDHCP: UInt32 { 180_000 }
    static var toLocalARP: UInt32 { 180_001 }
    static var fromLocalARP: UInt32 { 180_002 }
    static var toRemoteARP: UInt32 { 180_005 }
    static var fromRemoteARP: UInt32 { 180_006 }
    static var toRemoteTCP: UInt32 { 180_007 }
    static var fromRemoteTCP: UInt32 { 180_008 }
}

/// A rule that the switch needs, before it is in the table.
struct HiddenRule: Hashable {
    let rank: UInt32
    let match: Match
    let actions: [Action]

    static func failOpen() -> HiddenRule {
        HiddenRule(rank: HiddenRank.failOpen, match: Match(), actions: [normal])
    }

    private static var normal: Action { .output(.normal, maxByteCount: 0) }

    /// What lets a bridge reach its controllers whatever the other rules say: DHCP and ARP of the
    /// local port, and for each remote ARP and TCP.
    ///
    /// - Parameter local: the local port's address.
    static func inBand(_ control: InBandControl, local: EthernetAddress) -> [HiddenRule] {
        guard !control.remotes.isEmpty else { return [] }
        let actions = (control.queue.map { [Action.setQueue($0)] } ?? []) + [normal]
        var rules: [HiddenRule] = []
        let add = { (rank: UInt32, match: Match) in
            rules.append(HiddenRule(rank: rank, match: match, actions: actions))
        }
        if !local.isZero {
            var dhcp = udp(from: 68, to: 67)
            dhcp.set(.inPort, to: UInt128(PortNumber.local.value))
            dhcp.set(.ethernetSource, to: UInt128(local.value))
            add(HiddenRank.fromLocalDHCP, dhcp)
            var reply = arp(.reply)
            reply.set(.ethernetDestination, to: UInt128(local.value))
            add(HiddenRank.toLocalARP, reply)
            var request = arp(.request)
            request.set(.ethernetSource, to: UInt128(local.value))
            add(HiddenRank.fromLocalARP, request)
        }
        for address in Set(control.remotes.map(\.address)) {
            var reply = arp(.reply)
            reply.set(.arpTargetIP, to: UInt128(address.value))
            add(HiddenRank.toRemoteARP, reply)
            var request = arp(.request)
            request.set(.arpSenderIP, to: UInt128(address.value))
            add(HiddenRank.fromRemoteARP, request)
        }
        for remote in control.remotes {
            var there = tcp()
            there.set(.ipv4Destination, to: UInt128(remote.address.value))
            there.set(.tcpDestination, to: UInt128(remote.port))
            add(HiddenRank.toRemoteTCP, there)
            var back = tcp()
            back.set(.ipv4Source, to: UInt128(remote.address.value))
            back.set(.tcpSource, to: UInt128(remote.port))
            add(HiddenRank.fromRemoteTCP, back)
        }
        return rules
    }

    private enum ARPOperation: UInt128 {
        case request = 1
        case reply = 2
    }

    private static func arp(_ operation: ARPOperation) -> Match {
        var match = Match()
        match.set(.etherType, to: 0x0806)
        match.set(.arpOperation, to: operation.rawValue)
        return match
    }

    private static func tcp() -> Match {
        var match = Match()
        match.set(.etherType, to: 0x0800)
        match.set(.ipProtocol, to: 6)
        return match
    }

    private static func udp(from source: UInt128, to destination: UInt128) -> Match {
        var match = Match()
        match.set(.etherType, to: 0x0800)
        match.set(.ipProtocol, to: 17)
        match.set(.udpSource, to: source)
        match.set(.udpDestination, to: destination)
        return match
    }
}
