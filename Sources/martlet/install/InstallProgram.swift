import Daemon
import Glibc

/// `martlet install`: links by which this executable is called as the programs that it can be.
enum InstallProgram {
    static let usage = """
        martlet install: make links for the programs of Open vSwitch
        usage: martlet install --prefix DIR

        Makes a link below DIR/bin or DIR/sbin for each program, in place of an
        older link of that name. A file that is no link stays and is an error.

        """

    static func run(_ arguments: [String]) -> Int32 {
        Program.run("martlet install") {
            var prefix: String?
            var parser = OptionParser(
                arguments,
                options: [CommandOption("prefix", "p", .required), CommandOption("help", "h")])
            while let option = try parser.nextOption() {
                switch option.name {
                case "help":
                    Program.printOutput(usage)
                    return
                default:
                    prefix = option.value
                }
            }
            guard parser.operands.isEmpty, let prefix, !prefix.isEmpty else {
                throw ProgramError("--prefix DIR is required (use --help for help)")
            }
            try install(below: prefix)
        }
    }

    private static func install(below prefix: String) throws {
        guard let executable = realpath("/proc/self/exe", nil) else {
            throw failure("/proc/self/exe", "readlink")
        }
        defer { free(executable) }
        for entry in ProgramTable.linked {
            let directory = prefix + "/" + entry.directory
            try makeDirectories(directory)
            let path = directory + "/" + entry.name
            var status = stat()
            if lstat(path, &status) == 0 {
                guard status.st_mode & S_IFMT == S_IFLNK else {
                    throw ProgramError("\(path): exists and is not a link")
                }
                unlink(path)
            }
            guard symlink(executable, path) == 0 else { throw failure(path, "link") }
            Program.printOutput(path + "\n")
        }
    }

    private static func makeDirectories(_ path: String) throws {
        var partial = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            partial += "/" + component
            guard mkdir(partial, 0o755) == 0 || errno == EEXIST else {
                throw failure(partial, "create directory")
            }
        }
    }

    private static func failure(_ path: String, _ call: String) -> ProgramError {
        ProgramError("\(path): \(call) failed (\(String(cString: strerror(errno))))")
    }
}
