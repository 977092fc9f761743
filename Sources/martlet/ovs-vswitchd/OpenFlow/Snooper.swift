import OpenFlow
import Transport

/// Whoever has connected to a bridge's snoop socket: is shown the messages of one controller.
///
/// It belongs to the control loop.
final class Snooper {
    private let stream: StreamConnection
    private var framer = OpenFlowFramer()
    private var isReady = false
    /// Octets that may wait for it; what is more it does not see.
    private static let maximumQueuedByteCount = 1 << 20

    init(_ stream: StreamConnection) {
        self.stream = stream
        // Whatever version the messages have.
        stream.send(OpenFlowMessage.hello(Hello()).encoded(Dialect(version: .v15)))
        stream.onReceive = { [weak self] octets in self?.receive(octets) }
    }

    var isClosed: Bool { stream.isClosed }

    private func receive(_ octets: [UInt8]) {
        guard !isReady else { return }
        framer.append(octets)
        guard let message = try? framer.next() else { return }
        guard MessageHeader(message)?.isHello == true else { return stream.close() }
        isReady = true
    }

    func show(_ octets: [UInt8]) {
        guard isReady, !stream.isClosed,
            stream.queuedByteCount < Self.maximumQueuedByteCount
        else { return }
        stream.send(octets)
    }

    func close() { stream.close() }
}
