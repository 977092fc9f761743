import Addresses
import CLinux
import Netlink
import Synchronization
import TestSupport
import Testing

@testable import LinuxPorts

struct LinkSocketTests {
    @Test func `the loopback device is found by its name and among all`() throws {
        let socket = try LinkSocket()
        let link = try #require(try socket.link(named: "lo"))
        #expect(link.flags.contains(.loopback))
        #expect(link.statistics != nil)
        #expect(try socket.links().contains { $0.name == "lo" && $0.index == link.index })
    }

    @Test func `statistics have the keys that operators read`() {
        var statistics = LinkStatistics()
        statistics.sentPackets = 7
        statistics.receivedOctets = 9
        let keys = statistics.columns.map(\.key)
        #expect(
            keys == [
                "collisions", "rx_bytes", "rx_crc_err", "rx_dropped", "rx_errors", "rx_frame_err",
                "rx_missed_errors", "rx_multicast_packets", "rx_over_err", "rx_packets",
                "tx_bytes", "tx_dropped", "tx_errors", "tx_packets",
            ]
        )
        #expect(statistics.columns.first { $0.key == "tx_packets" }?.value == 7)
        let seen = statistics.seenFromSwitch
        #expect(seen.receivedPackets == 7)
        #expect(seen.sentOctets == 9)
        #expect(seen.seenFromSwitch == statistics)
    }

    @Test func `a name that no device has yields nothing`() throws {
        let socket = try LinkSocket()
        #expect(try socket.link(named: "nosuchdevice0") == nil)
        #expect(try socket.link(named: "a-name-of-17-octets") == nil)
        #expect(try socket.link(named: "") == nil)
        #expect(try socket.link(named: "lo") != nil)
    }

    @Test func `what is asked of no device fails with its name`() {
        let device = Device("nosuchdevice0")
        #expect(device.index == nil)
        #expect(device.facts() == DeviceFacts())
        let error = #expect(throws: SystemError.self) { try device.mtu() }
        #expect(error?.code == ENODEV)
        #expect(error?.description.hasPrefix("nosuchdevice0: SIOCGIFMTU: ") == true)
    }
}

@Suite(.enabled(if: NetworkNamespace.isAvailable, "namespaces cannot be made"), .serialized)
struct LinkMonitorTests {
    /// The last state of each device, as the monitor told it.
    final class Links: Sendable {
        private let links = Mutex<[String: LinkMessage]>([:])

        func handle(_ events: [LinkEvent]) {
            links.withLock { links in
                for event in events {
                    switch event {
                    case .changed(let link): links[link.name] = link
                    case .removed(_, let name): links[name] = nil
                    }
                }
            }
        }

        /// Waits, for ten seconds at most, until the device `name` is as `condition` says.
        func wait(for name: String, _ condition: (LinkMessage?) -> Bool) -> Bool {
            let deadline = clinux_monotonic_nanoseconds() + 10_000_000_000
            while clinux_monotonic_nanoseconds() < deadline {
                if links.withLock({ condition($0[name]) }) { return true }
                sched_yield()
            }
            return false
        }
    }

    @Test func `a device is followed from its birth to its end`() throws {
        let namespace = try NetworkNamespace()
        let links = Links()
        let monitor = try namespace.enter { try LinkMonitor { links.handle($0) } }
        #expect(links.wait(for: "lo") { $0?.flags.contains(.up) == true })
        try namespace("ip link add g1 type veth peer name g2")
        #expect(links.wait(for: "g1") { $0?.kind == "veth" && $0?.isRunning == false })
        try namespace("ip link set g1 up mtu 1400 address 02:00:00:00:00:09")
        try namespace("ip link set g2 up")
        #expect(
            links.wait(for: "g1") {
                $0?.isRunning == true && $0?.mtu == 1400
                    && $0?.address == EthernetAddress(0x0200_0000_0009)
            }
        )
        try namespace("ip link set g2 down")
        #expect(links.wait(for: "g1") { $0?.isRunning == false && $0?.flags.contains(.up) == true })
        try namespace("ip link del g1")
        #expect(links.wait(for: "g1") { $0 == nil })
        monitor.stop()
    }

    @Test func `devices are changed and their facts are told`() throws {
        let namespace = try NetworkNamespace()
        try namespace("ip link add g1 type veth peer name g2")
        try namespace.enter {
            let device = Device("g1")
            try device.setUp(true)
            try device.setMTU(1300)
            try device.setAddress(EthernetAddress(0x0200_0000_0007))
            #expect(try device.mtu() == 1300)
            #expect(try device.address() == EthernetAddress(0x0200_0000_0007))
            #expect(try device.flags() & Int32(IFF_UP) != 0)
            let facts = device.facts()
            #expect(facts.driverName == "veth")
            #expect(facts.driverVersion == "1.0")
            #expect(facts.linkSpeed == 10_000_000_000)
            #expect(facts.duplex == .full)
            #expect(
                facts.status.map(\.key) == ["driver_name", "driver_version", "firmware_version"])
            #expect(device.cutsSuperPackets())
            try namespace("ip link set g2 up")
            let link = try #require(try LinkSocket().link(named: "g1"))
            #expect(link.isRunning)
            let error = #expect(throws: SystemError.self) { try device.setMTU(1) }
            #expect(error?.code == EINVAL)
        }
    }
}
