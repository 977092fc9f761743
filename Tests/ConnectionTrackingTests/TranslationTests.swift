import ConnectionTracking
import FlowModel
import Testing

/// Which addresses and ports connections are given.
@Suite struct `Connection translation` {
    private static let outside: UInt32 = 0x0a01_0101

    private func order(
        _ kind: AddressTranslation.Kind, _ addresses: AddressTranslation.Addresses?,
        ports: AddressTranslation.Ports? = nil, flags: AddressTranslation.Flags = []
    ) -> DatapathTracking {
        var order = Traffic.commit
        order.translation = AddressTranslation(
            kind, flags: flags, addresses: addresses, ports: ports)
        return order
    }

    @Test func `each connection has a tuple of its own, and answers find the way back`() {
        let traffic = Traffic()
        let order = order(.source, .ipv4(Self.outside, last: nil), ports: .init(5000, last: 5099))
        var seen: Set<UInt16> = []
        for host in UInt128(1)...100 {
            let key = Traffic.key(17, from: host, 1000)
            let verdict = traffic.send(key, TCPSegment(), order)
            #expect(verdict.target.source == UInt128(Self.outside))
            seen.insert(verdict.target.sourcePort)
            let answer = traffic.send(verdict.target.reversed, TCPSegment(), order)
            #expect(answer.target.destination == host)
            #expect(answer.state.flags.contains([.established, .reply, .destinationNAT]))
        }
        #expect(seen == Set(5000...5099))
    }

    @Test func `where no tuple is left the packet stays new and as it is`() {
        let traffic = Traffic()
        let order = order(.source, .ipv4(Self.outside, last: nil), ports: .init(5000))
        _ = traffic.send(Traffic.key(17, 1), TCPSegment(), order)
        let verdict = traffic.send(Traffic.key(17, 2), TCPSegment(), order)
        #expect(!verdict.isTranslated)
        #expect(verdict.state.flags == [.tracked, .new])
        #expect(traffic.tracker.count == 1)
        #expect(traffic.tracker.statistics.exhaustions == 1)
    }

    @Test func `a full range costs a bounded number of attempts and spares others`() {
        let traffic = Traffic()
        let order = order(.source, .ipv4(Self.outside, last: Self.outside + 1), ports: .init(1024))
        for host in UInt128(1)...2 {
            _ = traffic.send(Traffic.key(17, from: host, 1), TCPSegment(), order)
        }
        #expect(Set(traffic.records.map(\.reverse.destination)).count == 2)
        _ = traffic.send(Traffic.key(17, from: 3, 1), TCPSegment(), order)
        #expect(traffic.tracker.count == 2)
        // Towards another server the same port is free.
        let other = traffic.send(Traffic.key(17, from: 3, 1, to: 99), TCPSegment(), order)
        #expect(other.isTranslated)
    }

    @Test func `an own port is kept if it is free, and else another takes its place`() {
        let traffic = Traffic()
        let order = order(.source, .ipv4(Self.outside, last: nil))
        let first = traffic.send(Traffic.key(17, from: 1, 2000), TCPSegment(), order)
        #expect(first.target.sourcePort == 2000)
        let second = traffic.send(Traffic.key(17, from: 2, 2000), TCPSegment(), order)
        #expect(second.target.sourcePort >= 1024 && second.target.sourcePort != 2000)
        let low = traffic.send(Traffic.key(17, from: 1, 100), TCPSegment(), order)
        #expect(low.target.sourcePort == 100)
        let other = traffic.send(Traffic.key(17, from: 2, 100), TCPSegment(), order)
        #expect(other.target.sourcePort < 512 && other.target.sourcePort != 100)
    }

    @Test func `persistent gives a client one address for all its connections`() {
        let traffic = Traffic()
        let range = AddressTranslation.Addresses.ipv4(Self.outside, last: Self.outside + 200)
        var seen: [AddressTranslation.Flags.RawValue: Set<UInt128>] = [:]
        for flags in [AddressTranslation.Flags.persistent, .hash, .random] {
            for port in UInt16(1)...50 {
                let key = Traffic.key(17, 2000 + port, to: UInt128(port), flags.rawValue)
                let order = order(.source, range, flags: flags)
                let verdict = traffic.send(key, TCPSegment(), order)
                seen[flags.rawValue, default: []].insert(verdict.target.source)
                #expect((Self.outside...Self.outside + 200).contains(UInt32(verdict.target.source)))
            }
        }
        #expect(seen[AddressTranslation.Flags.persistent.rawValue]?.count == 1)
        #expect(seen[AddressTranslation.Flags.hash.rawValue, default: []].count > 20)
        #expect(seen[AddressTranslation.Flags.random.rawValue, default: []].count > 20)
    }

    @Test func `a host that calls its own service by the outer address is answered`() {
        let traffic = Traffic()
        var inner = order(.destination, .ipv4(0x0a00_0001, last: nil), ports: .init(8080))
        inner.zone = 1
        var outer = order(.source, .ipv4(Self.outside, last: nil))
        outer.zone = 2
        let call = Traffic.key(6, 3000, to: UInt128(Self.outside), 80)
        let first = traffic.send(call, Traffic.tcp(2, 1), inner)
        let second = traffic.send(first.target, Traffic.tcp(2, 1), outer, after: first.state)
        #expect(second.target.source == UInt128(Self.outside))
        #expect(second.target.destination == 0x0a00_0001)
        #expect(second.target.destinationPort == 8080)
        let answer = second.target.reversed
        let back = traffic.send(answer, Traffic.tcp(0x12, 9, 2), outer)
        let last = traffic.send(back.target, Traffic.tcp(0x12, 9, 2), inner, after: back.state)
        var expected = call.reversed
        expected.zone = 1
        #expect(last.target == expected)
    }

    @Test func `a packet that was translated is found again in the same zone`() {
        let traffic = Traffic()
        let order = order(.source, .ipv4(Self.outside, last: nil))
        let first = traffic.send(Traffic.key(), TCPSegment(), order)
        let plain = Traffic.commit
        let again = traffic.send(first.target, TCPSegment(), plain, after: first.state)
        #expect(again.state.flags.contains([.new, .sourceNAT]))
        #expect(!again.state.flags.contains(.reply))
        #expect(again.state.originalIPv4 == 0x0a00_0001_0a00_0002)
        #expect(traffic.tracker.count == 1)
    }

    @Test func `IPv6 addresses come from ranges too`() {
        let traffic = Traffic()
        let range = AddressTranslation.Addresses.ipv6(0xfd << 120, last: 0xfd << 120 | 7)
        var seen: Set<UInt128> = []
        for port in UInt16(1)...60 {
            let key = ConnectionKey(
                isIPv6: true, ipProtocol: 6, source: UInt128(port), destination: 0xfe << 120,
                ports: (2000, 80))
            let verdict = traffic.send(key, Traffic.tcp(2, 1), order(.source, range))
            seen.insert(verdict.target.source)
        }
        #expect(seen.count > 4)
        #expect(seen.allSatisfy { $0 >> 3 == 0xfd << 117 })
    }
}
