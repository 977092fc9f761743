import Addresses
import Testing

@testable import Tunnels

struct RouteTableTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func route(_ network: String, _ length: Int, _ device: String) throws -> Route {
        Route(
            network: try address(network), length: length, device: device,
            source: try address(network.contains(":") ? "fc00::1" : "10.0.0.1"))
    }

    @Test func `the longest prefix wins, whatever the order of insertion`() throws {
        let all = [
            try route("0.0.0.0", 0, "default"), try route("10.0.0.0", 8, "wide"),
            try route("10.1.0.0", 16, "narrow"), try route("10.1.2.3", 32, "host"),
            try route("::", 0, "default6"), try route("fc00::", 7, "unique"),
        ]
        for _ in 0..<20 {
            var table = RouteTable()
            for route in all.shuffled() { table.insert(route) }
            #expect(table.lookup(try address("10.1.2.3"))?.device == "host")
            #expect(table.lookup(try address("10.1.2.4"))?.device == "narrow")
            #expect(table.lookup(try address("10.2.2.4"))?.device == "wide")
            #expect(table.lookup(try address("11.2.2.4"))?.device == "default")
            #expect(table.lookup(try address("fd00::9"))?.device == "unique")
            #expect(table.lookup(try address("2001::9"))?.device == "default6")
        }
    }

    @Test func `what the user says goes before what the kernel has, and stays`() throws {
        var table = RouteTable()
        table.insert(try route("10.0.0.0", 8, "mine"))
        var system = try route("10.0.0.0", 8, "theirs")
        system.origin = .system
        table.replaceSystemRoutes([system])
        #expect(table.lookup(try address("10.9.9.9"))?.device == "mine")
        #expect(table.remove(network: try address("10.0.0.0"), length: 8, mark: 0))
        #expect(table.lookup(try address("10.9.9.9"))?.device == "theirs")
        #expect(!table.remove(network: try address("10.0.0.0"), length: 8, mark: 0))
        table.replaceSystemRoutes([])
        #expect(table.lookup(try address("10.9.9.9")) == nil)
    }

    @Test func `a route with a mark is for packets that have it`() throws {
        var table = RouteTable()
        var marked = try route("10.0.0.0", 8, "marked")
        marked.mark = 4
        table.insert(marked)
        #expect(table.lookup(try address("10.0.0.9"), mark: 4)?.device == "marked")
        #expect(table.lookup(try address("10.0.0.9")) == nil)
        #expect(marked.text == "User: 10.0.0.0/8 MARK 4 dev marked SRC 10.0.0.1")
    }
}
