import Glibc
import NIOCore
import TestSupport
import Testing

@testable import Transport

/// The differentiated services code point of what is sent.
struct PacketMarkTests {
    private func mark(of descriptor: CInt) -> CInt {
        var octet: CInt = -1
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, CInt(IPPROTO_IP), IP_TOS, &octet, &size)
        return octet
    }

    @Test func `a listener marks its packets as control traffic unless told otherwise`() throws {
        let address = StreamAddress.tcp(host: "127.0.0.1", port: 0)
        let usual = try SocketCalls.listen(on: address)
        let other = try SocketCalls.listen(on: address, dscp: 10)
        defer { [usual, other].forEach { close($0) } }
        #expect(mark(of: usual) == 48 << 2)
        #expect(mark(of: other) == 10 << 2)
    }

    @Test(arguments: [nil, 10])
    func `a client marks its packets`(dscp: Int?) {
        runLoop { loop, finish in
            let passive = try StreamTarget("ptcp:0:127.0.0.1", defaultPort: nil)
            let listener = try StreamListener(passive, loop: loop) { _ in }
            let port = listener.boundPort ?? 0
            let target = try StreamTarget("tcp:127.0.0.1:\(port)", defaultPort: nil)
            let client = ReconnectingClient(target, loop: loop)
            client.dscp = dscp
            client.onConnect = { stream in
                #expect(stream.markedDSCP == dscp ?? 48)
                client.stop()
                listener.close()
                finish()
            }
            client.start()
        }
    }
}
