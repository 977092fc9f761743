import Daemon

/// `martlet` called by its own name.
enum MartletProgram {
    static func run(_ arguments: [String]) -> Int32 {
        guard let first = arguments.first else {
            Program.printError("martlet: a program or verb is required (use help for help)")
            return 1
        }
        let rest = Array(arguments.dropFirst())
        switch first {
        case "--help", "-h": return help(rest)
        case "--version", "-V": return version(rest)
        default: break
        }
        if let body = ProgramTable.lookup(first) { return body(rest) }
        if let verb = ProgramTable.verbs.first(where: { $0.name == first }) {
            return verb.run(rest)
        }
        Program.printError(
            "martlet: \"\(first)\" is not a program or verb (use help for a list)")
        return 1
    }

    static func version(_ arguments: [String]) -> Int32 {
        Program.printOutput(ProgramVersion.text(for: "martlet"))
        return 0
    }

    static func help(_ arguments: [String]) -> Int32 {
        var text = """
            martlet: a software-defined network in one program
            usage: martlet VERB|PROGRAM [ARG...]
               or: PROGRAM [ARG...], through a link of that name

            Verbs:

            """
        for verb in ProgramTable.verbs {
            text += "  " + padded(verb.name) + verb.summary + "\n"
        }
        text += "\nPrograms:\n"
        for entry in ProgramTable.linked { text += "  \(entry.name)\n" }
        Program.printOutput(text)
        return 0
    }

    private static func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(1, 12 - name.count))
    }
}
