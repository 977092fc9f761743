import Daemon
import Glibc

// One executable is every program: the name that it was called by says which.
let calledBy = CommandLine.arguments.first ?? "martlet"
let baseName = calledBy.split(separator: "/").last.map(String.init) ?? calledBy
let rest = Array(CommandLine.arguments.dropFirst())
exit(ProgramTable.lookup(baseName)?(rest) ?? MartletProgram.run(rest))
