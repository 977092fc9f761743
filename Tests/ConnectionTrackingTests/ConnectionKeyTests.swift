import ConnectionTracking
import FlowModel
import Testing

@Suite struct `Connection keys` {
    private let tcp: ConnectionKey = {
        var key = ConnectionKey(
            isIPv6: false, ipProtocol: 6, source: 0x0a00_0001, destination: 0x0a00_0002,
            ports: (1024, 80))
        key.zone = 7
        return key
    }()

    @Test func `an answer has the ends exchanged and the rest kept`() {
        let answer = tcp.reversed
        #expect(answer.source == 0x0a00_0002)
        #expect(answer.destination == 0x0a00_0001)
        #expect(answer.sourcePort == 80)
        #expect(answer.destinationPort == 1024)
        #expect(answer.zone == 7)
        #expect(answer.ipProtocol == 6)
        #expect(answer.reversed == tcp)
    }

    @Test(arguments: [
        (false, UInt8(8), UInt8(0)), (false, 13, 14), (false, 15, 16), (true, 128, 129),
    ])
    func `the answer to an ICMP query has the other type and the same identifier`(
        isIPv6: Bool, type: UInt8, other: UInt8
    ) {
        let query = ConnectionKey(
            isIPv6: isIPv6, ipProtocol: isIPv6 ? 58 : 1, source: 1, destination: 2,
            ports: (77, UInt16(type) << 8))
        #expect(query.reversed.icmpType == other)
        #expect(query.reversed.icmpIdentifier == 77)
        #expect(query.reversed.reversed == query)
    }
}
