import Testing

@testable import Transport

struct AlertnessTests {
    @Test func `requests that follow one another are looked for`() {
        var alertness = Alertness()
        var begins = [1_000_000_000, 1_000_100_000].map { alertness.answered(at: $0) }
        #expect(begins == [false, true])
        begins = [alertness.looked(at: 1_000_159_999), alertness.answered(at: 1_000_150_000)]
        #expect(begins == [true, false])
        let goesOn = [1_000_209_999, 1_000_210_000].map { alertness.looked(at: $0) }
        #expect(goesOn == [true, false])
        #expect(!alertness.isLooking)
    }

    @Test func `requests that come now and then are slept for`() {
        var alertness = Alertness()
        for number in 1...1000 {
            let begins = alertness.answered(at: UInt64(number) * (Alertness.longestGap + 1))
            #expect(!begins)
        }
    }

    /// A client that always takes a little longer than the server looks.
    @Test func `looking in vain is given up but for one time in thousands`() {
        var alertness = Alertness()
        var now: UInt64 = 1_000_000_000
        var vain = 0
        for _ in 0..<100_000 {
            now += Alertness.span + 10_000
            if alertness.isLooking, !alertness.looked(at: now) { vain += 1 }
            _ = alertness.answered(at: now)
        }
        #expect(vain < 12 + 100_000 / Alertness.maximumPatience + 1)
    }
}
