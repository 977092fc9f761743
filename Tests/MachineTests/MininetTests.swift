import Testing

/// Debian's `mininet` on Martlet, with Martlet's links first in PATH and nothing else changed.
///
/// Each test has namespaces of its own for devices, mounts and processes: nothing of the machine is
/// touched, not even by `mn -c`, which ends programs by their names.
@Suite(
    .serialized,
    .enabled(
        if: Machine.has("mn", "ovs-testcontroller"),
        "mininet and openvswitch-testcontroller are not installed"),
    .enabled(if: Machine.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Machine.isMartletBuilt, "the program martlet is not built")
)
struct MininetTests {
    @Test
    func `plain mn reaches every host`() throws {
        let output = try Machine.run("mn --test pingall")
        #expect(output.contains("Results: 0% dropped (2/2 received)"), "\(output)")
    }

    /// Debian 12's iperf does not report the connection by which mininet finds out that it listens,
    /// and mininet waits for that report for ever, over a Linux bridge too; so the client's report
    /// has to do.
    @Test
    func `TCP passes with the offloads that every host has`() throws {
        let output = try Machine.run(
            """
            mn --test iperf -v debug > out 2>&1 &
            for i in $(seq 3000); do grep -q bits/sec out && break; sleep 0.1; done
            cat out
            """
        )
        #expect(output.contains("Client output: "), "\(output)")
        #expect(output.contains("bits/sec"), "\(output)")
    }

    @Test(arguments: [
        ("single,3", "(6/6 received)"), ("linear,10", "(90/90 received)"),
        ("tree,2", "(12/12 received)"),
    ])
    func `a topology by name reaches every host`(topology: String, result: String) throws {
        let output = try Machine.run("mn --topo \(topology) --test pingall")
        #expect(output.contains("Results: 0% dropped \(result)"), "\(output)")
    }

    @Test
    func `without a controller a standalone switch forwards`() throws {
        let output = try Machine.run(
            "mn --controller none --switch ovs,failMode=standalone --test pingall"
        )
        #expect(output.contains("Results: 0% dropped"), "\(output)")
    }

    @Test
    func `without a controller a secure switch forwards nothing, and ends`() throws {
        let output = try Machine.run("echo pingall | mn --controller none")
        #expect(output.contains("Results: 100% dropped"), "\(output)")
        #expect(output.contains("completed in"), "\(output)")
    }

    @Test
    func `the documented topology of one's own works`() throws {
        let output = try Machine.run(
            """
            cat > single.py <<'END'
            from mininet.topo import Topo

            class SingleSwitchTopo(Topo):
                "Single switch connected to n hosts."
                def build(self, n=2):
                    switch = self.addSwitch('s1')
                    for h in range(n):
                        host = self.addHost('h%s' % (h + 1))
                        self.addLink(host, switch)

            topos = {'single': SingleSwitchTopo}
            END
            mn --custom single.py --topo single,4 --test pingall
            """
        )
        #expect(output.contains("Results: 0% dropped (12/12 received)"), "\(output)")
    }

    @Test
    func `mn -c leaves nothing behind`() throws {
        let output = try Machine.run(
            """
            echo 'sh kill -9 $PPID' | mn
            mn -c
            echo "bridges: $(ovs-vsctl list-br)."
            echo "devices: $(ip -o link | grep -c 's1')."
            """
        )
        #expect(output.contains("bridges: ."), "\(output)")
        #expect(output.contains("devices: 0."), "\(output)")
    }
}
