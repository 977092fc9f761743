import Glibc
import TestSupport
import Testing

/// The programs as operators call them, by links that `martlet install` makes.
@Suite struct ProgramTests {
    let directory = TemporaryDirectory()

    var environment: [String: String] {
        [
            "OVS_RUNDIR": directory.path, "OVS_LOGDIR": directory.path,
            "OVS_DBDIR": directory.path, "OVS_SYSCONFDIR": directory.path,
        ]
    }

    /// Runs one of our programs through its link.
    func run(_ words: String...) -> ProgramResult { run(words) }

    func run(_ words: [String]) -> ProgramResult {
        let martlet = Subprocess.built("martlet")
        if !directory.contains("ours") {
            let result = Subprocess.run([martlet, "install", "--prefix", directory("ours")])
            #expect(result.status == 0, "\(result.error)")
        }
        let name = words[0]
        let path = ["bin", "sbin"].map { directory("ours/\($0)/\(name)") }
            .first { access($0, X_OK) == 0 }
        return Subprocess.run([path ?? martlet] + words.dropFirst(), environment: environment)
    }

    @Test func `the executable knows its verbs and refuses others`() {
        let martlet = Subprocess.built("martlet")
        #expect(Subprocess.run([martlet, "version"]).output.hasPrefix("martlet (Open vSwitch)"))
        #expect(Subprocess.run([martlet, "help"]).output.contains("ovs-appctl"))
        let wrong = Subprocess.run([martlet, "foo"])
        #expect(wrong.status == 1)
        #expect(
            wrong.error == "martlet: \"foo\" is not a program or verb (use help for a list)\n")
        #expect(Subprocess.run([martlet, "ovs-appctl", "--help"]).status == 0)
    }

    @Test func `install replaces links and leaves files alone`() {
        #expect(run("ovs-appctl", "--version").output.contains("ovs-appctl (Open vSwitch) 3.1.0"))
        let again = ["install", "--prefix", directory("ours")]
        #expect(Subprocess.run([Subprocess.built("martlet")] + again).status == 0)
        unlink(directory("ours/bin/ovs-appctl"))
        directory.write("precious", to: "ours/bin/ovs-appctl")
        let result = Subprocess.run([Subprocess.built("martlet")] + again)
        #expect(result.status == 1)
        #expect(result.error.hasSuffix("exists and is not a link\n"))
        #expect(directory.contents(of: "ours/bin/ovs-appctl") == "precious")
    }

    @Test(arguments: [
        [], ["-t"], ["-T", "0", "a"], ["-T", "x", "a"], ["--t", "3", "a"], ["--foo"], ["-Z"],
        ["--version=3"], ["-o"], ["-vfoo", "a"], ["-t", "/nonexistent/socket", "version"],
    ])
    func `ovs-appctl fails as the genuine one`(arguments: [String]) {
        guard let genuine = Subprocess.find("ovs-appctl") else {
            print("skipped: ovs-appctl is not installed")
            return
        }
        let theirs = Subprocess.run([genuine] + arguments, environment: environment)
        _ = run("ovs-appctl", "--help")
        let ours = Subprocess.run(
            [directory("ours/bin/ovs-appctl")] + arguments, environment: environment)
        #expect(ours.status == theirs.status)
        #expect(ours.output == theirs.output)
        #expect(plain(ours.error) == plain(theirs.error))
    }

    @Test func `ovs-appctl drives a genuine daemon`() throws {
        guard let server = Subprocess.find("ovsdb-server"),
            let tool = Subprocess.find("ovsdb-tool")
        else {
            print("skipped: ovsdb-server is not installed")
            return
        }
        let schema = "/usr/share/openvswitch/vswitch.ovsschema"
        let database = directory("conf.db")
        try #require(Subprocess.run([tool, "create", database, schema]).status == 0)
        let started = Subprocess.run(
            [server, "--detach", "--no-chdir", "--pidfile", "--log-file", database],
            environment: environment)
        try #require(started.status == 0, "\(started.error)")
        let version = run("ovs-appctl", "-t", "ovsdb-server", "version")
        #expect(version.output == "ovsdb-server (Open vSwitch) 3.1.0\n")
        let wrong = run("ovs-appctl", "-t", "ovsdb-server", "foo")
        #expect(wrong.status == 2)
        #expect(wrong.error.hasSuffix("ovs-appctl: ovsdb-server: server returned an error\n"))
        #expect(run("ovs-appctl", "-t", "ovsdb-server", "exit").status == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `ovs-vswitchd detaches once it serves and ends when told`() throws {
        guard let server = Subprocess.find("ovsdb-server"),
            let tool = Subprocess.find("ovsdb-tool")
        else {
            print("skipped: ovsdb-server is not installed")
            return
        }
        let schema = "/usr/share/openvswitch/vswitch.ovsschema"
        let database = directory("conf.db")
        try #require(Subprocess.run([tool, "create", database, schema]).status == 0)
        let started = Subprocess.run(
            [
                server, "--detach", "--no-chdir", "--pidfile", "--remote=punix:db.sock", database,
            ], environment: environment)
        try #require(started.status == 0, "\(started.error)")
        defer { _ = run("ovs-appctl", "-t", "ovsdb-server", "exit") }

        let options = ["--detach", "--pidfile", "--log-file", "--enable-dummy=override"]
        let serving = run(["ovs-vswitchd"] + options)
        try #require(serving.status == 0, "\(serving.error)")
        let second = run("ovs-vswitchd", "--pidfile", "--detach")
        #expect(second.status == 1)
        #expect(second.error.contains("ovs-vswitchd.pid: already running as pid "))
        #expect(run("ovs-appctl", "version").output == "ovs-vswitchd (Open vSwitch) 3.1.0\n")
        #expect(run("ovs-appctl", "vlog/list").output.contains("bridge             OFF "))
        let log = try #require(directory.contents(of: "ovs-vswitchd.log"))
        #expect(log.contains("|00001|vlog|INFO|opened log file \(directory("ovs-vswitchd.log"))"))

        let pid = try #require(directory.contents(of: "ovs-vswitchd.pid")).dropLast()
        #expect(run("ovs-appctl", "exit").status == 0)
        // The answer comes before the end, and the end unlinks this file last or nearly so.
        while directory.contains("ovs-vswitchd.pid") { sched_yield() }
        #expect(!directory.contains("ovs-vswitchd.\(pid).ctl"))
    }

    @Test(arguments: [
        (["--unixctl=/no/x"], "/no/x: could not initialize control socket "),
        (["--pidfile=/no/x"], "/no/x.tmp: create failed (No such file or directory)"),
        (["foo:bar"], "foo:bar: Address family not supported by protocol"),
        (["--dpdk"], "Using --dpdk to configure DPDK is not supported."),
        (["a", "b"], "at most one non-option argument accepted; use --help for usage"),
        (["-vbridge:xx"], "processing \"bridge:xx\": no destination, level, or module \"xx\""),
    ])
    func `a daemon that cannot start says why, detached too`(options: [String], text: String) {
        for detach in [[], ["--detach"]] {
            let result = run(["ovs-vswitchd"] + detach + options)
            #expect(result.status == 1)
            #expect(result.error.contains("ovs-vswitchd: " + text), "\(result.error)")
        }
    }

    /// Without the time, and without the directories that programs are called in.
    private func plain(_ text: String) -> String {
        text.replacing(#/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#, with: "TIME")
            .replacing(#/^\/\S*\/ovs-appctl:/#, with: "ovs-appctl:")
    }
}
