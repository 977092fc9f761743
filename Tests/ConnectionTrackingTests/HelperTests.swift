import ConnectionTracking
import FlowModel
import Testing

/// FTP and TFTP, whose control connections tell of further ones.
@Suite struct `Connection helpers` {
    private static let outside: UInt128 = 0x0a01_0101
    private let control = Traffic.key(6, 1000, 21)

    private func order(_ helper: String?, translates: Bool) -> DatapathTracking {
        var order = Traffic.commit
        order.helper = helper
        (order.mark, order.markMask) = (5, .max)
        if translates {
            order.translation = AddressTranslation(
                .source, addresses: .ipv4(UInt32(Self.outside), last: nil))
        }
        return order
    }

    private func send(
        _ traffic: Traffic, _ key: ConnectionKey, _ segment: TCPSegment,
        _ order: DatapathTracking, _ text: String = ""
    ) -> TrackingVerdict {
        var octets = Array(text.utf8)
        return octets.withUnsafeMutableBytes { payload in
            var packet = TrackedPacket(key, segment)
            packet.segment.payloadByteCount = UInt32(payload.count)
            packet.payload = UnsafeRawBufferPointer(payload)
            return traffic.tracker.track(packet, TrackingOrder(order), nil, now: traffic.now)
        }
    }

    /// A control connection whose three segments have passed.
    private func connected(_ order: DatapathTracking) -> Traffic {
        let traffic = Traffic()
        _ = send(traffic, control, Traffic.tcp(0x02, 100), order)
        let client = order.translation == nil ? Traffic.client : Self.outside
        let answer = Traffic.key(6, from: Traffic.server, 21, to: client, 1000)
        _ = send(traffic, answer, Traffic.tcp(0x12, 200, 101), order)
        _ = send(traffic, control, Traffic.tcp(0x10, 101, 201), order)
        return traffic
    }

    private static let related: ConnectionFlags = [.tracked, .new, .related]

    @Test(arguments: ["PORT 10,0,0,1,4,1\r\n", "eprt |1|10.0.0.1|1025|\r\n"])
    func `a server's connection to the announced port is related`(text: String) {
        let order = order("ftp", translates: false)
        let traffic = connected(order)
        _ = send(traffic, control, Traffic.tcp(0x18, 101, 201), order, text)
        let data = Traffic.key(6, from: Traffic.server, 20, to: Traffic.client, 1025)
        var plain = Traffic.commit
        plain.isCommitted = false
        let state = send(traffic, data, Traffic.tcp(0x02, 9), plain).state
        #expect(state.flags == Self.related)
        #expect(state.mark == 5)
        #expect(state.originalPorts == 1000 << 48 | 21 << 32)
        let committed = send(traffic, data, Traffic.tcp(0x02, 9), Traffic.commit).state
        #expect(committed.flags == Self.related)
        let record = traffic.records.first { $0.forward == data }
        #expect(record?.parent == control)
        #expect(record?.mark == 5)
        let answer = send(traffic, data.reversed, Traffic.tcp(0x12, 3, 10), plain).state
        #expect(answer.flags == [.tracked, .established, .related, .reply])
        #expect(answer.originalPorts == 1000 << 48 | 21 << 32)
    }

    @Test(arguments: [
        "227 Entering Passive Mode (10,0,0,2,8,1).\r\n",
        "229 Entering Extended Passive Mode (|||2049|)\r\n",
    ])
    func `a client's connection to the announced port is related`(text: String) {
        let order = order("ftp", translates: false)
        let traffic = connected(order)
        _ = send(traffic, control.reversed, Traffic.tcp(0x18, 201, 101), order, text)
        let data = Traffic.key(6, 3000, 2049)
        let flags = send(traffic, data, Traffic.tcp(0x02, 9), Traffic.commit).state.flags
        #expect(flags == Self.related)
    }

    @Test(arguments: [
        "PORT 10,0,0,9,4,1\r\n", "PORT 10,0,0,1,4\r\n", "PORT 10,0,0,1,4,256\r\n",
        "PORT 10,0,0,1,4,1", "PORT 10,0,0,1,0,0\r\n", "EPRT |1|10.0.0.1|99999|\r\n",
        "EPRT |3|10.0.0.1|1025|\r\n", "PASV\r\n", "227 10,0,0,2,8,1\r\n", "\r\n\r\n\r\n\r\n",
    ])
    func `what is for somebody else, or wrong, is not expected`(text: String) {
        let order = order("ftp", translates: false)
        let traffic = connected(order)
        _ = send(traffic, control, Traffic.tcp(0x18, 101, 201), order, text)
        for port in [UInt16(1025), 2049, 0] {
            for server in [Traffic.server, 0x0a00_0009] {
                let data = Traffic.key(6, from: server, 20, to: Traffic.client, port)
                let flags = send(traffic, data, Traffic.tcp(0x02, 9), DatapathTracking())
                    .state.flags
                #expect(flags == [.tracked, .new])
            }
        }
    }

