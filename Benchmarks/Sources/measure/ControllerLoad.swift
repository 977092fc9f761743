import Glibc

/// Many controllers of one bridge, each of which gets back by a packet-in what it sends by a
/// packet-out.
///
/// They speak OpenFlow 1.0 with Nicira's extensions: each has a number, and the action of its
/// packet-outs sends to the controller of that number alone.
enum ControllerLoad {
    static let usage = """
               measure controllers SOCKET COUNT RATE SECONDS
                 COUNT controllers send RATE packet-outs a second each, which come back as
                 packet-ins; prints how many were sent, how many came back, and the median and
                 the greatest milliseconds that one took

        """

    static func run(_ arguments: [String]) -> Bool {
        guard arguments.count == 6, arguments[1] == "controllers", let count = Int(arguments[3]),
            let rate = Int(arguments[4]), let seconds = Double(arguments[5]), count > 0, rate > 0
        else { return false }
        let controllers = (1...count).map { Controller(path: arguments[2], number: UInt16($0)) }
        let start = nanoseconds()
        var sent = 0
        while true {
            let elapsed = Double(nanoseconds() - start) / 1e9
            if elapsed >= seconds { break }
            let due = Int(elapsed * Double(rate))
            if due > sent {
                for controller in controllers { controller.send(due - sent) }
                sent = due
            }
            for controller in controllers { controller.receive() }
        }
        let end = nanoseconds() + 2_000_000_000
        while nanoseconds() < end, controllers.contains(where: { $0.receivedCount < $0.sentCount })
        {
            for controller in controllers { controller.receive() }
        }
        let times = controllers.flatMap(\.milliseconds)
        print(
            controllers.reduce(0) { $0 + $1.sentCount },
            controllers.reduce(0) { $0 + $1.receivedCount },
            times.isEmpty ? "-" : format(median(times)), times.max().map { format($0) } ?? "-")
        return true
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// One controller.
private final class Controller {
    private let descriptor: Int32
    private let number: UInt16
    private(set) var sentCount = 0
    private(set) var receivedCount = 0
    private(set) var milliseconds: [Double] = []
    private var input: [UInt8] = []
    private var output: [UInt8] = []

    private static let packetIn: UInt8 = 10
    private static let echoRequest: UInt8 = 2
    /// Of how many packets one is timed.
    private static let timedShare = 16

    init(path: String, number: UInt16) {
        descriptor = connectUnix(path)
        self.number = number
        output += Self.message(0, [])
        // NXT_SET_CONTROLLER_ID, and a length of packets, without which nothing is sent.
        output += Self.message(
            4,
            [0, 0, 0x23, 0x20, 0, 0, 0, 20] + [UInt8](repeating: 0, count: 6) + Self.octets(number))
        output += Self.message(9, [0, 0, 0xff, 0xff])
        flush()
    }

    deinit { close(descriptor) }

    private static func octets(_ value: UInt16) -> [UInt8] {
        [UInt8(value >> 8), UInt8(value & 0xff)]
    }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [1, type] + octets(UInt16(8 + body.count)) + [0, 0, 0, 1] + body
    }

    /// Sends packets whose source address is the time.
    func send(_ count: Int) {
        for _ in 0..<count {
            let time = (0..<8).map {
                UInt8(truncatingIfNeeded: ControllerLoad.nanoseconds() >> ($0 * 8))
            }
            let packet =
                [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x12, 0x34] + time
                + [UInt8](repeating: 0, count: 38)
            let action: [UInt8] =
                [0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0, 20, 0xff, 0xff] + Self.octets(number) + [
                    1, 0,
                ]
            output += Self.message(
                13, [0xff, 0xff, 0xff, 0xff, 0xff, 0xfd, 0, 16] + action + packet)
        }
        sentCount += count
        flush()
    }

    private func flush() {
        guard !output.isEmpty else { return }
        let count = output.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
        if count > 0 {
            output.removeFirst(count)
        } else if errno != EAGAIN {
            fail("the switch has closed the connection")
        }
    }

    func receive() {
        flush()
        let capacity = 1 << 16
        let start = input.count
        input += [UInt8](repeating: 0, count: capacity)
        let count = input.withUnsafeMutableBytes {
            read(descriptor, $0.baseAddress! + start, capacity)
        }
        input.removeLast(capacity - max(count, 0))
        if count == 0 { fail("the switch has closed the connection") }
        var place = 0
        while input.count - place >= 8 {
            let length = Int(input[place + 2]) << 8 | Int(input[place + 3])
            guard length >= 8, input.count - place >= length else { break }
            handle(input[place..<(place + length)])
            place += length
        }
        input.removeFirst(place)
    }

    private func handle(_ message: ArraySlice<UInt8>) {
        let type = message[message.startIndex + 1]
        if type == Self.echoRequest {
            output += [1, 3] + message.dropFirst(2)
        } else if type == Self.packetIn {
            receivedCount += 1
            guard receivedCount % Self.timedShare == 0, message.count >= 40 else { return }
            let time = message.dropFirst(18 + 14).prefix(8).enumerated().reduce(UInt64(0)) {
                $0 | UInt64($1.element) << UInt64($1.offset * 8)
            }
            milliseconds.append(Double(ControllerLoad.nanoseconds() - time) / 1e6)
        }
    }
}
