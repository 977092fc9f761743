import Glibc

/// Sends small frames as XDP frames, which cost a tenth of what a packet socket's do.
///
/// The kernel makes the frames itself: it runs a program on each of a batch of pages
/// (`BPF_PROG_TEST_RUN` with `BPF_F_TEST_XDP_LIVE_FRAMES`, Linux 5.18), and the program's answer
/// redirects the page to the device. No socket buffer is made and no system call entered per frame,
/// so that what is measured is the switch. The device must be a veth whose peer polls (`gro on`).
///
/// The UDP frames are those of ``FrameGenerator``, but their source ports come at random. The first
/// segments of TCP connections come from random ports of random addresses, 2^32 in all, so that
/// hardly two belong to one connection; what a random number adds to a checksum its complement
/// elsewhere in the frame takes away.
struct LiveFrameGenerator {
    private let program: Int32
    private let frame: [UInt8]

    /// - Parameter flows: how many source ports UDP frames have: a power of two up to 65,536.
    init(device: String, source: [UInt8], destination: [UInt8], flows: Int) {
        guard (1...65536).contains(flows), flows & (flows - 1) == 0 else {
            fail("live frames have 1, 2, 4, ... 65536 flows")
        }
        self.init(
            frame: FrameGenerator.frame(source, destination, sourcePort: 0), device: device,
            drawing: Self.ports(flows: Int32(flows)))
    }

    /// Each frame begins another TCP connection to port 5201.
    init(connectionsOn device: String, source: [UInt8], destination: [UInt8]) {
        self.init(
            frame: FrameGenerator.firstSegment(source, destination), device: device,
            drawing: Self.connections)
    }

    private init(frame: [UInt8], device: String, drawing: [UInt64]) {
        let index = if_nametoindex(device)
        guard index != 0 else { fail("no device \(device)") }
        self.frame = frame
        program = BPF.load(
            Self.instructions(device: Int32(bitPattern: index), drawing: drawing),
            type: BPF.typeXDP)
    }

    /// Sends until the time is over.
    func run(seconds: Double) {
        let whole = Int(seconds)
        var timer = itimerval()
        timer.it_value.tv_sec = whole
        timer.it_value.tv_usec = Int((seconds - Double(whole)) * 1e6)
        // The run ends with the signal; a handler keeps the process alive.
        signal(SIGALRM) { _ in }
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
        let end = now() + seconds
        while now() < end {
            let status = frame.withUnsafeBytes { octets in
                BPF.call(BPF.testRun) { attribute in
                    attribute.storeBytes(of: program, as: Int32.self)
                    attribute.storeBytes(
                        of: UInt32(octets.count), toByteOffset: 8, as: UInt32.self)
                    attribute.storeBytes(
                        of: UInt64(UInt(bitPattern: octets.baseAddress)), toByteOffset: 16,
                        as: UInt64.self)
                    attribute.storeBytes(of: 1 << 30, toByteOffset: 32, as: UInt32.self)
                    attribute.storeBytes(
                        of: BPF.liveFrames, toByteOffset: 64, as: UInt32.self)
                }
            }
            if status < 0, errno != EINTR { fail("BPF_PROG_TEST_RUN: errno \(errno)") }
        }
    }

    /// Draws a source port.
    private static func ports(flows: Int32) -> [UInt64] {
        [
            BPF.instruction(0x85, 0, 0, 0, BPF.randomHelper),
            BPF.instruction(0x57, 0, 0, 0, flows - 1),
            // In the order of the network.
            BPF.instruction(0xdc, 0, 0, 0, 16),
            BPF.instruction(0x6b, 6, 0, 34),
        ]
    }

    /// Draws half of the source address and the source port, and writes the complements of both
    /// into the sequence number, and that of the first into the identification of the packet too.
    private static var connections: [UInt64] {
        [
            BPF.instruction(0x85, 0, 0, 0, BPF.randomHelper),
            BPF.instruction(0x6b, 6, 0, 28),
            BPF.instruction(0xbf, 7, 0),
            BPF.instruction(0x77, 7, 0, 0, 16),
            BPF.instruction(0x6b, 6, 7, 34),
            BPF.instruction(0xa7, 0, 0, 0, -1),
            BPF.instruction(0x6b, 6, 0, 18),
            BPF.instruction(0x6b, 6, 0, 38),
            BPF.instruction(0xa7, 7, 0, 0, -1),
            BPF.instruction(0x6b, 6, 7, 40),
        ]
    }

    /// The XDP program: it changes the frame and redirects it.
    private static func instructions(device: Int32, drawing: [UInt64]) -> [UInt64] {
        let redirecting = [
            // return bpf_redirect(device, 0)
            BPF.instruction(0xb7, 1, 0, 0, device),
            BPF.instruction(0xb7, 2, 0, 0, 0),
            BPF.instruction(0x85, 0, 0, 0, BPF.redirectHelper),
            BPF.instruction(0x95),
        ]
        return [
            // r6 and r8 = the frame's start and end; less than 60 octets are dropped.
            BPF.instruction(0x61, 6, 1, 0),
            BPF.instruction(0x61, 8, 1, 4),
            BPF.instruction(0xbf, 2, 6),
            BPF.instruction(0x07, 2, 0, 0, Int32(FrameGenerator.frameSize)),
            BPF.instruction(0x2d, 2, 8, Int16(drawing.count + redirecting.count)),
        ] + drawing + redirecting + [
            // return XDP_DROP
            BPF.instruction(0xb7, 0, 0, 0, 1),
            BPF.instruction(0x95),
        ]
    }
}
