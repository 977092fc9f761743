import Glibc
import TestSupport
import Testing

/// `--user`, as the genuine server takes it.
@Suite(
    .enabled(if: geteuid() == 0, "only root can become another user"),
    .enabled(if: Subprocess.find("ovsdb-server") != nil, "ovsdb-server is not installed"))
struct ServiceUserTests {
    private let directory = TemporaryDirectory()

    /// What both servers say, and who they are while a command runs.
    private func answers(_ user: String) -> [ProgramResult] {
        symlink(Subprocess.built("martlet"), directory("ovsdb-server"))
        let command = "id; grep -E 'Cap(Prm|Eff|Bnd)' /proc/$PPID/status"
        return [Subprocess.find("ovsdb-server") ?? "", directory("ovsdb-server")].map { program in
            Subprocess.run(
                [program, "--user=\(user)", "--no-dbs", "--unixctl=none", "--run=\(command)"])
        }
    }

    @Test(arguments: ["nobody", "nobody:", "nobody:nogroup", "root", ":root"])
    func `a daemon becomes the user and keeps few capabilities`(user: String) {
        let answers = answers(user)
        #expect(answers[1].status == 0, "\(answers[1].error)")
        #expect(answers[0].output == answers[1].output)
    }

    @Test(arguments: ["nosuchuser", "nobody:nosuchgroup", "nobody:root", ":nogroup"])
    func `a wrong user is refused`(user: String) {
        let answers = answers(user)
        #expect(answers[1].status == answers[0].status)
        let name = directory("ovsdb-server")
        let sentences = [answers[0].error, answers[1].error].map { $0.drop { $0 != ":" } }
        #expect(sentences[0] == sentences[1], "\(name)")
    }
}
