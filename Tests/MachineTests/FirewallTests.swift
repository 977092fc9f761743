import TestSupport
import Testing

/// Security groups and address translation by `ct`, between hosts with real clients and servers.
@Suite(
    .serialized,
    .enabled(if: Machine.has("ip", "ping", "curl", "python3"), "a program is not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct FirewallTests {
    // MARK: Security groups (C-05)

    /// Two bridges stand for two hosts of a cloud.
    ///
    /// `web` and `db` are on one, `admin`, `user` and `job` on the other. Group A is `web`, group B
    /// is `db`.
    private static let cloud =
        Machine.services + """
            for bridge in br1 br2; do
                ovs-vsctl --timeout=300 add-br $bridge \
                    -- set Bridge $bridge datapath_type=netdev fail-mode=secure
            done
            ovs-vsctl --timeout=300 \
                -- add-port br1 to2 -- set Interface to2 type=patch options:peer=to1 \
                -- add-port br2 to1 -- set Interface to1 type=patch options:peer=to2
            member() {
                station $1 $2
                ovs-vsctl --timeout=300 add-port $3 $1
            }
            member web 10.0.0.10 br1
            member db 10.0.0.20 br1
            member admin 203.0.113.5 br2
            member user 198.51.100.7 br2
            member job 10.0.0.30 br2
            for bridge in br1 br2; do
                ovs-ofctl add-flows $bridge - <<END
            table=0,priority=20,arp,actions=normal
            table=0,priority=10,ip,actions=ct(table=1,zone=7)
            table=1,priority=90,ct_state=+inv+trk,actions=drop
            table=1,priority=80,ct_state=+est+trk,actions=normal
            table=1,priority=80,ct_state=+rel+trk,actions=normal
            END
            done
            # rule ADDRESS SOURCE PORT: who may begin connections to a member, on every host.
            rule() {
                for bridge in br1 br2; do
                    ovs-ofctl add-flow $bridge "cookie=$4,table=1,priority=50,ct_state=+new+trk,\
            tcp,nw_dst=$1,nw_src=$2,tp_dst=$3,actions=ct(commit,zone=7),normal"
                done
            }
            leave() { for bridge in br1 br2; do ovs-ofctl del-flows $bridge cookie=$1/-1; done; }
            rule 10.0.0.10 0.0.0.0/0 8080 1
            rule 10.0.0.10 203.0.113.0/24 22 1
            rule 10.0.0.20 10.0.0.10 3306 2
            rule 10.0.0.20 203.0.113.0/24 22 2
            for port in 8080 22 3306; do serve web $port; serve db $port; done

            """

    @Test
    func `groups admit their members and sources, and follow who joins and leaves`() throws {
        let output = try Machine.run(
            Self.cloud + """
                get user 10.0.0.10 8080
                get user 10.0.0.10 22
                get admin 10.0.0.10 22
                get admin 10.0.0.20 22
                get web 10.0.0.20 3306
                get user 10.0.0.20 3306
                get admin 10.0.0.20 3306
                get job 10.0.0.20 3306
                echo job joins
                rule 10.0.0.20 10.0.0.30 3306 3
                get job 10.0.0.20 3306
                echo job leaves
                leave 3
                get job 10.0.0.20 3306
                get web 10.0.0.20 3306
                """
        )
        #expect(
            output.split(separator: "\n").filter { !$0.hasPrefix("2") } == [
                "user 10.0.0.10:8080 yes", "user 10.0.0.10:22 no", "admin 10.0.0.10:22 yes",
                "admin 10.0.0.20:22 yes", "web 10.0.0.20:3306 yes", "user 10.0.0.20:3306 no",
                "admin 10.0.0.20:3306 no", "job 10.0.0.20:3306 no", "job joins",
                "job 10.0.0.20:3306 yes", "job leaves", "job 10.0.0.20:3306 no",
                "web 10.0.0.20:3306 yes",
            ], "\(output)")
    }

    // MARK: Translation (C-06)

    /// Three hosts behind 198.51.100.1, of which `in3` is 198.51.100.2 to others, and `out`.
    ///
    /// The bridge is their router; connections from outside begin with `in3` alone, and none go to
    /// high ports that a control connection has not told of.
    private static let gateway =
        Machine.services + """
            ovs-vsctl --timeout=300 add-br br0 -- set Bridge br0 datapath_type=netdev \
                fail-mode=secure
            number=1
            forward=
            for host in in1 in2 in3 out; do
                case $host in out) address=203.0.113.9 ;; *) address=192.168.7.1$number ;; esac
                station $host $address
                ovs-vsctl --timeout=300 add-port br0 $host \
                    -- set Interface $host ofport_request=$number
                forward="$forward
            table=3,ip,nw_dst=$address,actions=mod_dl_src:0a:00:00:00:00:01,\
            mod_dl_dst:$(ip -n $host -br link show eth0 | awk '{ print $3 }'),dec_ttl,$number"
                number=$((number + 1))
            done
            there='move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],mod_dl_src:0a:00:00:00:00:01'
            there="$there,load:2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]"
            there="$there,load:0x0a0000000001->NXM_NX_ARP_SHA[]"
            there="$there,move:NXM_OF_ARP_TPA[]->NXM_NX_REG0[]"
            there="$there,move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]"
            there="$there,move:NXM_NX_REG0[]->NXM_OF_ARP_SPA[],in_port"
            new=ct_state=+new+trk
            # to KIND ADDRESS [ALG]: commits a translation, and goes on.
            to() { echo "actions=ct(commit,${3+alg=$3,}zone=1,nat($1=$2),table=3)"; }
            outer=198.51.100 inner=192.168.7.13
            ovs-ofctl add-flows br0 - <<END
            table=0,priority=9,arp,arp_op=1,actions=$there
            table=0,priority=4,ip,actions=ct(zone=1,nat,table=1)
            table=1,priority=9,ct_state=+inv+trk,actions=drop
            table=1,priority=8,ct_state=+rel+new+trk,ip,actions=ct(commit,zone=1,nat,table=3)
            table=1,priority=7,ct_state=-new+trk,ip,actions=resubmit(,3)
            table=1,priority=6,$new,udp,tp_dst=69,in_port=1,$(to src $outer.1 tftp)
            table=1,priority=6,$new,tcp,tp_dst=21,in_port=1,$(to src $outer.1 ftp)
            table=1,priority=6,$new,tcp,tp_dst=21,in_port=3,$(to src $outer.2 ftp)
            table=1,priority=6,$new,tcp,tp_dst=21,in_port=4,nw_dst=$outer.2,$(to dst $inner ftp)
            table=1,priority=5,$new,tcp,tp_dst=80,in_port=4,nw_dst=$outer.2,$(to dst $inner)
            table=1,priority=3,$new,tcp,tp_dst=0x8000/0x8000,actions=drop
            table=1,priority=2,$new,ip,in_port=1,$(to src $outer.1)
            table=1,priority=2,$new,ip,in_port=2,$(to src $outer.1)
            table=1,priority=2,$new,ip,in_port=3,$(to src $outer.2)
            $forward
            END

            """

    @Test(.enabled(if: Machine.has("iperf3"), "iperf3 is not installed"))
    func `many hosts share one address, a server has its own, and answers find their way`() throws {
        let output = try Machine.run(
            Self.gateway + """
                serve out 80
                serve in3 80
                # One port of each client: two of them are given others.
                for host in in1 in2 in3; do
                    get $host 203.0.113.9 80 --local-port 40000
                done
                get out 198.51.100.2 80
                get out 198.51.100.1 80
                ovs-appctl dpctl/dump-conntrack zone=1 | grep -c 'dport=40000'
                sed 's/ .*//' out.80 | sort | uniq -c | sed 's/^ *//'
                for host in in1 in2 in3; do
                    ip netns exec $host ping -q -c 3 -i 0.1 203.0.113.9 | grep -o ' 0% packet loss'
                done
                # An error about a translated datagram reaches who sent it.
                ip netns exec in2 python3 - <<END
                import socket
                client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                client.settimeout(20)
                client.connect(("203.0.113.9", 9))
                client.send(b"x")
                try:
                    client.recv(1)
                except ConnectionRefusedError as error:
                    print(error.strerror)
                END
                ip netns exec out iperf3 -s -D
                listens out 5201
                ip netns exec in1 iperf3 -c 203.0.113.9 -n 20M | grep -c receiver
                ip netns exec in2 iperf3 -u -b 10M -c 203.0.113.9 -n 1M | grep -c receiver
                """
        )
        #expect(
            output.split(separator: "\n").filter { !$0.hasPrefix("20") } == [
                "in1 203.0.113.9:80 yes", "in2 203.0.113.9:80 yes", "in3 203.0.113.9:80 yes",
                "out 198.51.100.2:80 yes", "out 198.51.100.1:80 no", "2", "2 198.51.100.1",
                "1 198.51.100.2", " 0% packet loss", " 0% packet loss", " 0% packet loss",
                "Connection refused", "1", "1",
            ], "\(output)")
    }

    @Test(.enabled(if: Machine.hasFTPServer, "python3-pyftpdlib is not installed"))
    func `FTP passes behind translations, active and passive, to servers on either side`() throws {
        let output = try Machine.run(
            Self.gateway + """
                mkdir files
                seq 5000 > files/numbers
                for host in out in3; do
                    (cd files; exec ip netns exec $host python3 -W ignore -m pyftpdlib -p 21 -w \
                        > ../$host.ftp 2>&1) &
                    listens $host 21
                done
                # fetch HOST SERVER OPTIONS: a file by a data connection of the kind asked for.
                fetch() {
                    host=$1 server=$2
                    shift 2
                    ip netns exec $host curl -sS -m 20 "$@" ftp://$server/numbers |
                        cmp - files/numbers && echo "$host $server $*"
                }
                fetch in1 203.0.113.9
                fetch in1 203.0.113.9 --disable-epsv
                fetch in1 203.0.113.9 --ftp-port -
                fetch in1 203.0.113.9 --ftp-port - --disable-eprt
                fetch in3 203.0.113.9 --ftp-port - --disable-eprt
                fetch out 198.51.100.2
                fetch out 198.51.100.2 --disable-epsv --no-ftp-skip-pasv-ip
                fetch out 198.51.100.2 --ftp-port -
                fetch out 198.51.100.2 --ftp-port - --disable-eprt
                seq 30000 > more
                ip netns exec in1 curl -sS -m 20 --ftp-port - -T more ftp://203.0.113.9/more &&
                    cmp more files/more && echo stored
                """
        )
        #expect(
            output.split(separator: "\n").filter { !$0.hasPrefix("20") } == [
                "in1 203.0.113.9 ", "in1 203.0.113.9 --disable-epsv",
                "in1 203.0.113.9 --ftp-port -", "in1 203.0.113.9 --ftp-port - --disable-eprt",
                "in3 203.0.113.9 --ftp-port - --disable-eprt", "out 198.51.100.2 ",
                "out 198.51.100.2 --disable-epsv --no-ftp-skip-pasv-ip",
                "out 198.51.100.2 --ftp-port -", "out 198.51.100.2 --ftp-port - --disable-eprt",
                "stored",
            ], "\(output)")
    }

    @Test(.enabled(if: Machine.has("dnsmasq"), "dnsmasq-base is not installed"))
    func `TFTP passes behind a translation`() throws {
        let output = try Machine.run(
            Self.gateway + """
                mkdir -m 755 files
                seq 5000 > files/numbers
                ip netns exec out dnsmasq --conf-file=/dev/null --port=0 --user=root \
                    --pid-file=$PWD/tftp.pid --enable-tftp --tftp-root=$PWD/files
                ip netns exec in1 curl -sS -m 20 tftp://203.0.113.9/numbers > got
                cmp got files/numbers && echo got
                # The server answers from another port than that of the request.
                ovs-appctl dpctl/dump-conntrack zone=1 |
                    grep -c 'orig=(src=203.0.113.9,dst=198.51.100.1,.*,dport='
                """
        )
        #expect(
            output.split(separator: "\n").filter { !$0.hasPrefix("20") } == ["got", "1"],
            "\(output)")
    }
}
