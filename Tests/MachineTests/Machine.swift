import Glibc
import TestSupport
import Testing

/// Runs commands in namespaces where Martlet's daemons listen at the usual places.
enum Machine {
    /// Whether the named programs are in the usual directories.
    static func has(_ programs: String...) -> Bool {
        programs.allSatisfy { program in
            ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"].contains {
                access($0 + program, X_OK) == 0
            }
        }
    }

    static var isAllowed: Bool {
        let shell = Shell(directory: "/", environment: [path])
        return geteuid() == 0 && (try? shell.check("\(unshare) true")) != nil
    }

    static var isMartletBuilt: Bool {
        access(martletPath(), X_OK) == 0
    }

    /// Two hosts in namespaces h1 and h2, each with a device p1 or p2 for a switch; and for tests
    /// the shell functions `host NAMESPACE DEVICE ADDRESS` and `reaches NAMESPACE ADDRESS`, which
    /// prints whether it does.
    static let twoHosts = """
        host() {
            ip netns add $1
            ip link add $2 type veth peer name eth0 netns $1
            ip link set $2 up
            ip -n $1 link set eth0 up
            ip -n $1 address add $3/24 dev eth0
        }
        reaches() {
            for i in $(seq 50); do
                ip netns exec $1 ping -q -c 1 -W 1 $2 > /dev/null && echo "$1 reaches $2" && return
                sleep 0.1
            done
            echo "$1 does not reach $2"
        }
        host h1 p1 10.0.0.1
        host h2 p2 10.0.0.2

        """

    /// Shell functions for hosts that have an address on an open network, and servers:
    /// `station NAMESPACE ADDRESS` makes one behind the device of its name, `serve NAMESPACE PORT`
    /// a web server, whose log is the file NAMESPACE.PORT, `listens NAMESPACE PORT` waits for one,
    /// and `get NAMESPACE ADDRESS PORT [OPTIONS]` prints whether `curl` reaches it.
    static let services = """
        station() {
            ip netns add $1
            ip link add $1 type veth peer name eth0 netns $1
            ip link set $1 up
            ip -n $1 link set lo up
            ip -n $1 link set eth0 up
            ip -n $1 address add $2/32 dev eth0
            ip -n $1 route add default dev eth0
        }
        listens() {
            for i in $(seq 300); do
                ip netns exec $1 ss -Hltn sport = :$2 | grep -q . && return
                sleep 0.1
            done
            echo "$1 does not listen at $2"
        }
        serve() {
            mkdir -p web
            ip netns exec $1 python3 -m http.server -d web $2 > $1.$2 2>&1 &
            listens $1 $2
        }
        get() {
            local host=$1 place=$2:$3
            shift 3
            if ip netns exec $host curl -s -o /dev/null --connect-timeout 2 -m 20 "$@" $place; then
                echo "$host $place yes"
            else
                echo "$host $place no"
            fi
        }

        """

    /// Whether Python has a server of FTP.
    static var hasFTPServer: Bool {
        let shell = Shell(directory: "/", environment: [path])
        return (try? shell.check("python3 -W ignore -c 'import pyftpdlib'")) != nil
    }

    private static let path =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private static let unshare = "unshare --net --mount --pid --fork --mount-proc --kill-child"

    private static let names = [
        "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovs-dpctl",
    ]

    /// What makes the namespaces a machine of its own on which the daemons run.
    ///
    /// `/tmp` is one of its own too, where only this directory and the package's are seen: `mn -c`
    /// removes every log that it finds there.
    private static let prologue = """
        set -e
        here=$PWD
        export MARTLET_BINARY=$here/martlet
        mkdir tmp
        mount -t tmpfs none tmp
        seen=tmp/${here#/tmp/}
        mkdir -p $seen
        mount --bind . $seen
        touch $seen/martlet
        mount --bind $1 $seen/martlet
        case $2 in
        /tmp/*)
            mkdir -p tmp/${2#/tmp/}
            mount --bind $2 tmp/${2#/tmp/}
            ;;
        esac
        mount --move tmp /tmp
        cd $here
        for directory in /run/openvswitch /etc/openvswitch /var/log/openvswitch /run/netns; do
            mkdir -p $directory
            mount -t tmpfs none $directory
        done
        ip link set lo up

        """

    private static let startDaemons = """
        ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
        ovsdb-server --detach --no-chdir --pidfile -vconsole:off --log-file \
            --remote=punix:/var/run/openvswitch/db.sock /etc/openvswitch/conf.db
        ovs-vsctl --no-wait init
        ovs-vswitchd --detach --no-chdir --pidfile -vconsole:off --log-file

        """

    /// Runs `commands` and returns what they showed; without `daemons`, on an empty machine.
    static func run(_ commands: String, daemons: Bool = true) throws -> String {
        let directory = try makeTemporaryDirectory("martlet-mininet")
        let shell = Shell(
            directory: directory, environment: ["HOME=\(directory)", "LC_ALL=C", path], limit: 600
        )
        defer { _ = try? shell.run("rm -rf '\(directory)'") }
        try shell.check("mkdir bin")
        for name in names {
            symlink(directory + "/martlet", directory + "/bin/" + name)
        }
        let start = prologue + (daemons ? startDaemons : "") + "set +e\n"
        try writeFile(directory + "/script", start + commands + "\n")
        let arguments = "'\(martletPath())' '\(packageRoot())'"
        return try shell.run("PATH=\(directory)/bin:$PATH \(unshare) bash script \(arguments)")
            .output
    }
}

extension Shell {
    /// Runs a command that has to succeed.
    func check(_ command: String) throws {
        let result = try run(command)
        try #require(result.status == 0, "\(command): \(result.output)")
    }
}
