import TestSupport
import Testing

/// Real devices, hosts in namespaces, and what befalls them.
@Suite(
    .serialized,
    .enabled(if: Machine.has("ip", "ping"), "iproute2 or iputils-ping is not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct TrafficTests {
    /// Two hosts behind veth ports of br0.
    private static let hosts =
        Machine.twoHosts + """
            ovs-vsctl --timeout=300 add-br br0 -- set Bridge br0 datapath_type=netdev \
                -- add-port br0 p1 -- add-port br0 p2

            """

    @Test
    func `Scripts-run shows a network and takes it away`() throws {
        let output = try Machine.run(
            """
            \(packageRoot())/Scripts/run --once --no-install
            echo "status $?"
            echo "namespaces: $(ip netns list)."
            echo "devices: $(ip -o link | grep -cv ': lo:')."
            """,
            daemons: false
        )
        #expect(output.contains(" 0% packet loss"), "\(output)")
        #expect(output.contains("Bridge br0"), "\(output)")
        #expect(output.contains("actions=NORMAL"), "\(output)")
        #expect(output.contains("status 0"), "\(output)")
        #expect(output.contains("namespaces: ."), "\(output)")
        #expect(output.contains("devices: 0."), "\(output)")
    }

    @Test
    func `hosts reach each other and the bridge's own port`() throws {
        let output = try Machine.run(
            Self.hosts + """
                ip address add 10.0.0.3/24 dev br0
                ip link set br0 up
                reaches h1 10.0.0.2
                reaches h2 10.0.0.3
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        #expect(output.contains("h2 reaches 10.0.0.3"), "\(output)")
    }

    /// Frames of 9014 octets pass whole where devices and hosts have the MTU for them.
    @Test
    func `jumbo frames pass from end to end`() throws {
        let output = try Machine.run(
            Self.hosts + """
                ip netns exec h1 ip link set eth0 mtu 9000
                ip netns exec h2 ip link set eth0 mtu 9000
                ovs-vsctl set Interface p1 mtu_request=9000 -- set Interface p2 mtu_request=9000
                for port in p1 p2; do
                    ovs-vsctl --timeout=10 wait-until Interface $port mtu=9000
                done
                reaches h1 10.0.0.2
                ip netns exec h1 ping -q -M do -s 8972 -c 3 -i 0.1 -W 2 10.0.0.2
                """
        )
        #expect(output.contains("3 received"), "\(output)")
    }

    @Test(.enabled(if: Machine.has("iperf3"), "iperf3 is not installed"))
    func `TCP passes with every host's offloads left on`() throws {
        let output = try Machine.run(
            Self.hosts + """
                ip address add 10.0.0.3/24 dev br0
                ip link set br0 up
                reaches h1 10.0.0.2
                for server in h2; do ip netns exec $server iperf3 -s -D; done
                iperf3 -s -D
                for i in $(seq 500); do
                    ip netns exec h1 iperf3 -c 10.0.0.2 -n 50M > veth && break
                    sleep 0.1
                done
                for i in $(seq 500); do
                    ip netns exec h1 iperf3 -c 10.0.0.3 -n 50M > tap && break
                    sleep 0.1
                done
                cat veth tap
                """
        )
        #expect(output.split(separator: "receiver").count == 3, "\(output)")
    }

    @Test
    func `ports by AF_XDP take and refuse modes as Open vSwitch does`() throws {
        let output = try Machine.run(
            Self.hosts + """
                reaches h1 10.0.0.2
                for port in p1 p2; do ovs-vsctl --timeout=300 del-port $port; done
                for host in h1 h2; do ip netns exec $host ethtool -K eth0 tx off > /dev/null; done
                ovs-vsctl --timeout=300 add-port br0 p1 -- set Interface p1 type=afxdp
                ovs-vsctl --timeout=300 add-port br0 p2 -- set Interface p2 type=afxdp \
                    options:xdp-mode=generic
                ovs-vsctl get Interface p1 error
                ovs-appctl dpif/show | grep -o '(afxdp.*'
                reaches h1 10.0.0.2
                ovs-vsctl --timeout=300 set Interface p2 options:xdp-mode=nosuch
                ovs-vsctl get Interface p2 error
                ovs-vsctl --timeout=300 set Interface p2 options:xdp-mode=native-with-zerocopy
                ovs-vsctl get Interface p2 error
                ovs-vsctl --timeout=300 -- add-port br0 lo -- set Interface lo type=afxdp
                ovs-vsctl get Interface lo error
                """
        )
        let lines = output.split(separator: "\n").filter { !$0.contains("ovs-vsctl") }
        let expected = """
            h1 reaches 10.0.0.2
            []
            (afxdp: n_rxq=1, use-need-wakeup=true, xdp-mode=best-effort, xdp-mode-in-use=native)
            (afxdp: n_rxq=1, use-need-wakeup=true, xdp-mode=generic, xdp-mode-in-use=generic)
            h1 reaches 10.0.0.2
            "p2: could not set configuration (Invalid argument)"
            "could not add network device p2 to ofproto (Invalid argument)"
            "could not add network device lo to ofproto (Invalid argument)"
            """
        #expect(lines.joined(separator: "\n") == expected, "\(output)")
    }

    @Test
    func `a device that goes away takes nothing with it, and may come back`() throws {
        let output = try Machine.run(
            Self.hosts + """
                host h3 p3 10.0.0.3
                ovs-vsctl --timeout=300 add-port br0 p3
                reaches h1 10.0.0.3
                ip netns delete h3
                for i in $(seq 1000); do ip link show p3 > /dev/null 2>&1 || break; sleep 0.1; done
                reaches h1 10.0.0.2
                ovs-vsctl --timeout=300 del-port p3
                host h3 p3 10.0.0.3
                ip -n h1 neighbour flush all
                ovs-vsctl --timeout=300 add-port br0 p3
                reaches h1 10.0.0.3
                """
        )
        let reached = output.split(separator: "\n").filter { $0.contains(" reaches ") }
        #expect(
            reached == ["h1 reaches 10.0.0.3", "h1 reaches 10.0.0.2", "h1 reaches 10.0.0.3"],
            "\(output)"
        )
    }

    @Test
    func `a switch that was killed takes up its ports and configuration again`() throws {
        let output = try Machine.run(
            Self.hosts + """
                reaches h1 10.0.0.2
                kill -9 $(cat /run/openvswitch/ovs-vswitchd.pid)
                ovs-vswitchd --detach --no-chdir --pidfile -vconsole:off --log-file
                reaches h2 10.0.0.1
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        #expect(output.contains("h2 reaches 10.0.0.1"), "\(output)")
    }

    @Test
    func `a database that was killed is found again`() throws {
        let output = try Machine.run(
            Self.hosts + """
                reaches h1 10.0.0.2
                kill -9 $(cat /run/openvswitch/ovsdb-server.pid)
                reaches h2 10.0.0.1
                ovsdb-server --detach --no-chdir --pidfile -vconsole:off --log-file \
                    --remote=punix:/var/run/openvswitch/db.sock /etc/openvswitch/conf.db
                host h3 p3 10.0.0.3
                ovs-vsctl --timeout=300 add-port br0 p3
                reaches h1 10.0.0.3
                """
        )
        #expect(output.contains("h2 reaches 10.0.0.1"), "\(output)")
        #expect(output.contains("h1 reaches 10.0.0.3"), "\(output)")
    }
}
