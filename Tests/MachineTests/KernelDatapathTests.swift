import TestSupport
import Testing

/// Bridges whose packets eBPF programs forward.
@Suite(
    .serialized,
    .enabled(if: Machine.has("ip", "ping"), "iproute2 or iputils-ping is not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct KernelDatapathTests {
    private static let setUp =
        Machine.twoHosts + """
            ovs-vsctl --timeout=300 set Open_vSwitch . other_config:system-datapath=ebpf
            ovs-vsctl --timeout=300 add-br br0
            eventually() {
                for i in $(seq 300); do eval "$1" && return; sleep 0.1; done
                echo "never: $1"
            }
            flows() { ovs-appctl dpctl/dump-flows -m system@ovs-system; }

            """
    private static let bridge =
        setUp + "ovs-vsctl --timeout=300 add-port br0 p1 -- add-port br0 p2\n"

    private static func served(_ output: String) -> Bool {
        output.contains("served by eBPF programs")
    }

    @Test
    func `hosts reach each other, and counters come from the kernel`() throws {
        let output = try Machine.run(
            Self.bridge + """
                ip address add 10.0.0.3/24 dev br0
                ip link set br0 up
                reaches h1 10.0.0.2
                reaches h2 10.0.0.3
                ip netns exec h1 ping -q -c 20 -i 0.01 10.0.0.2
                eventually 'flows | grep -q "packets:[2-9][0-9].*offloaded:yes, dp:ebpf.*p2"'
                ovs-ofctl dump-flows br0
                ovs-appctl dpctl/show -s
                grep served /var/log/openvswitch/ovs-vswitchd.log
                """
        )
        #expect(Self.served(output), "\(output)")
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        #expect(output.contains("h2 reaches 10.0.0.3"), "\(output)")
        #expect(output.contains("20 received"), "\(output)")
        #expect(!output.contains("DUP!") && !output.contains("never:"), "\(output)")
        // All packets of the hosts are counted by the rule and at the ports.
        let rule = output.split(separator: "\n").first { $0.contains("actions=NORMAL") }
        let count = rule?.split(separator: "n_packets=").last?.prefix { $0.isNumber }
        #expect(count.flatMap { Int($0) }.map { $0 > 40 } == true, "\(output)")
    }

    @Test
    func `a change of rules is followed, and megaflows without packets go`() throws {
        let output = try Machine.run(
            Self.bridge + """
                ovs-vsctl --timeout=300 set Open_vSwitch . other_config:max-idle=500
                reaches h1 10.0.0.2
                ovs-ofctl add-flow br0 priority=10,icmp,actions=drop
                ip netns exec h1 ping -q -c 2 -i 0.2 -W 1 10.0.0.2
                ovs-ofctl del-flows br0 icmp
                reaches h1 10.0.0.2
                eventually '[ -z "$(flows | grep icmp)" ]'
                """
        )
        #expect(output.contains("2 packets transmitted, 0 received"), "\(output)")
        #expect(output.split(separator: "h1 reaches").count == 2, "\(output)")
        #expect(!output.contains("never:"), "\(output)")
    }

    @Test
    func `what programs cannot do is done in userspace, and flows say why`() throws {
        let output = try Machine.run(
            Self.bridge + """
                ovs-ofctl add-flow br0 'priority=10,icmp actions=ct(commit),normal'
                reaches h1 10.0.0.2
                eventually 'flows | grep -q "slow_path:no action ct in the kernel"'
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        #expect(!output.contains("never:"), "\(output)")
    }

    @Test(.enabled(if: Machine.has("iperf3"), "iperf3 is not installed"))
    func `TCP passes tags and translations with every host's offloads left on`() throws {
        let output = try Machine.run(
            Self.setUp + """
                ip link add t0 type veth peer name t1
                ip link set t0 up
                ip link set t1 up
                ovs-vsctl --timeout=300 add-br br1
                ovs-vsctl --timeout=300 add-port br0 p1 tag=10 -- add-port br0 t0
                ovs-vsctl --timeout=300 add-port br1 p2 tag=10 -- add-port br1 t1
                reaches h1 10.0.0.2
                address=$(ip netns exec h2 cat /sys/class/net/eth0/address)
                ip -n h1 neighbour add 10.0.0.99 lladdr $address dev eth0
                ovs-ofctl add-flow br1 \
                    'priority=10,ip,nw_dst=10.0.0.99 actions=mod_nw_dst:10.0.0.2,dec_ttl,normal'
                ovs-ofctl add-flow br1 \
                    'priority=10,in_port=p2,ip,nw_src=10.0.0.2 actions=mod_nw_src:10.0.0.99,normal'
                reaches h1 10.0.0.99
                ip netns exec h2 iperf3 -s -D
                for i in $(seq 100); do
                    ip netns exec h1 iperf3 -c 10.0.0.99 -n 50M && break
                    sleep 0.1
                done
                flows | grep -o 'offloaded:.*'
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.99"), "\(output)")
        #expect(output.contains("receiver"), "\(output)")
        for actions in ["push_vlan(vid=10,pcp=0),t0", "set(ipv4(dst=10.0.0.2,ttl=63)),pop_vlan,p2"]
        {
            #expect(output.contains("offloaded:yes, dp:ebpf, actions:" + actions), "\(output)")
        }
    }

    @Test
    func `the programs go with their port, and with policing`() throws {
        let output = try Machine.run(
            Self.bridge + """
                reaches h1 10.0.0.2
                ovs-vsctl --timeout=300 set Interface p1 ingress_policing_rate=1000
                reaches h1 10.0.0.2
                eventually 'flows | grep -q "in_port(p1).*slow_path:datapath port . is policed"'
                ovs-vsctl --timeout=300 set Interface p1 ingress_policing_rate=0
                reaches h1 10.0.0.2
                ovs-vsctl --timeout=300 del-port p1 -- del-port p2
                ip link add other type bridge
                ip link set other up
                ip link set p1 master other
                ip link set p2 master other
                reaches h2 10.0.0.1
                """
        )
        #expect(output.split(separator: "h1 reaches").count == 3, "\(output)")
        #expect(output.contains("h2 reaches 10.0.0.1"), "\(output)")
        #expect(!output.contains("never:"), "\(output)")
    }

    @Test
    func `userspace serves where programs cannot, and the log says why`() throws {
        let output = try Machine.run(
            "ip link add ovs-system type veth peer name other\n" + Self.bridge + """
                reaches h1 10.0.0.2
                flows | grep -c 'dp:ovs, actions:p'
                grep served /var/log/openvswitch/ovs-vswitchd.log
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        let reason = "userspace datapath, since eBPF programs cannot: ovs-system: TUNSETIFF: "
        #expect(output.contains(reason), "\(output)")
    }

    @Test
    func `without the device for packets that go up, userspace takes over`() throws {
        let output = try Machine.run(
            Self.bridge + """
                reaches h1 10.0.0.2
                ip link delete ovs-system
                eventually 'grep -q "p2: is served by the userspace" /var/log/openvswitch/*.log'
                ip -n h1 neighbour flush all
                ovs-ofctl del-flows br0
                ovs-ofctl add-flow br0 actions=normal
                reaches h1 10.0.0.2
                """
        )
        #expect(output.split(separator: "h1 reaches").count == 2, "\(output)")
        #expect(!output.contains("never:"), "\(output)")
    }

    @Test
    func `packets that a group sends round go round in userspace`() throws {
        let output = try Machine.run(
            Self.bridge + """
                group=group_id=1,type=select,selection_method=dp_hash
                ovs-ofctl -O OpenFlow15 add-group br0 $group,bucket=output:p1
                ovs-ofctl add-flow br0 in_port=p2,icmp,actions=group:1
                reaches h1 10.0.0.2
                eventually 'flows | grep -q "slow_path:no action hash in the kernel"'
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        #expect(!output.contains("never:"), "\(output)")
    }

    @Test
    func `bridges of the type netdev stay in userspace beside`() throws {
        let output = try Machine.run(
            Self.bridge + """
                ovs-vsctl --timeout=300 add-br br1 -- set Bridge br1 datapath_type=netdev \
                    -- del-port p2 -- add-port br1 p2 \
                    -- add-port br0 a -- set Interface a type=patch options:peer=b \
                    -- add-port br1 b -- set Interface b type=patch options:peer=a
                reaches h1 10.0.0.2
                flows
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2"), "\(output)")
        #expect(output.contains("offloaded:yes, dp:ebpf, actions:p2"), "\(output)")
    }

    @Test
    func `a switch that was killed takes its ports up again`() throws {
        let output = try Machine.run(
            Self.bridge + """
                reaches h1 10.0.0.2
                kill -9 $(cat /run/openvswitch/ovs-vswitchd.pid)
                ovs-vswitchd --detach --no-chdir --pidfile -vconsole:off --log-file
                reaches h2 10.0.0.1
                grep -c 'served by eBPF' /var/log/openvswitch/ovs-vswitchd.log
                """
        )
        #expect(output.contains("h2 reaches 10.0.0.1"), "\(output)")
        #expect(output.contains("\n2\n"), "\(output)")
    }
}
