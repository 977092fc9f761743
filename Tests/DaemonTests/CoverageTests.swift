import Testing

@testable import Daemon

struct CoverageTests {
    @Test func `rates are those of five seconds, a minute and an hour`() throws {
        let coverage = Coverage()
        let counter = CoverageCounter("test_rates_counter")
        coverage.register(counter)
        coverage.register(CoverageCounter("test_rates_idle"))
        counter.add(360)
        coverage.sample()
        counter.add(6)
        coverage.sample()
        let lines = coverage.table().split(separator: "\n")
        #expect(
            lines[0].hasPrefix(
                "Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash="))
        #expect(
            lines.dropFirst() == [
                "test_rates_counter         1.2/sec     6.100/sec        0.1017/sec   total: 366",
                "1 events never hit",
            ])
        for _ in 0..<12 { coverage.sample() }
        #expect(
            coverage.table().contains(
                "test_rates_counter         0.0/sec     0.000/sec        0.1017/sec   total: 366"))
        #expect(coverage.total(of: "test_rates_counter") == 366)
        #expect(coverage.total(of: "none") == nil)
    }

    @Test func `an hour is forgotten after an hour`() {
        let coverage = Coverage()
        let counter = CoverageCounter("test_hour")
        coverage.register(counter)
        counter.add(3600)
        coverage.sample()
        for _ in 0..<(12 * 60 - 1) { coverage.sample() }
        #expect(coverage.table().contains("1.0000/sec   total: 3600"))
        coverage.sample()
        #expect(coverage.table().contains("0.0000/sec   total: 3600"))
    }
}
