import Daemon
import Glibc

/// `martlet install`: links by which this executable is called as the programs that it can be.
enum InstallProgram {
    static let usage = """
        martlet install: make links for the programs of Open vSwitch
        usage: martlet install --prefix DIR

        Makes a link below DIR/bin or DIR/sbin for each program, in place of an
        older link of that name. A file that is no link stays and is an error.
        Files for bash to complete command lines by go to
        DIR/share/bash-completion/completions.

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
        try installCompletions(below: prefix)
    }

    private static func installCompletions(below prefix: String) throws {
        let directory = prefix + "/" + BashCompletion.directory
        try makeDirectories(directory)
        for file in BashCompletion.files {
            let path = directory + "/" + file.program
            guard try mayReplace(path) else {
                throw ProgramError("\(path): exists and was not written by martlet")
            }
            guard let stream = fopen(path, "we") else { throw failure(path, "open") }
            let isWritten = fputs(file.text, stream) >= 0
            guard fclose(stream) == 0, isWritten else { throw failure(path, "write") }
            Program.printOutput(path + "\n")
        }
    }

    /// Whether a file is missing, or begins as those do that are written here.
    private static func mayReplace(_ path: String) throws -> Bool {
        guard let stream = fopen(path, "re") else {
            guard errno == ENOENT else { throw failure(path, "open") }
            return true
        }
        defer { fclose(stream) }
        let mark = Array(BashCompletion.mark.utf8)
        var octets = [UInt8](repeating: 0, count: mark.count)
        return fread(&octets, 1, mark.count, stream) == mark.count && octets == mark
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
