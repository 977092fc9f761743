import Daemon
import Glibc
import OpenFlow

/// Commands that measure echoes.
enum EchoCommands {
    /// The largest payload behind a header of 8 octets.
    private static var maxPayload: Int { 65535 - MessageHeader.byteCount }

    static func probe(_ context: OfctlContext) throws {
        let connection = try context.connect()
        let answer = try connection.replies(to: .echoRequest([]))
        guard case .echoReply(let data)? = answer.first, data.isEmpty else {
            throw ProgramError("reply does not match request")
        }
    }

    private static func payload(_ text: String) throws -> Int {
        guard let count = Int(text), (0...maxPayload).contains(count) else {
            throw ProgramError("payload must be between 0 and \(maxPayload) bytes")
        }
        return count
    }

    static func ping(_ context: OfctlContext) throws {
        let count = context.arguments.count > 1 ? try payload(context.arguments[1]) : 64
        let connection = try context.connect()
        for _ in 0..<10 {
            let data = (0..<count).map { _ in UInt8.random(in: 0...255) }
            let xid = connection.upcomingXID
            let start = ContinuousClock.now
            let answer = try connection.replies(to: .echoRequest(data))
            let elapsed = ContinuousClock.now - start
            guard case .echoReply(let echoed)? = answer.first, echoed == data else {
                throw ProgramError("\(context.target): reply does not match request")
            }
            Program.printOutput(
                "\(count) bytes from \(context.target): xid=\(HexDump.padded(xid, 8)) "
                    + "time=\(tenths(elapsed / .milliseconds(1))) ms\n")
        }
    }

    static func benchmark(_ context: OfctlContext) throws {
        let payloadByteCount = try payload(context.arguments[1])
        guard let count = Int(context.arguments[2]), count >= 0 else {
            throw ProgramError("\(context.arguments[2]): not a number of messages")
        }
        let messageByteCount = payloadByteCount + MessageHeader.byteCount
        Program.printOutput(
            "Sending \(count) packets * \(messageByteCount) bytes (with header) = "
                + "\(count * messageByteCount) bytes total\n")
        let connection = try context.connect()
        let data = [UInt8](repeating: 0, count: payloadByteCount)
        let start = ContinuousClock.now
        for _ in 0..<count { _ = try connection.replies(to: .echoRequest(data)) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = { (amount: Int) in String(Int((Double(amount) / seconds).rounded())) }
        Program.printOutput(
            "Finished in \(tenths(seconds * 1000)) ms (\(rate(count)) packets/s) "
                + "(\(rate(count * messageByteCount)) bytes/s)\n")
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
