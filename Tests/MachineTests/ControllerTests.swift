import Glibc
import TestSupport
import Testing

/// Controllers of others connect, program a bridge, and hosts reach each other by their rules.
@Suite(
    .serialized,
    .enabled(if: Machine.has("ip", "ping"), "iproute2 or iputils-ping is not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct ControllerTests {
    /// Where `Scripts/check` puts what comes from PyPI.
    private static let environment = packageRoot() + "/.build/osken/bin"

    private static func has(_ module: String) -> Bool {
        let python = environment + "/python"
        return access(python, X_OK) == 0
            && TestSupport.run([python, "-W", "ignore", "-c", "import \(module)"]).succeeded
    }

    static let hasOSKen = has("os_ken.cmd.manager")
    static let hasFaucet = has("faucet")

    /// Two hosts behind ports 1 and 2 of br0, which does nothing without a controller.
    private static let hosts =
        Machine.twoHosts + """
            export PYTHONDONTWRITEBYTECODE=1
            ovs-vsctl --timeout=300 add-br br0 -- set Bridge br0 datapath_type=netdev \
                fail_mode=secure other-config:datapath-id=0000000000000001 \
                -- add-port br0 p1 -- set Interface p1 ofport_request=1 \
                -- add-port br0 p2 -- set Interface p2 ofport_request=2

            """

    @Test(
        .enabled(if: hasOSKen, "os-ken is not in .build; Scripts/check puts it there"),
        arguments: [10, 12, 13, 14, 15])
    func `a learning switch of os-ken works`(version: Int) throws {
        let output = try Machine.run(
            Self.hosts + """
                VERSION=\(version) \(Self.environment)/python -W ignore -m os_ken.cmd.manager \
                    --ofp-listen-host 127.0.0.1 --ofp-tcp-listen-port 6653 \
                    \(packageRoot())/Tests/MachineTests/Scripts/learning_switch.py >log 2>&1 &
                ovs-vsctl set Bridge br0 protocols=OpenFlow\(version) \
                    -- set-controller br0 tcp:127.0.0.1:6653
                reaches h1 10.0.0.2
                reaches h2 10.0.0.1
                echo "rules: $(ovs-ofctl -O OpenFlow\(version) dump-flows br0 | grep -c priority=7)"
                grep -A 9 Traceback log
                """
        )
        #expect(output.contains("h1 reaches 10.0.0.2\n"), "\(output)")
        #expect(output.contains("h2 reaches 10.0.0.1\n"), "\(output)")
        #expect(output.contains("rules: 2\n"), "\(output)")
        #expect(!output.contains("Traceback"), "\(output)")
    }

    /// VLANs of which one has an address of the controller's, and an access list.
    private static let faucet = """
        cat >faucet.yaml <<END
        vlans:
            office:
                vid: 100
                faucet_vips: ["10.0.0.254/24"]
                faucet_mac: "0e:00:00:00:00:01"
        acls:
            no-web:
                - rule: {dl_type: 0x800, nw_proto: 6, tcp_dst: 80, actions: {allow: 0}}
                - rule: {actions: {allow: 1}}
        dps:
            sw1:
                dp_id: 0x1
                hardware: "Open vSwitch"
                interfaces:
                    1: {native_vlan: office, acls_in: [no-web]}
                    2: {native_vlan: office}
        END
        export FAUCET_CONFIG=$PWD/faucet.yaml FAUCET_LOG=$PWD/faucet.log
        export FAUCET_EXCEPTION_LOG=$PWD/exception.log FAUCET_PROMETHEUS_ADDR=127.0.0.1

        """

    @Test(.enabled(if: hasFaucet, "faucet is not in .build; Scripts/check puts it there"))
    func `faucet switches, routes to its own address, and keeps an access list`() throws {
        let output = try Machine.run(
            Self.hosts + Self.faucet + """
                PATH=\(Self.environment):$PATH \(Self.environment)/python -W ignore \
                    \(Self.environment)/faucet --ryu-ofp-tcp-listen-port=6653 >log 2>&1 &
                ovs-vsctl set Bridge br0 protocols=OpenFlow13 \
                    -- set-controller br0 tcp:127.0.0.1:6653
                reaches h1 10.0.0.2
                reaches h2 10.0.0.1
                reaches h1 10.0.0.254
                for port in 80 81; do
                    ip netns exec h1 timeout 5 bash -c "</dev/tcp/10.0.0.2/$port" 2>/dev/null
                    echo "port $port: $?"
                done
                cat exception.log
                """
        )
        for pair in ["h1 reaches 10.0.0.2", "h2 reaches 10.0.0.1", "h1 reaches 10.0.0.254"] {
            #expect(output.contains(pair + "\n"), "\(output)")
        }
        // Nobody listens: the one is dropped, the other arrives and is refused.
        #expect(output.contains("port 80: 124\nport 81: 1\n"), "\(output)")
        #expect(!output.contains("Traceback"), "\(output)")
    }

    @Test(.enabled(if: Machine.has("mn"), "mininet is not installed"))
    func `plain mn reaches every host with our own controller`() throws {
        let output = try Machine.run(
            """
            ln -s $here/martlet $here/bin/ovs-testcontroller
            echo "controller: $(readlink $(command -v ovs-testcontroller))"
            mn --test pingall
            """
        )
        #expect(output.contains("/martlet\n"), "\(output)")
        #expect(output.contains("Results: 0% dropped (2/2 received)"), "\(output)")
    }
}
