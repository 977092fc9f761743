import OVSDBModel
import Testing

struct UUIDSourceTests {
    @Test func `identifiers are of version 4 and differ`() {
        let make = UUIDSource.generator()
        var seen: Set<UUID> = []
        var ones = UUID.zero
        for _ in 0..<10_000 {
            let uuid = make()
            #expect(uuid.high & 0xf000 == 0x4000)
            #expect(uuid.low >> 62 == 2)
            seen.insert(uuid)
            ones = UUID(high: ones.high | uuid.high, low: ones.low | uuid.low)
        }
        #expect(seen.count == 10_000)
        #expect(ones.high | 0xb000 == .max)
        #expect(ones.low | 1 << 62 == .max)
    }

    @Test func `two sources have nothing in common`() {
        let first = UUIDSource.generator()
        let second = UUIDSource.generator()
        let known = Set((0..<1000).map { _ in first() })
        for _ in 0..<1000 { #expect(!known.contains(second())) }
    }
}
