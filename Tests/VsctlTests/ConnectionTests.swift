import Glibc
import TestSupport
import Testing

/// The ways in which `ovs-vsctl` comes to a server.
@Suite(.enabled(if: DatabasePair.isAvailable, "Open vSwitch is not installed"))
struct ConnectionTests {
    private let pair = DatabasePair()

    /// Tells the server of a side to connect to a socket.
    private func addRemote(_ remote: String, _ side: DatabasePair.Side) {
        let result = Subprocess.run([
            "ovs-appctl", "-t", "\(pair.place(side))/server.ctl", "ovsdb-server/add-remote", remote,
        ])
        #expect(result.status == 0, "\(result)")
    }

    @Test(arguments: DatabasePair.Side.allCases)
    func `a server is waited for where the method says to listen`(side: DatabasePair.Side) {
        let socket = "\(pair.place(side))/peer.sock"
        addRemote("unix:\(socket)", side)
        let result = pair.run(
            side, ["--no-wait", "--timeout=60", "--db=punix:\(socket)", "add-br", "br0"])
        #expect(result == Shown(status: 0, output: "", error: ""))
        #expect(access(socket, F_OK) != 0)
        #expect(pair.run(side, ["list-br"]).output == "br0\n")
    }

    @Test(arguments: [
        "unix:nope", "unix:nope,unix:db.sock", "unix:db.sock,unix:nope", "foo:x", "foo", "",
        "tcp:127.0.0.1:1",
    ])
    func `servers are found, or missed with the same sentence`(method: String) {
        let results = DatabasePair.Side.allCases.map {
            pair.run($0, ["--no-wait", "--db=\(method)", "list-br"])
        }
        #expect(results[0] == results[1])
    }

    @Test func `a socket that cannot be listened on is tried until the time is over`() {
        let result = pair.run(.martlet, ["--timeout=1", "--db=punix:/nonexistent/x", "list-br"])
        #expect(result.status == 128 + SIGALRM)
        #expect(result.error.contains("/nonexistent/x: binding failed: No such file or directory"))
    }
}
