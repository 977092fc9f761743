import Glibc
import TestSupport
import Testing

/// Debian's `mininet` on Martlet, with Martlet's links first in PATH and nothing else changed.
///
/// Each test has namespaces of its own for devices, mounts and processes: nothing of the machine is
/// touched, not even by `mn -c`, which ends programs by their names.
@Suite(
    .serialized,
    .enabled(if: Mininet.isInstalled, "mininet and openvswitch-testcontroller are not installed"),
    .enabled(if: Mininet.isAllowed, "namespaces are not allowed here"),
    .enabled(if: Mininet.isMartletBuilt, "the program martlet is not built")
)
struct MininetTests {
    @Test
    func `plain mn reaches every host`() throws {
        let output = try Mininet.run("mn --test pingall")
        #expect(output.contains("Results: 0% dropped (2/2 received)"), "\(output)")
    }

    @Test
    func `TCP passes with the offloads that every host has`() throws {
        let output = try Mininet.run("mn --test iperf")
        #expect(output.contains("*** Results: ['"), "\(output)")
        #expect(output.contains("bits/sec"), "\(output)")
    }

    @Test(arguments: [
        ("single,3", "(6/6 received)"), ("linear,10", "(90/90 received)"),
        ("tree,2", "(12/12 received)"),
    ])
    func `a topology by name reaches every host`(topology: String, result: String) throws {
        let output = try Mininet.run("mn --topo \(topology) --test pingall")
        #expect(output.contains("Results: 0% dropped \(result)"), "\(output)")
    }

    @Test
    func `without a controller a standalone switch forwards`() throws {
        let output = try Mininet.run(
            "mn --controller none --switch ovs,failMode=standalone --test pingall"
        )
        #expect(output.contains("Results: 0% dropped"), "\(output)")
    }

    @Test
    func `without a controller a secure switch forwards nothing, and ends`() throws {
        let output = try Mininet.run("mn --controller none --test pingall")
        #expect(output.contains("Results: 100% dropped"), "\(output)")
        #expect(output.contains("completed in"), "\(output)")
    }

    @Test
    func `the documented topology of one's own works`() throws {
        let output = try Mininet.run(
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
        let output = try Mininet.run(
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

/// Runs commands in namespaces where Martlet's daemons listen at the usual places.
enum Mininet {
    static var isInstalled: Bool {
        access("/usr/bin/mn", X_OK) == 0 && access("/usr/bin/ovs-testcontroller", X_OK) == 0
    }

    static var isAllowed: Bool {
        let shell = Shell(directory: "/", environment: [path])
        return geteuid() == 0 && (try? shell.check("\(unshare) true")) != nil
    }

    static var isMartletBuilt: Bool {
        access(martletPath(), X_OK) == 0
    }

    private static let path =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private static let unshare = "unshare --net --mount --pid --fork --mount-proc --kill-child"

    private static let names = [
        "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovs-dpctl",
    ]

    /// What makes the namespaces a machine of its own on which the daemons run.
    private static let prologue = """
        set -e
        for directory in /run/openvswitch /etc/openvswitch /var/log/openvswitch; do
            mkdir -p $directory
            mount -t tmpfs none $directory
        done
        ip link set lo up
        ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
        ovsdb-server --detach --no-chdir --pidfile -vconsole:off --log-file \
            --remote=punix:/var/run/openvswitch/db.sock /etc/openvswitch/conf.db
        ovs-vsctl --no-wait init
        ovs-vswitchd --detach --no-chdir --pidfile -vconsole:off --log-file
        set +e

        """

    /// Runs `commands` and returns what they showed.
    static func run(_ commands: String) throws -> String {
        let directory = try makeTemporaryDirectory("martlet-mininet")
        let shell = Shell(
            directory: directory, environment: ["HOME=\(directory)", "LC_ALL=C", path], limit: 120
        )
        defer { _ = try? shell.run("rm -rf '\(directory)'") }
        try shell.check("mkdir bin")
        for name in names {
            symlink(martletPath(), directory + "/bin/" + name)
        }
        try writeFile(directory + "/script", prologue + commands + "\n")
        return try shell.run("PATH=\(directory)/bin:$PATH \(unshare) bash script").output
    }
}

extension Shell {
    /// Runs a command that has to succeed.
    func check(_ command: String) throws {
        let result = try run(command)
        try #require(result.status == 0, "\(command): \(result.output)")
    }
}
