import Addresses
import CLinux
import Datapath
import TestSupport
import Testing

@testable import LinuxPorts

/// Two hosts in namespaces of their own, and a third between them with a veth to each.
struct TwoHosts {
    let left: NetworkNamespace
    let right: NetworkNamespace
    let middle: NetworkNamespace

    init() throws {
        left = try NetworkNamespace()
        right = try NetworkNamespace()
        middle = try NetworkNamespace()
        for (host, port, number) in [(left, "p1", 1), (right, "p2", 2)] {
            try middle("ip link add \(port) type veth peer name eth0 netns \(host.name)")
            try middle("ip link set \(port) up")
            try host("ip link set eth0 address 02:00:00:00:00:0\(number)")
            try host("ip address add 10.9.0.\(number)/24 dev eth0")
            try host("ip address add fd09::\(number)/64 dev eth0 nodad")
            try host("ip link set eth0 up")
        }
    }
}

/// Moves packets between two ports until told to stop, finished for `offloads` before.
///
/// - Returns: how many super-packets were received.
func pump(
    _ ports: [any PacketPort],
    pool: PacketPool,
    offloads: PortOffloads = [.checksum, .tcpSegmentation, .udpSegmentation],
    until done: () -> Bool
) -> Int {
    var superPackets = 0
    let batch = PacketBatch()
    var list = PacketList()
    while !done() {
        var descriptors = ports.map {
            pollfd(fd: $0.readinessDescriptor, events: Int16(POLLIN), revents: 0)
        }
        _ = poll(&descriptors, UInt(descriptors.count), 20)
        for (index, port) in ports.enumerated() {
            _ = port.receive(into: batch, from: pool)
            for packet in batch.contents where packet.offload.segmentation != .none {
                superPackets += 1
            }
            for packet in batch.contents {
                let isSane = SoftwareOffload.finish(packet, for: offloads, pool: pool, into: &list)
                #expect(isSane)
            }
            ports[1 - index].transmit(list.contents)
            list.removeAll(releasingTo: pool)
            batch.removeAll()
        }
    }
    return superPackets
}

/// A command that runs beside the test.
final class Companion: @unchecked Sendable {
    private var thread = pthread_t()
    private let command: [String]
    private(set) var result: CommandResult?
    private var lock = pthread_mutex_t()

    convenience init(_ namespace: NetworkNamespace, _ command: String) {
        self.init(namespace, words: command.split(separator: " ").map(String.init))
    }

    init(_ namespace: NetworkNamespace, words: [String]) {
        command = ["ip", "netns", "exec", namespace.name] + words
        pthread_mutex_init(&lock, nil)
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread,
            nil,
            { context in
                let companion = Unmanaged<Companion>.fromOpaque(context!).takeRetainedValue()
                let result = run(companion.command)
                pthread_mutex_lock(&companion.lock)
                companion.result = result
                pthread_mutex_unlock(&companion.lock)
                return nil
            },
            context
        )
        pthread_detach(thread)
    }

    var isDone: Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return result != nil
    }
}

@Suite(.enabled(if: NetworkNamespace.isAvailable, "namespaces cannot be made"), .serialized)
struct PortNamespaceTests {
    @Test(arguments: [false, true])
    func `two packet sockets carry pings and TCP super-packets`(byRing: Bool) throws {
        let hosts = try TwoHosts()
        try hosts.middle.enter {
            let ports = [try AFPacketPort(name: "p1"), try AFPacketPort(name: "p2")]
            if byRing { for port in ports { change(port, toRing: true) } }
            let pool = PacketPool()
            for command in ["ping -c 2 -i 0.2 -W 2 10.9.0.2", "ping -6 -c 2 -i 0.2 -W 2 fd09::2"] {
                let ping = Companion(hosts.left, command)
                _ = pump(ports, pool: pool) { ping.isDone }
                #expect(ping.result?.status == 0, "\(ping.result?.output ?? "")")
            }
            try transfer(hosts, ports, pool)
        }
    }