    @Test func `an expectation goes with its control connection`() {
        let order = order("ftp", translates: false)
        let traffic = connected(order)
        _ = send(traffic, control, Traffic.tcp(0x18, 101, 201), order, "PORT 10,0,0,1,4,1\r\n")
        traffic.tracker.flush(ConnectionSelection())
        let data = Traffic.key(6, from: Traffic.server, 20, to: Traffic.client, 1025)
        let flags = send(traffic, data, Traffic.tcp(0x02, 9), DatapathTracking()).state.flags
        #expect(flags == [.tracked, .new])
    }

    @Test func `the announced address is translated, and sequence numbers after it`() throws {
        let order = order("ftp", translates: true)
        let traffic = connected(order)
        let text = "PORT 10,0,0,1,4,1\r\n"
        for _ in 0..<2 {
            let verdict = send(traffic, control, Traffic.tcp(0x18, 101, 201), order, text)
            #expect(verdict.hasEdit)
            #expect(verdict.sequenceDelta == 0)
            let edit = try #require(traffic.tracker.takeEdit(of: verdict))
            #expect(edit.range == 5..<17)
            #expect(String(decoding: edit.octets, as: UTF8.self) == "10,1,1,1,4,1")
        }
        let data = Traffic.key(6, from: Traffic.server, 20, to: Self.outside, 1025)
        let verdict = send(traffic, data, Traffic.tcp(0x02, 9), order)
        #expect(verdict.state.flags == [.tracked, .new, .related, .destinationNAT])
        #expect(verdict.target.destination == Traffic.client)
        #expect(verdict.target.destinationPort == 1025)
    }

    @Test func `a shorter text moves what comes behind it, and acknowledgements back`() throws {
        var order = order("ftp", translates: false)
        order.translation = AddressTranslation(
            .source, addresses: .ipv4(0x0101_0101, last: nil))
        let traffic = Traffic()
        let client: UInt128 = 0x0a6f_6f6f
        let control = Traffic.key(6, from: client, 1000, to: Traffic.server, 21)
        let answer = Traffic.key(6, from: Traffic.server, 21, to: 0x0101_0101, 1000)
        _ = send(traffic, control, Traffic.tcp(0x02, 100), order)
        _ = send(traffic, answer, Traffic.tcp(0x12, 200, 101), order)
        let text = "PORT 10,111,111,111,4,1\r\n"
        let told = send(traffic, control, Traffic.tcp(0x18, 101, 201), order, text)
        #expect(traffic.tracker.takeEdit(of: told)?.octets.count == 11)
        #expect(traffic.tracker.takeEdit(of: told) == nil)
        // 18 octets became 11.
        let end = 101 + UInt32(text.utf8.count)
        let reply = send(traffic, answer, Traffic.tcp(0x10, 201, end - 7), order)
        #expect(reply.acknowledgementDelta == 7)
        #expect(reply.state.flags.contains(.established))
        let next = send(traffic, control, Traffic.tcp(0x18, end, 201), order, "LIST\r\n")
        #expect(next.sequenceDelta == -7)
        #expect(next.acknowledgementDelta == 0)
        let again = send(traffic, control, Traffic.tcp(0x18, 101, 201), order, text)
        #expect(again.sequenceDelta == 0)
        #expect(again.hasEdit)
    }

    @Test func `a client's connection behind a translation has a port of its own`() {
        let order = order("ftp", translates: true)
        let traffic = connected(order)
        let other = Traffic.key(6, from: 77, 3000, to: Traffic.server, 2049)
        _ = send(traffic, other, Traffic.tcp(0x02, 9), order)
        let answer = Traffic.key(6, from: Traffic.server, 21, to: Self.outside, 1000)
        let text = "227 Entering Passive Mode (10,0,0,2,8,1).\r\n"
        _ = send(traffic, answer, Traffic.tcp(0x18, 201, 101), order, text)
        let data = send(traffic, Traffic.key(6, 3000, 2049), Traffic.tcp(0x02, 9), order)
        #expect(data.state.flags.contains([.new, .related, .sourceNAT]))
        #expect(data.target.sourcePort == 3001)
        let back = send(traffic, data.target.reversed, Traffic.tcp(0x12, 5, 10), order)
        #expect(back.target.destination == Traffic.client)
        #expect(back.target.destinationPort == 3000)
    }

    @Test func `a TFTP server answers from any port`() {
        let traffic = Traffic()
        let request = Traffic.key(17, 3000, 69)
        let order = order("tftp", translates: false)
        _ = send(traffic, request, TCPSegment(), order, "\0\u{1}file\0octet\0")
        let data = Traffic.key(17, from: Traffic.server, 3500, to: Traffic.client, 3000)
        let flags = send(traffic, data, TCPSegment(), Traffic.commit).state.flags
        #expect(flags == Self.related)
        let other = Traffic.key(17, from: Traffic.server, 3501, to: Traffic.client, 3001)
        #expect(send(traffic, other, TCPSegment(), Traffic.commit).state.flags == [.tracked, .new])
    }
}
