/// The programs that this executable can be.
enum ProgramTable {
    /// Takes the command line behind the program's name, and returns the exit status.
    typealias Body = ([String]) -> Int32

    /// A program and the directory below the prefix where its link goes.
    struct Entry {
        let name: String
        let directory: String
        let run: Body
    }

    /// Programs called by a link of their own name.
    static var linked: [Entry] {
        [
            Entry(name: "ovs-appctl", directory: "bin", run: AppctlProgram.run),
            Entry(name: "ovs-dpctl", directory: "bin", run: DpctlProgram.run),
            Entry(name: "ovs-vsctl", directory: "bin", run: VsctlProgram.run),
            Entry(name: "ovsdb-client", directory: "bin", run: OVSDBClientProgram.run),
            Entry(name: "ovs-ofctl", directory: "bin", run: OfctlProgram.run),
            Entry(name: "ovsdb-tool", directory: "bin", run: OVSDBToolProgram.run),
            Entry(name: "ovs-pki", directory: "bin", run: PKIProgram.run),
            Entry(name: "ovs-testcontroller", directory: "bin", run: TestControllerProgram.run),
            Entry(name: "ovs-vswitchd", directory: "sbin", run: VswitchdProgram.run),
            Entry(name: "ovsdb-server", directory: "sbin", run: OvsdbServerProgram.run),
        ]
    }

    /// Verbs of `martlet` itself.
    static var verbs: [(name: String, summary: String, run: Body)] {
        [
            ("run", "run database and switch in one process", RunProgram.run),
            ("install", "make links for the programs of Open vSwitch", InstallProgram.run),
            ("version", "print the version", MartletProgram.version),
            ("help", "print this help", MartletProgram.help),
        ]
    }

    /// The program of that name.
    static func lookup(_ name: String) -> Body? {
        linked.first { $0.name == name }?.run
    }
}
