import FlowSyntax
import FlowModel

/// The frames of `netdev-dummy/receive NAME [--qid QUEUE] PACKET|FLOW [--len LENGTH]...`.
public enum DummyFrames {
    /// The shortest frame that `--len` may ask for.
    static let minimumByteCount = 64

    /// - Parameters:
    ///   - arguments: those behind the port's name.
    ///   - queueCount: the queues of the port.
    /// - Returns: the frames, and the queue in which they are to arrive.
    public static func parse(
        _ arguments: [String], queueCount: Int = 1
    ) throws(CommandError) -> (frames: [[UInt8]], queue: Int) {
        var arguments = arguments[...]
        var frames: [[UInt8]] = []
        var queue = 0
        while let argument = arguments.popFirst() {
            if argument == "--qid" {
                queue = arguments.popFirst().flatMap { Int($0) } ?? 0
                guard (0..<queueCount).contains(queue) else {
                    throw CommandError("bad rx queue id.")
                }
                continue
            }
            var byteCount: Int?
            if arguments.first == "--len" {
                guard arguments.count > 1 else { throw CommandError("too small packet len") }
                byteCount = Int(arguments[arguments.startIndex + 1]) ?? 0
                arguments.removeFirst(2)
            }
            frames.append(try frame(argument, byteCount))
        }
        return (frames, queue)
    }

    private static func frame(
        _ text: String, _ byteCount: Int?
    ) throws(CommandError) -> [UInt8] {
        if let octets = TraceRequest.octets(hexadecimal: text), octets.count >= 14 {
            return octets
        }
        let key: FlowKey
        do {
            key = try DatapathFlowParser.parse(text).key
        } catch {
            throw CommandError(error.message)
        }
        guard let byteCount else { return FrameComposer.frame(for: key) }
        guard byteCount >= minimumByteCount,
            let frame = FrameComposer.frame(for: key, byteCount: byteCount)
        else { throw CommandError("too small packet len") }
        return frame
    }
}
