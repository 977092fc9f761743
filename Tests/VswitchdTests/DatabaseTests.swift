import Glibc
import TestSupport
import Testing

/// The switch as genuine `ovs-vsctl` and a genuine database see it, with ports of memory.
@Suite(.enabled(if: Deployment.isAvailable)) struct DatabaseTests {
    let deployment = Deployment()

    init() { deployment.startSwitch("--enable-dummy=override") }

    @Test func `ovs-vsctl returns when the bridge is there, with all that it shows`() {
        #expect(
            deployment.vsctl("add-br br0 -- set Bridge br0 other_config:hwaddr=02:00:00:00:00:07")
                == "")
        #expect(deployment.vsctl("add-port br0 p1 -- set Interface p1 ofport_request=5") == "")
        #expect(
            deployment.columns("Bridge", "br0", "datapath_id", "datapath_version") == [
                "\"0000020000000007\"", "\"<built-in>\"",
            ])
        #expect(
            deployment.columns(
                "Interface", "br0", "ofport", "mac_in_use", "admin_state", "link_state", "mtu",
                "ifindex", "link_resets", "error", "status", "statistics"
            ) == [
                "65534", "\"02:00:00:00:00:07\"", "up", "up", "1500", "0", "0", "[]", "{}",
                "{rx_bytes=0, rx_packets=0, tx_bytes=0, tx_packets=0}",
            ])
        #expect(deployment.columns("Interface", "p1", "ofport") == ["5"])
        let types = [
            "afxdp", "afxdp-nonpmd", "bareudp", "dpdkvhostuser", "dpdkvhostuserclient", "dummy",
            "dummy-internal", "erspan", "geneve", "gre", "gtpu", "internal", "ip6erspan", "ip6gre",
            "lisp", "patch", "srv6", "stt", "system", "tap", "vxlan",
        ]
        #expect(
            deployment.columns(
                "Open_vSwitch", ".", "cur_cfg", "datapath_types", "iface_types", "ovs_version"
            ) == ["2", "[dummy, netdev, system]", "[\(types.joined(separator: ", "))]", "[]"])
        let log = deployment.log(of: "ovs-vswitchd")
        #expect(log.contains("|bridge|INFO|bridge br0: added interface p1 on port 5\n"))
    }

    @Test func `the machine and its daemons are told of where that is wanted`() throws {
        deployment.vsctl("add-br br0")
        #expect(deployment.columns("Open_vSwitch", ".", "statistics") == ["{}"])
        deployment.vsctl("set Open_vSwitch . other_config:enable-statistics=true")
        let told = try #require(deployment.columns("Open_vSwitch", ".", "statistics").first)
        for (name, count) in [
            ("load_average", 2), ("memory", 4), ("process_ovs-vswitchd", 6),
            ("process_ovsdb-server", 6),
        ] {
            let pattern = try Regex(name + "=\"[0-9.]+(,[0-9.]+){\(count)}\"")
            #expect(told.contains(pattern), "\(name) in \(told)")
        }
        deployment.vsctl("remove Open_vSwitch . other_config enable-statistics")
        #expect(deployment.columns("Open_vSwitch", ".", "statistics") == ["{}"])
    }

    @Test func `interfaces that cannot be say why, and do not disturb others`() {
        deployment.vsctl("add-br br0")
        let printed = deployment.vsctl(
            "add-port br0 odd -- set Interface odd type=foo -- add-port br0 fine")
        #expect(
            printed.contains(
                "ovs-vsctl: Error detected while setting up 'odd': could not open network device "
                    + "odd (Address family not supported by protocol).  See ovs-vswitchd log"))
        #expect(deployment.columns("Interface", "odd", "ofport", "mac_in_use") == ["-1", "[]"])
        #expect(deployment.columns("Interface", "fine", "ofport", "error") == ["1", "[]"])
        deployment.vsctl("set Interface odd type=internal")
        #expect(deployment.columns("Interface", "odd", "ofport", "error") == ["2", "[]"])
        deployment.vsctl("add-port br0 half -- set Interface half type=patch options:peer=other")
        #expect(
            deployment.columns("Interface", "half", "ofport", "error") == [
                "3", "\"No usable peer 'other' exists in 'system' datapath.\"",
            ])
        deployment.vsctl(
            "add-br br1 -- add-port br1 other "
                + "-- set Interface other type=patch options:peer=half")
        #expect(deployment.columns("Interface", "half", "error", "link_state") == ["[]", "up"])
    }

    @Test func `a killed switch takes up its ports and their numbers`() {
        deployment.vsctl("add-br br0 -- add-port br0 p1 -- add-port br0 p2")
        deployment.vsctl("del-port p1")
        deployment.vsctl("add-port br0 a1")
        let before = ["br0", "p2", "a1"].map { deployment.columns("Interface", $0, "ofport") }
        deployment.kill("ovs-vswitchd", SIGKILL)
        deployment.vsctl("--no-wait add-port br0 a0")
        deployment.startSwitch("--enable-dummy=override")
        let after = ["br0", "p2", "a1"].map { deployment.columns("Interface", $0, "ofport") }
        #expect(before == after)
        #expect(deployment.columns("Interface", "a0", "error", "admin_state") == ["[]", "up"])
        #expect(
            deployment.vsctl("get Open_vSwitch . cur_cfg")
                == deployment.vsctl("get Open_vSwitch . next_cfg"))
    }

    @Test func `a restarted database is told everything again`() {
        deployment.vsctl("add-br br0 -- add-port br0 p1")
        deployment.kill("ovsdb-server", SIGKILL)
        deployment.startDatabase()
        // The server keeps none of these on its disk.
        #expect(deployment.vsctl("wait-until Interface p1 admin_state=up link_state=up") == "")
        #expect(deployment.vsctl("wait-until Bridge br0 datapath_id!=[]") == "")
        #expect(deployment.vsctl("add-port br0 p2") == "")
        #expect(deployment.columns("Interface", "p2", "ofport") == ["2"])
    }

    @Test func `ports are as their rows say, and bridges go`() {
        deployment.vsctl("add-br br0 -- add-port br0 p1 tag=10 trunks=1,2 vlan_mode=access")
        #expect(
            deployment.log(of: "ovs-vswitchd").contains(
                "port p1: ignoring trunks in favor of implicit vlan"))
        deployment.vsctl("set Interface p1 mac=\"01:00:00:00:00:01\"")
        #expect(
            deployment.log(of: "ovs-vswitchd").contains(
                "interface p1: 01:00:00:00:00:01 is no address that a device can have"))
        #expect(deployment.vsctl("del-br br0") == "")
        #expect(
            deployment.log(of: "ovs-vswitchd").contains("bridge br0: deleted interface p1 on port"))
        #expect(deployment.vsctl("show").contains("Bridge") == false)
        #expect(deployment.vsctl("add-br br0") == "")
    }

    @Test func `a second switch waits until the first one has ended`() {
        deployment.vsctl("add-br br0")
        deployment.startSwitch("--enable-dummy=override", name: "second")
        #expect(deployment.log(of: "second").contains("|ERR|another ovs-vswitchd process"))
        #expect(!deployment.log(of: "second").contains("added interface"))
        deployment.kill("ovs-vswitchd", SIGKILL)
        #expect(deployment.vsctl("add-port br0 p1") == "")
        #expect(deployment.log(of: "second").contains("added interface p1 on port 1"))
    }

    @Test func `a port of memory shows its index, its MTU and whether it is up`() {
        deployment.vsctl(
            "add-br br0 -- add-port br0 p1 -- set Interface p1 options:ifindex=1111")
        #expect(
            deployment.columns("Interface", "p1", "ifindex", "mtu", "link_state") == [
                "1111", "1500", "up",
            ])
        deployment.vsctl("set Interface p1 mtu_request=9000")
        #expect(deployment.vsctl("wait-until Interface p1 mtu=9000") == "")
        #expect(deployment.appctl("netdev-dummy/set-admin-state p1 down") == "OK\n")
        #expect(
            deployment.vsctl("wait-until Interface p1 admin_state=down link_state=down") == "")
    }

    @Test func `a bridge of an unknown datapath type is refused, others are served`() {
        let printed = deployment.vsctl("add-br br0 -- set Bridge br0 datapath_type=foo")
        #expect(printed.hasPrefix("ovs-vsctl: Error detected while setting up 'br0'.  See"))
        #expect(
            deployment.log(of: "ovs-vswitchd").contains(
                "failed to create bridge br0: Address family not supported by protocol"))
        #expect(deployment.columns("Bridge", "br0", "datapath_id") == ["[]"])
        #expect(deployment.vsctl("add-br br1") == "")
        #expect(deployment.columns("Interface", "br1", "ofport") == ["65534"])
    }
}
