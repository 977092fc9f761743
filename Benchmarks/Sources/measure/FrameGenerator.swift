import Glibc

/// Sends small UDP frames by AF_PACKET, past the queueing discipline, a batch per system call.
///
/// The frames differ in their UDP source port only, so `flows` is the number of flows that a switch
/// sees. They go to the receiver's Ethernet address but to 10.0.0.99, which is not its own, so that
/// it counts and forgets them.
struct FrameGenerator {
    /// Frames per system call.
    static let batch = 64
    /// Octets of a frame without its check sequence: the smallest that Ethernet allows.
    static let frameSize = 60
    /// `struct mmsghdr`: a `msghdr` of 56 octets, the length sent, and padding.
    static let messageSize = 64

    private let socket: Int32
    private let flows: Int
    private let messages: UnsafeMutableRawPointer
    private let frames: UnsafeMutableRawPointer
    private let send: SendMessages

    /// The C library's `sendmmsg`, which its module map does not show.
    private typealias SendMessages =
        @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32) -> Int32

    init(device: String, source: [UInt8], destination: [UInt8], flows: Int) {
        guard let symbol = dlsym(nil, "sendmmsg") else { fail("there is no sendmmsg") }
        send = unsafeBitCast(symbol, to: SendMessages.self)
        socket = Self.openSocket(device)
        self.flows = flows
        frames = .allocate(byteCount: flows * Self.frameSize, alignment: 64)
        for flow in 0..<flows {
            let octets = Self.frame(source, destination, sourcePort: UInt16(1024 + flow % 60000))
            (frames + flow * Self.frameSize).copyMemory(from: octets, byteCount: Self.frameSize)
        }
        // Each frame has its message, and the first batch comes again after the last, so that a
        // batch may begin anywhere.
        let count = flows + Self.batch
        messages = .allocate(byteCount: count * Self.messageSize, alignment: 64)
        messages.initializeMemory(as: UInt8.self, repeating: 0, count: count * Self.messageSize)
        let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: flows)
        for flow in 0..<flows {
            vectors[flow] = iovec(
                iov_base: frames + flow * Self.frameSize, iov_len: Self.frameSize
            )
        }
        for index in 0..<count {
            var header = msghdr()
            header.msg_iov = vectors + index % flows
            header.msg_iovlen = 1
            (messages + index * Self.messageSize).storeBytes(of: header, as: msghdr.self)
        }
    }

    /// Sends until the time is over; the number of frames sent.
    func run(seconds: Double) -> Int {
        let end = now() + seconds
        var sent = 0
        var next = 0
        while now() < end {
            for _ in 0..<16 {
                let count = send(
                    socket, messages + next * Self.messageSize, UInt32(Self.batch), 0
                )
                if count > 0 {
                    sent += Int(count)
                    next = (next + Int(count)) % flows
                } else if errno != ENOBUFS, errno != EAGAIN, errno != EINTR {
                    fail("sendmmsg: errno \(errno)")
                }
            }
        }
        return sent
    }

    private static func openSocket(_ device: String) -> Int32 {
        let packetFamily: Int32 = 17
        let packetLevel: Int32 = 263
        let bypassOption: Int32 = 20
        let descriptor = Glibc.socket(packetFamily, Int32(SOCK_RAW.rawValue), 0)
        guard descriptor >= 0 else { fail("socket: errno \(errno)") }
        let index = if_nametoindex(device)
        guard index != 0 else { fail("no device \(device)") }
        var one: Int32 = 1
        guard setsockopt(descriptor, packetLevel, bypassOption, &one, 4) == 0 else {
            fail("PACKET_QDISC_BYPASS: errno \(errno)")
        }
        // struct sockaddr_ll: family, protocol, index, and twelve octets that bind does not read.
        var address = [UInt8](repeating: 0, count: 20)
        address.withUnsafeMutableBytes {
            $0.storeBytes(of: UInt16(packetFamily), as: UInt16.self)
            $0.storeBytes(of: Int32(bitPattern: index), toByteOffset: 4, as: Int32.self)
        }
        let status = address.withUnsafeBytes {
            $0.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress!, 20) }
        }
        guard status == 0 else { fail("bind to \(device): errno \(errno)") }
        return descriptor
    }

    /// Ethernet, IPv4 (10.0.0.1 to 10.0.0.99) and UDP, filled with zeros.
    static func frame(
        _ source: [UInt8], _ destination: [UInt8], sourcePort: UInt16
    ) -> [UInt8] {
        let transport: [UInt8] = [
            UInt8(sourcePort >> 8), UInt8(sourcePort & 0xff), 0, 9, 0, UInt8(frameSize - 34), 0, 0,
        ]
        return frame(source, destination, header(17, frameSize - 14), transport)
    }

    /// A SYN without options from port 0 of 10.0.0.0 to port 5201 of 10.0.0.99, whose checksums
    /// are right once ``LiveFrameGenerator`` has written random numbers and their complements.
    static func firstSegment(_ source: [UInt8], _ destination: [UInt8]) -> [UInt8] {
        // What they add is 0xffff each time, which is nothing: so the checksums are those of zeros.
        let network = header(6, 40, lastOctet: 0)
        let size: UInt8 = 20
        var segment: [UInt8] = [0, 0, 0x14, 0x51, 0, 0, 0, 0, 0, 0, 0, 0]
        segment += [0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]
        let pseudo = network[12..<20] + [0, 6, 0, size] + segment
        set(checksum(Array(pseudo)), at: 16, of: &segment)
        return frame(source, destination, network, segment)
    }

    private static func frame(
        _ source: [UInt8], _ destination: [UInt8], _ network: [UInt8], _ transport: [UInt8]
    ) -> [UInt8] {
        let octets = destination + source + [0x08, 0x00] + network + transport
        return octets + [UInt8](repeating: 0, count: frameSize - octets.count)
    }

    private static func header(
        _ ipProtocol: UInt8, _ size: Int, lastOctet: UInt8 = 1
    ) -> [UInt8] {
        var header: [UInt8] = [0x45, 0, 0, UInt8(size), 0, 0, 0x40, 0, 64, ipProtocol, 0, 0]
        header += [10, 0, 0, lastOctet, 10, 0, 0, 99]
        set(checksum(header), at: 10, of: &header)
        return header
    }

    private static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: octets.count, by: 2) {
            sum += UInt32(octets[index]) << 8 | UInt32(octets[index + 1])
        }
        return ~UInt16((sum & 0xffff) + (sum >> 16))
    }

    private static func set(_ value: UInt16, at place: Int, of octets: inout [UInt8]) {
        octets[place] = UInt8(value >> 8)
        octets[place + 1] = UInt8(value & 0xff)
    }
}
