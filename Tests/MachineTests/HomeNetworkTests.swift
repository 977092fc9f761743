import TestSupport
import Testing

/// A home whose DNS and DHCP a bridge steers to servers of its own, past those of the modem.
///
/// The names, addresses and flows are those of a published home network: an uplink to the modem,
/// which is the gateway 192.168.1.1; a downlink to the clients; the namespace `vproxy`, which is to
/// answer their questions of DNS and has the addresses 100.96.0.0/11; and the namespace `gw`, which
/// has the address and the MAC of the modem and is to be their DHCP server.
@Suite(
    .serialized,
    .enabled(
        if: Machine.has("ip", "ping", "curl", "python3", "dnsmasq", "busybox", "iptables"),
        "dnsmasq-base, busybox, iptables or curl is not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct HomeNetworkTests {
    private static let devices =
        Machine.services + """
            GW=192.168.1.1
            GW_MAC=18:00:00:00:00:e8
            ip netns add modem
            ip netns add client
            ip link add enp5s0 type veth peer name eth0 netns modem
            ip link add enp1s0 type veth peer name eth0 netns client
            ip -n modem link set eth0 address $GW_MAC up
            ip -n modem link set lo up
            ip -n modem address add $GW/24 dev eth0
            ip -n modem address add 203.0.113.9/32 dev lo
            ip -n client link set eth0 up
            ip link set enp5s0 up
            ip link set enp1s0 up
            ip addr add 192.168.1.8/32 dev enp5s0
            ip addr add 192.168.1.7/32 dev enp1s0
            ip link add veth0 type veth peer name veth0-in-br
            ip link set veth0 address 5c:00:00:00:00:7d
            ip link set veth0 up
            ip link set veth0-in-br up
            ip addr add 192.168.1.8/24 dev veth0
            ip route add default via $GW
            ip netns add vproxy
            ip netns exec vproxy ip link set lo up
            ip link add vp-veth0 type veth peer name vp-veth0-in-br
            ip link set vp-veth0-in-br up
            ip link set vp-veth0 netns vproxy
            ip netns exec vproxy ip link set vp-veth0 address d6:00:00:00:00:bf
            ip netns exec vproxy ip link set vp-veth0 up
            ip netns exec vproxy ip addr add 192.168.1.9/24 dev vp-veth0
            ip netns exec vproxy ip route add default via $GW
            ip link add gw0 type veth peer name gw0-in-br
            ip link set gw0-in-br up
            ip netns add gw
            ip link set gw0 netns gw
            ip netns exec gw ip link set gw0 address $GW_MAC
            ip netns exec gw ip link set gw0 up
            ip netns exec gw ip addr add $GW/24 dev gw0
            ovs-vsctl --timeout=300 add-br ovsbr0 -- set Bridge ovsbr0 datapath_type=netdev
            for port in enp5s0 enp1s0 veth0-in-br vp-veth0-in-br gw0-in-br; do
                ovs-vsctl --timeout=300 add-port ovsbr0 $port
            done

            """

    private static let flows = """
        UPLINK=enp5s0 DOWNLINK=enp1s0 VIRTUAL=vp-veth0-in-br LOCAL=veth0-in-br VGW=gw0-in-br
        VIRTUAL_MAC=d6:00:00:00:00:bf
        flow() { ovs-ofctl add-flow ovsbr0 "table=0,$1" || echo "refused: $1"; }
        ovs-ofctl del-flows ovsbr0
        flow "priority=1000,ipv6,action=drop"
        flow "priority=1000,dl_src=$GW_MAC,dl_dst=$GW_MAC,action=drop"
        flow "priority=1000,dl_dst=ff:ff:ff:ff:ff:ff,dl_src=$GW_MAC,action=output:$DOWNLINK,\
        output:$LOCAL,output:$VIRTUAL"
        flow "priority=1000,arp,dl_dst=$GW_MAC,action=output:$UPLINK,output:$VGW"
        flow "priority=999,arp,nw_dst=$GW,action=output:$UPLINK"
        flow "priority=1000,udp,tp_src=68,tp_dst=67,action=output:$VGW"
        flow "priority=1000,udp,tp_src=67,tp_dst=68,action=output:$DOWNLINK"
        flow "priority=1000,in_port=$UPLINK,udp,tp_src=67,tp_dst=68,action=drop"
        flow "priority=1000,in_port=$UPLINK,udp,tp_src=68,tp_dst=67,action=drop"
        flow "priority=1000,in_port=vp-veth0-in-br,arp,nw_src=$GW,action=drop"
        flow "priority=499,udp,nw_dst=$GW,tp_dst=53,action=set_field:$VIRTUAL_MAC->dl_dst,\
        output:$VIRTUAL"
        flow "priority=500,in_port=vp-veth0-in-br,udp,nw_dst=$GW,tp_dst=53,action=output:$UPLINK"
        flow "priority=500,ip,nw_dst=100.96.0.0/11,action=set_field:$VIRTUAL_MAC->dl_dst,\
        output:$VIRTUAL"
        flow "priority=200,dl_dst=$GW_MAC,action=output:$UPLINK"
        flow "priority=0,actions=NORMAL"
        ovs-ofctl dump-flows ovsbr0 | grep -c priority=

        """

    /// The servers: the modem's DNS and DHCP, the proxy's DNS and transparent web, and the DHCP
    /// server in `gw`.
    private static let servers = """
        names() {
            namespace=$1
            shift
            ip netns exec $namespace dnsmasq --conf-file=/dev/null --user=root --no-resolv \
                --no-hosts --pid-file=$PWD/$namespace.pid --dhcp-leasefile=$PWD/$namespace.leases \
                --log-facility=$PWD/$namespace.log --log-queries --no-ping "$@"
        }
        pool() { echo --dhcp-range=$1,$2,1h --dhcp-option=3,$GW --dhcp-option=6,$GW; }
        names modem --address=/internet.test/203.0.113.9 $(pool 192.168.1.200 192.168.1.220)
        names vproxy --address=/home.test/100.96.0.7 --server=$GW
        names gw --port=0 $(pool 192.168.1.65 192.168.1.191)
        serve modem 80
        ip netns exec vproxy ip route add local 100.96.0.0/11 dev lo src 127.0.0.1
        ip netns exec vproxy iptables -t mangle -I PREROUTING -d 100.96.0.0/11 -p tcp -j TPROXY \
            --on-port=8888 --on-ip=127.0.0.1
        ip netns exec vproxy iptables -t nat -I PREROUTING -d $GW -p udp --dport 53 \
            -j REDIRECT --to-port 53
        ip netns exec vproxy python3 - <<END &
        import socket
        server = socket.socket()
        server.setsockopt(socket.SOL_IP, 19, 1)
        server.bind(("127.0.0.1", 8888))
        server.listen()
        while True:
            connection, client = server.accept()
            connection.recv(4096)
            text = connection.getsockname()[0].encode()
            connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nproxy for " + text + b"\\n")
            connection.close()
        END
        listens vproxy 8888
        cat > lease <<'END'
        case $1 in
        bound)
            ip address add $ip/24 dev $interface
            ip route add default via $router
            echo "lease $router $dns"
            echo $ip > address
            ;;
        esac
        END
        chmod +x lease

        """

    @Test
    func `clients have their DHCP, DNS and web from whom the flows say`() throws {
        let output = try Machine.run(
            Self.devices + Self.flows + Self.servers + """
                # DHCP: of two servers only the one in gw is asked.
                ip netns exec client busybox udhcpc -i eth0 -n -q -t 20 -T 1 -s $PWD/lease \
                    2>/dev/null
                awk -F. '{ print ($4 >= 65 && $4 <= 191) ? "pool of gw" : "pool " $0 }' address
                cat modem.leases
                # DNS: the modem's address, the proxy's answers; what it does not know it asks.
                asks() {
                    ip netns exec $1 busybox nslookup -type=a $2 $GW 2>&1 | awk -v n=$1 \
                        '/^Name/ { getline; print n, $NF }'
                }
                asks client home.test
                asks client internet.test
                asks vproxy internet.test
                grep -c 'query.*home.test' modem.log
                grep -c 'query.*internet.test from 192.168.1.9' modem.log
                # The web of the proxy by the addresses that it gives, of the world by the modem.
                ip netns exec client curl -sS -m 20 http://100.96.0.7/
                get client 203.0.113.9 80
                ip netns exec client ping -q -c 2 -i 0.1 $GW | grep -o ' 0% packet loss'
                ping -q -c 2 -i 0.1 203.0.113.9 | grep -o ' 0% packet loss'
                # IPv6 goes nowhere, and the modem's DHCP neither.
                ip netns exec modem ping -6 -c 1 -W 1 ff02::1%eth0 > /dev/null
                for flow in ipv6 udp,tp_src=68,tp_dst=67 udp,nw_dst=$GW,tp_dst=53 \
                    ip,nw_dst=100.96.0.0/11 arp,nw_dst=$GW; do
                    ovs-ofctl --no-stats dump-flows ovsbr0 $flow > /dev/null || echo "no $flow"
                    ovs-ofctl dump-flows ovsbr0 $flow | grep -c 'n_packets=[1-9]'
                done
                """
        )
        #expect(
            output.split(separator: "\n").filter { !$0.hasPrefix("20") } == [
                "15", "lease 192.168.1.1 192.168.1.1", "pool of gw", "client 100.96.0.7",
                "client 203.0.113.9", "vproxy 203.0.113.9", "0", "2", "proxy for 100.96.0.7",
                "client 203.0.113.9:80 yes", " 0% packet loss", " 0% packet loss", "1", "1", "2",
                "1", "1",
            ], "\(output)")
    }

    @Test
    func `a flow with an address in the place of a MAC is refused`() throws {
        let output = try Machine.run(
            """
            ovs-vsctl --timeout=300 add-br ovsbr0 -- set Bridge ovsbr0 datapath_type=netdev
            ovs-ofctl add-flow ovsbr0 "priority=1000,dl_src=192.168.1.1,actions=drop"
            echo "status $?"
            """
        )
        #expect(output.contains("192.168.1.1: invalid Ethernet address"), "\(output)")
        #expect(output.contains("status 1"), "\(output)")
    }
}
