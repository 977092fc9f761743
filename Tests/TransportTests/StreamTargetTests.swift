import Testing
import Transport

struct StreamTargetTests {
    static let directories = InstallDirectories { $0 == "OVS_RUNDIR" ? "/run/x" : nil }

    static func target(_ text: String, port: UInt16? = 6640) throws -> StreamTarget {
        try StreamTarget(text, defaultPort: port, directories: directories)
    }

    @Test(arguments: [
        ("unix:/a/b", StreamAddress.unix(path: "/a/b"), false),
        ("unix:db.sock", .unix(path: "/run/x/db.sock"), false),
        ("punix:db.sock", .unix(path: "/run/x/db.sock"), true),
        ("tcp:192.0.2.1", .tcp(host: "192.0.2.1", port: 6640), false),
        ("tcp:192.0.2.1:99", .tcp(host: "192.0.2.1", port: 99), false),
        ("tcp:[2001:db8::1]:99", .tcp(host: "2001:db8::1", port: 99), false),
        ("tcp:[2001:db8::1]", .tcp(host: "2001:db8::1", port: 6640), false),
        ("ptcp:", .tcp(host: "", port: 6640), true),
        ("ptcp:0", .tcp(host: "", port: 0), true),
        ("ptcp:99:fe80::1", .tcp(host: "fe80::1", port: 99), true),
        ("ptcp:99:127.0.0.1", .tcp(host: "127.0.0.1", port: 99), true),
        ("ptcp::[::1]", .tcp(host: "::1", port: 6640), true),
        ("ssl:192.0.2.1", .tcp(host: "192.0.2.1", port: 6640), false),
        ("pssl:0:[::1]", .tcp(host: "::1", port: 0), true),
    ])
    func `a connection method is parsed`(
        text: String, address: StreamAddress, isPassive: Bool
    ) throws {
        let target = try Self.target(text)
        #expect(target.address == address)
        #expect(target.isPassive == isPassive)
        #expect(target.name == text)
        #expect(target.usesTLS == text.contains("ssl:"))
    }

    @Test(arguments: [
        ("foo:1", "foo:1: Address family not supported by protocol"),
        ("nothing", "nothing: Address family not supported by protocol"),
        ("tcp:192.0.2.1:xx", "tcp:192.0.2.1:xx: bad port number \"xx\""),
        ("tcp:192.0.2.1:65536", "tcp:192.0.2.1:65536: bad port number \"65536\""),
        ("tcp:", "tcp:: Address family not supported by protocol"),
        ("tcp:192.0.2.300:1", "tcp:192.0.2.300:1: Address family not supported by protocol"),
        ("tcp:1", "tcp:1: Address family not supported by protocol"),
        ("tcp:192.0.2.1:5:6", "tcp:192.0.2.1:5:6: port must be specified"),
        ("tcp:::1:1", "tcp:::1:1: port must be specified"),
        ("tcp:[::1:1", "tcp:[::1:1: port must be specified"),
        ("tcp:192.0.2.1:", "tcp:192.0.2.1:: port must be specified"),
        ("unix:", "unix:: a socket's file name is missing"),
    ])
    func `a wrong method is refused in a sentence`(text: String, sentence: String) {
        #expect {
            try Self.target(text)
        } throws: { "\($0)" == sentence }
    }

    @Test func `a port is asked for where there is no default`() {
        #expect {
            try Self.target("tcp:192.0.2.1", port: nil)
        } throws: { "\($0)" == "tcp:192.0.2.1: port must be specified" }
    }

    @Test func `a path of 107 octets fits a socket and one of 108 does not`() throws {
        let path = "/" + String(repeating: "x", count: 106)
        #expect(try Self.target("unix:" + path).address == .unix(path: path))
        #expect {
            try Self.target("unix:" + path + "x")
        } throws: { "\($0)" == "Unix socket name \(path)x is longer than maximum 107 bytes" }
    }

    @Test func `directories follow the environment`() {
        let some = InstallDirectories { $0 == "OVS_SYSCONFDIR" ? "/s" : nil }
        #expect(some.database == "/s/openvswitch")
        #expect(some.run == "/var/run/openvswitch")
        let all = InstallDirectories { $0 }
        #expect(all.database == "OVS_DBDIR")
        #expect(all.log == "OVS_LOGDIR")
        #expect(all.packageData == "OVS_PKGDATADIR")
    }
}