    /// Sends 32 MB by TCP from left to right, and expects super-packets on the way.
    private func transfer(
        _ hosts: TwoHosts,
        _ ports: [any PacketPort],
        _ pool: PacketPool,
        offloads: PortOffloads = [.checksum, .tcpSegmentation, .udpSegmentation]
    ) throws {
        let directory = try TemporaryDirectory()
        let ready = "\(directory.path)/ready"
        try #require(mkfifo(ready, 0o600) == 0)
        let server = Companion(hosts.right, words: ["python3", "-c", Self.server, ready])
        let client = Companion(hosts.left, words: ["python3", "-c", Self.client, ready])
        let superPackets = pump(ports, pool: pool, offloads: offloads) {
            server.isDone && client.isDone
        }
        #expect(client.result?.status == 0, "\(client.result?.output ?? "")")
        #expect(
            server.result?.output.contains("33554432") == true, "\(server.result?.output ?? "")")
        #expect(superPackets > 100)
    }

    /// Says in a FIFO when it listens, which the client waits for.
    static let server = """
        import os, socket, sys
        s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.settimeout(60); s.bind(('10.9.0.2', 4000)); s.listen()
        f = os.open(sys.argv[1], os.O_RDWR); os.write(f, b'listening')
        c, _ = s.accept(); n = 0
        while True:
            d = c.recv(1 << 18)
            if not d: break
            assert d.count(b'm') == len(d)
            n += len(d)
        print(n)
        """
    static let client = """
        import os, select, socket, sys
        f = os.open(sys.argv[1], os.O_RDWR)
        assert select.select([f], [], [], 60)[0], 'the server does not listen'
        s = socket.create_connection(('10.9.0.2', 4000), 60)
        s.sendall(b'm' * (32 << 20)); s.close()
        """

    @Test(arguments: [[], .checksum] as [PortOffloads])
    func `TCP's hosts take the frames that software cuts`(offloads: PortOffloads) throws {
        let hosts = try TwoHosts()
        try hosts.middle.enter {
            let ports: [any PacketPort] = [
                try AFPacketPort(name: "p1"), try AFPacketPort(name: "p2"),
            ]
            try transfer(hosts, ports, PacketPool(), offloads: offloads)
        }
    }

    @Test func `a device that cannot cut has the kernel cut before it`() throws {
        let hosts = try TwoHosts()
        try hosts.middle.enter {
            let ports: [any PacketPort] = [
                try AFPacketPort(name: "p1"), try AFPacketPort(name: "p2"),
            ]
            let pool = PacketPool()
            // Switched off under an open port, whose socket goes past the queueing discipline.
            try Device("p2").setSegmentation(false)
            #expect(!Device("p2").cutsSuperPackets())
            try transfer(hosts, ports, pool)
            try transfer(hosts, [ports[0], try AFPacketPort(name: "p2")], pool)
        }
    }

    @Test func `a TAP and a packet socket carry pings and TCP super-packets`() throws {
        let hosts = try TwoHosts()
        try hosts.middle.enter {
            let tap = try TAPPort(name: "tap0")
            #expect(tap.offloads.contains([.checksum, .tcpSegmentation]))
            try tap.setAddress(.init(0x0200_0000_0001))
            let device = try AFPacketPort(name: "p2")
            try hosts.left("ip link del eth0")
            try hosts.middle("ip link set tap0 netns \(hosts.left.name)")
            try hosts.left("ip address add 10.9.0.1/24 dev tap0")
            try hosts.left("ip link set tap0 up")
            #expect(try hosts.left("ip link show tap0").contains("02:00:00:00:00:01"))
            let pool = PacketPool()
            let ports: [any PacketPort] = [tap, device]
            let ping = Companion(hosts.left, "ping -c 2 -i 0.2 -W 2 10.9.0.2")
            _ = pump(ports, pool: pool) { ping.isDone }
            #expect(ping.result?.status == 0, "\(ping.result?.output ?? "")")
            try transfer(hosts, ports, pool)
        }
    }

    @Test(arguments: [false, true])
    func `a VLAN tag comes back into the frame, also before a super-packet`(byRing: Bool) throws {
        let hosts = try TwoHosts()
        let pool = PacketPool()
        let batch = PacketBatch()
        let sender = try hosts.left.enter { try AFPacketPort(name: "eth0") }
        let receiver = try hosts.middle.enter { try AFPacketPort(name: "p1") }
        if byRing { change(receiver, toRing: true) }
        let addresses = octets("02 00 00 00 00 02 02 00 00 00 00 01")
        let tag = octets("81 00 60 07")
        let arp = octets("08 06") + [UInt8](repeating: 0x5a, count: 42)
        let plain = pool.make(addresses + tag + arp)
        // IPv4, 4,000 octets in all; TCP from port 1 to port 2.
        let network = octets(
            """
            08 00
            45 00 0f a0 00 01 40 00 40 06 00 00 0a 09 00 01 0a 09 00 02
            00 01 00 02 00 00 00 00 00 00 00 00 50 10 ff ff 00 00 00 00
            """
        )
        let large = pool.make(addresses + tag + network + [UInt8](repeating: 0x6d, count: 3960))
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = 38
        offload.checksumOffset = 16
        offload.segmentation = .tcp4
        offload.segmentByteCount = 1000
        offload.headerByteCount = 58
        large.offload = offload
        let packets = [plain, large]
        packets.withUnsafeBufferPointer { sender.transmit($0) }
        #expect(sender.counters.sentPackets == 2)

        var found: [PacketBuffer] = []
        while found.count < 2 {
            var entry = pollfd(
                fd: receiver.readinessDescriptor,
                events: Int16(POLLIN),
                revents: 0
            )
            guard poll(&entry, 1, 5000) > 0 else { break }
            _ = receiver.receive(into: batch, from: pool)
            found += batch.contents.filter { $0.octets.starts(with: addresses + tag) }
            batch.removeAll()
        }
        try #require(found.count == 2)
        #expect(found[0].octets == plain.octets)
        #expect(found[0].offload == PacketOffload())
        #expect(found[1].octets == large.octets)
        #expect(found[1].offload == offload)
    }

    @Test func `a port that is closed can be opened again at once`() throws {
        let hosts = try TwoHosts()
        try hosts.middle.enter {
            let pool = PacketPool()
            for _ in 0..<3 {
                let ports: [any PacketPort] = [
                    try AFPacketPort(name: "p1"), try AFPacketPort(name: "p2"),
                ]
                let ping = Companion(hosts.left, "ping -c 1 -W 20 10.9.0.2")
                _ = pump(ports, pool: pool) { ping.isDone }
                #expect(ping.result?.status == 0, "\(ping.result?.output ?? "")")
            }
        }
        waitForClosedPorts()
    }

    @Test(arguments: [false, true])
    func `a device that is down or vanishes is told once and does not spin`(byRing: Bool) throws {
        let hosts = try TwoHosts()
        try hosts.middle.enter {
            let pool = PacketPool()
            let batch = PacketBatch()
            let port = try AFPacketPort(name: "p1")
            if byRing { change(port, toRing: true) }
            while port.receive(into: batch, from: pool) {}
            try hosts.middle("ip link set p1 down")
            while port.condition == .working { _ = port.receive(into: batch, from: pool) }
            #expect(port.condition == .down)
            #expect(!isReadable(port.readinessDescriptor))
            try hosts.middle("ip link set p1 up")
            try hosts.middle("ip link del p1")
            while port.condition != .vanished { _ = port.receive(into: batch, from: pool) }
            #expect(!port.receive(into: batch, from: pool))
            let packet = pool.make([UInt8](repeating: 0, count: 60))
            withUnsafePointer(to: packet) {
                port.transmit(UnsafeBufferPointer(start: $0, count: 1))
            }
            #expect(port.counters.sendDrops == 1)
            #expect(port.readinessDescriptor == -1)
        }
    }

    private func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    @Test func `a removed TAP is told and does not trap`() throws {
        let namespace = try NetworkNamespace()
        try namespace.enter {
            let pool = PacketPool()
            let batch = PacketBatch()
            let port = try TAPPort(name: "tap0")
            try namespace("ip link del tap0")
            #expect(!port.receive(into: batch, from: pool))
            #expect(port.hasVanished)
            #expect(port.readinessDescriptor == -1)
            #expect(pool.usedCount == 0)
        }
    }

    @Test func `opening what does not exist names the device`() throws {
        let namespace = try NetworkNamespace()
        try namespace.enter {
            let error = #expect(throws: SystemError.self) { try AFPacketPort(name: "nosuch") }
            #expect(error?.code == ENODEV)
            #expect(error?.subject == "nosuch")
            let long = #expect(throws: SystemError.self) {
                try TAPPort(name: "a-name-of-17-octets")
            }
            #expect(long?.code == ENAMETOOLONG)
        }
    }
}
