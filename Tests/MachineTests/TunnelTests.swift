import TestSupport
import Testing

/// Tunnels between a Martlet bridge and others on the wire.
@Suite(
    .serialized,
    .enabled(if: Machine.has("ip", "ping"), "iproute2 or iputils-ping is not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct TunnelTests {
    /// The lab of the operators' guide (part 2, DS-UT-01 to DS-UT-10).
    ///
    /// br-phy carries the outer packets and has the outer address, br-int has the tunnel and a port
    /// for this host. The remote host is the kernel in namespace k.
    private static let lab = """
        ip netns add k
        ip link add eth1 type veth peer name eth1 netns k
        ip link set eth1 up
        ip -n k link set eth1 up
        ip -n k address add 172.168.1.2/24 dev eth1
        ip -n k address add fd00::2/64 dev eth1 nodad
        ovs-vsctl --may-exist add-br br-phy -- set Bridge br-phy datapath_type=netdev \
            -- br-set-external-id br-phy bridge-id br-phy -- set bridge br-phy fail-mode=standalone
        ovs-vsctl --timeout 10 add-port br-phy eth1
        ip address add 172.168.1.1/24 dev br-phy
        ip address add fd00::1/64 dev br-phy nodad
        ip link set br-phy up
        ovs-vsctl --may-exist add-br br-int -- set Bridge br-int datapath_type=netdev \
            -- br-set-external-id br-int bridge-id br-int -- set bridge br-int fail-mode=standalone
        ovs-vsctl add-port br-int vm0 -- set Interface vm0 type=internal
        ip address add 10.0.0.1/24 dev vm0
        ip link set vm0 mtu 1400 up
        reaches() {
            for i in $(seq 50); do
                ping -q -c 1 -W 1 $2 $1 > /dev/null && echo "reaches $1 $2" && return
                sleep 0.1
            done
            echo "does not reach $1 $2"
        }

        """

    @Test(arguments: [
        ("172.168.1.1", "172.168.1.2"), ("fd00::1", "fd00::2"),
    ])
    func `VXLAN reaches the kernel's own`(local: String, remote: String) throws {
        let output = try Machine.run(
            Self.lab + """
                if ip -n k link add vx type vxlan id 7 local \(remote) remote \(local) dstport 4789
                then
                    ip -n k address add 10.0.0.2/24 dev vx
                    ip -n k link set vx mtu 1400 up
                    ovs-vsctl add-port br-int vxlan0 -- set Interface vxlan0 type=vxlan \
                        options:remote_ip=\(remote) options:key=7
                    reaches 10.0.0.2
                    reaches 10.0.0.2 "-s 1300"
                    ovs-appctl tnl/neigh/show
                    ovs-appctl dpctl/dump-flows
                    ovs-vsctl get Interface vxlan0 status:tunnel_egress_iface
                else
                    echo "the kernel has no vxlan"
                fi
                """
        )
        if output.contains("the kernel has no vxlan") { return }
        #expect(output.contains("reaches 10.0.0.2 \n"), "\(output)")
        #expect(output.contains("reaches 10.0.0.2 -s 1300"), "\(output)")
        #expect(output.contains("tnl_pop("), "\(output)")
        #expect(output.contains("br-phy"), "\(output)")
    }

    @Test(.enabled(if: Machine.has("iperf3"), "iperf3 is not installed"))
    func `TCP passes a tunnel in both directions with offloads left on`() throws {
        let output = try Machine.run(
            Self.lab + """
                if ip -n k link add vx type vxlan id 7 remote 172.168.1.1 dstport 4789
                then
                    ip -n k address add 10.0.0.2/24 dev vx
                    ip -n k link set vx mtu 1400 up
                    ovs-vsctl add-port br-int vxlan0 -- set Interface vxlan0 type=vxlan \
                        options:remote_ip=172.168.1.2 options:key=7
                    reaches 10.0.0.2
                    ip netns exec k iperf3 -s -D
                    carries() {
                        for i in $(seq 50); do
                            iperf3 -c 10.0.0.2 -t 1 $2 > /dev/null 2>&1 && echo $1 && return
                            sleep 0.1
                        done
                    }
                    carries sent
                    carries received -R
                else
                    echo "the kernel has no vxlan"
                fi
                """
        )
        if output.contains("the kernel has no vxlan") { return }
        #expect(output.contains("sent"), "\(output)")
        #expect(output.contains("received"), "\(output)")
    }

    @Test func `an address that comes and goes is followed at once`() throws {
        let output = try Machine.run(
            Self.lab + """
                found() {
                    for i in $(seq 50); do
                        ovs-appctl ovs/route/show | grep -q "$1" && echo "found $1" && return
                        sleep 0.1
                    done
                    echo "no $1"
                }
                lost() {
                    for i in $(seq 50); do
                        ovs-appctl ovs/route/show | grep -q "$1" || { echo "lost $1"; return; }
                        sleep 0.1
                    done
                    echo "still $1"
                }
                found "172.168.1.0/24 dev br-phy SRC 172.168.1.1"
                ip address add 192.168.7.1/24 dev br-phy
                ip route add 198.51.100.0/24 via 192.168.7.9
                found "192.168.7.1/32 dev br-phy SRC 192.168.7.1 local"
                found "198.51.100.0/24 dev br-phy GW 192.168.7.9 SRC 192.168.7.1"
                ip address del 192.168.7.1/24 dev br-phy
                lost 192.168.7.1/32
                ip route del 198.51.100.0/24
                lost 198.51.100
                """
        )
        #expect(!output.contains("no 1"), "\(output)")
        #expect(!output.contains("still"), "\(output)")
        #expect(output.contains("lost 198.51.100"), "\(output)")
    }
}
