import Glibc

/// Packets of which each needs a translation: every one matches a rule of its own, and goes in and
/// out by the sockets of dummy ports (a frame behind two octets of length).
struct Translations {
    /// Frames under way at a time, fewer than a dummy port queues.
    static let window = 64
    /// A frame that is not back after so many milliseconds is lost.
    static let patience: CInt = 2000

    static let usage = """
               measure rules COUNT SUBTABLES
                 prints flows with as many different masks, for ovs-ofctl add-flows
               measure translations SOCKET-IN SOCKET-OUT COUNT SUBTABLES
                 sends a packet for each such rule; prints packets a second and how many were lost

        """

    let count: Int
    /// Prefix lengths of source and destination.
    let masks: [(source: UInt32, destination: UInt32)]

    init(count: Int, subtables: Int) {
        self.count = count
        masks = (0..<subtables).map { number in
            let all = UInt32.max
            return (
                source: all << UInt32(number / 10 % 10), destination: all << UInt32(number % 10)
            )
        }
    }

    /// Octets that differ for every number, the same in each run (splitmix64).
    private func mixed(_ number: Int) -> UInt64 {
        var z = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    /// Addresses below 10.0.0.0/8 and 11.0.0.0/8 that the rule matches.
    private func addresses(_ number: Int) -> (source: UInt32, destination: UInt32) {
        let bits = mixed(number + 1)
        return (0x0a00_0000 | UInt32(bits & 0xff_ffff), 0x0b00_0000 | UInt32(bits >> 40))
    }

    func printRules() {
        for number in 0..<count {
            let mask = masks[number % masks.count]
            let (source, destination) = addresses(number)
            print(
                "priority=\(1 + number % masks.count),udp,"
                    + "nw_src=\(text(source & mask.source))/\(text(mask.source)),"
                    + "nw_dst=\(text(destination & mask.destination))/\(text(mask.destination)),"
                    + "actions=output:2")
        }
    }

    private func text(_ address: UInt32) -> String {
        stride(from: UInt32(24), through: 0, by: -8).map { "\(address >> $0 & 0xff)" }
            .joined(separator: ".")
    }

    /// A UDP datagram of 18 octets, without a UDP checksum, behind its length.
    private func frame(_ number: Int) -> [UInt8] {
        let (source, destination) = addresses(number)
        var header: [UInt16] = [0x4500, 46, 0, 0, 0x4011, 0]
        for address in [source, destination] {
            header += [UInt16(address >> 16), UInt16(address & 0xffff)]
        }
        var sum = header.reduce(UInt32(0)) { $0 + UInt32($1) }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        header[5] = ~UInt16(sum)
        let ethernet: [UInt16] = [60, 0x0200, 0, 2, 0x0200, 0, 1, 0x0800]
        let udp: [UInt16] = [1, 2, 26, 0]
        let words = ethernet + header + udp
        var octets: [UInt8] = []
        for word in words { octets += [UInt8(word >> 8), UInt8(word & 0xff)] }
        return octets + [UInt8](repeating: 0, count: 18)
    }

    private func open(_ path: String) -> CInt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (index, octet) in path.utf8.prefix(room.count - 1).enumerated() {
                room[index] = octet
            }
        }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { fail("cannot connect to \(path)") }
        return descriptor
    }

    func run(into input: String, outOf output: String) {
        let (entry, exit) = (open(input), open(output))
        let frames = (0..<count).map(frame)
        var room = [UInt8](repeating: 0, count: 1 << 16)
        var (sent, received, lost, octets) = (0, 0, 0, 0)
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let start = time
        while received + lost < count {
            while sent < count, sent - received - lost < Self.window {
                let frame = frames[sent]
                guard write(entry, frame, frame.count) == frame.count else { fail("cannot send") }
                sent += 1
            }
            var waiting = pollfd(fd: exit, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Self.patience) > 0 else {
                lost = sent - received
                continue
            }
            octets += max(0, read(exit, &room, room.count))
            received = octets / frames[0].count
        }
        clock_gettime(CLOCK_MONOTONIC, &time)
        let seconds =
            Double(time.tv_sec - start.tv_sec) + Double(time.tv_nsec - start.tv_nsec) / 1e9
        print(format(Double(received) / seconds), lost)
    }
}
