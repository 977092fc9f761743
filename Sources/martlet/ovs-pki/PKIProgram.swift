import Daemon
import Transport

/// `ovs-pki`: keys and certificates for switches and controllers (ovs-pki(8)).
enum PKIProgram {
    static let name = "ovs-pki"
    /// Shorter keys are refused.
    private static let minimumBitCount = 1024

    private static let options = [
        CommandOption("help", "h"), CommandOption("version", "V"),
        CommandOption("key", "k", .required), CommandOption("bits", "B", .required),
        CommandOption("dsaparam", "D", .required), CommandOption("batch", "b"),
        CommandOption("dir", "d", .required), CommandOption("force", "f"),
        CommandOption("log", "l", .required), CommandOption("unique", "u"),
    ]

    /// The program as it was called, which is what its messages begin with.
    private static var calledAs: String {
        let path = CommandLine.arguments.first ?? name
        return path.hasSuffix("/" + name) ? path : name
    }

    static func run(_ arguments: [String]) -> Int32 {
        do {
            try execute(arguments)
            return 0
        } catch let error as ProgramError {
            if let message = error.message { Program.printError("\(calledAs): \(message)") }
            return error.status
        } catch {
            Program.printError(blame("\(error)"))
            return 1
        }
    }

    /// What the genuine script says where the C library complains of an option.
    private static func blame(_ complaint: String) -> String {
        let plain = complaint.filter { $0 != "'" }
        if plain.hasPrefix("invalid option") {
            return "unrecognized option -" + plain.suffix(1)
        }
        guard plain.contains("requires an argument") else { return plain }
        let words = plain.split(separator: " ").map { $0.drop { $0 == "-" } }
        let option = options.first { option in
            words.contains { $0 == option.name || $0 == option.letter.map { "\($0)" } ?? "" }
        }
        let variables = ["key": "keytype", "dir": "pkidir"]
        let name = option?.name ?? ""
        return ": error: missing argument to --\(variables[name] ?? name)"
    }

    private static func execute(_ arguments: [String]) throws {
        var keys = KeyInfrastructure()
        var logPath = InstallDirectories.current.log + "/ovs-pki.log"
        var parser = OptionParser(arguments, options: options)
        while let option = try parser.nextOption() {
            let value = option.value ?? ""
            switch option.name {
            case "help": return Program.printOutput(help)
            case "version": return Program.printOutput(ProgramVersion.text(for: name))
            case "key":
                guard ["rsa", "dsa"].contains(value) else {
                    throw ProgramError("argument to -k or --key must be rsa or dsa")
                }
                keys.usesDSA = value == "dsa"
            case "bits":
                guard let count = Int(value), count >= minimumBitCount else {
                    throw ProgramError(
                        "argument to -B or --bits must be at least \(minimumBitCount)")
                }
                keys.bitCount = count
            case "dsaparam": keys.parametersPath = value
            case "batch": keys.asksNothing = true
            case "dir": keys.directory = value
            case "force": keys.isForced = true
            case "log": logPath = value
            default: keys.isUnique = true
            }
        }
        keys.openSSL = OpenSSLProgram(logPath: logPath)
        try execute(parser.operands, keys)
    }

    private static func execute(_ operands: [String], _ keys: KeyInfrastructure) throws {
        guard let command = operands.first else {
            throw ProgramError("missing command name; use --help for help")
        }
        let arguments = Array(operands.dropFirst())
        switch command {
        case "init":
            guard arguments.isEmpty else {
                throw ProgramError("init takes no arguments; use --help for help")
            }
            try keys.initialize()
        case "req":
            try keys.request(try single(arguments, command))
            try keys.printFingerprint(of: arguments[0] + "-req.pem")
        case "fingerprint": try keys.printFingerprint(of: try single(arguments, command))
        case "self-sign": try keys.selfSign(try single(arguments, command))
        case "sign": try keys.sign(try named(arguments, command), try kind(arguments))
        case "req+sign":
            try keys.requestAndSign(try named(arguments, command), try kind(arguments))
        case "verify": try keys.verify(try named(arguments, command), try kind(arguments))
        default: throw ProgramError("\(command) command unknown; use --help for help")
        }
    }

    private static func single(_ arguments: [String], _ command: String) throws -> String {
        guard arguments.count == 1 else {
            throw ProgramError("\(command) must have exactly one argument; use --help for help")
        }
        return arguments[0]
    }

    private static func named(_ arguments: [String], _ command: String) throws -> String {
        guard (1...2).contains(arguments.count) else {
            throw ProgramError("\(command) must have one or two arguments; use --help for help")
        }
        return arguments[0]
    }

    private static func kind(_ arguments: [String]) throws -> KeyInfrastructure.Kind {
        guard arguments.count > 1 else { return .switch }
        guard let kind = KeyInfrastructure.Kind(rawValue: arguments[1]) else {
            throw ProgramError("type argument must be 'switch' or 'controller'")
        }
        return kind
    }

    private static var help: String {
        """
        ovs-pki, for managing a simple public key infrastructure
        usage: \(calledAs) [OPTION...] COMMAND [ARG...]

        Commands:
          init                 make the authorities, controllerca and switchca
          req NAME             make NAME-privkey.pem and NAME-req.pem
          sign NAME [TYPE]     sign NAME-req.pem, which makes NAME-cert.pem
          req+sign NAME [TYPE] both
          verify NAME [TYPE]   check that NAME-cert.pem is a certificate of TYPE
          fingerprint FILE     print the fingerprint of FILE
          self-sign NAME       sign NAME-req.pem with NAME-privkey.pem
        TYPE is 'switch' (default) or 'controller'.

        Options for 'init', 'req' and 'req+sign':
          -k, --key=rsa|dsa    type of keys (default: rsa)
          -B, --bits=NBITS     bits in keys (default: 2048); for DSA with 'init' only
          -D, --dsaparam=FILE  parameters of DSA (default: dsaparam.pem in the directory)
        Options for 'sign':
          -b, --batch          do not ask whether the fingerprint matches
        Options for all:
          -d, --dir=DIR        where the authorities are
                               (default: \(KeyInfrastructure().directory))
          -f, --force          write over files that exist
          -l, --log=FILE       where the output of openssl goes
          -u, --unique         NAME is unique: nothing is added to it
          -h, --help           print this help
          -V, --version        print the version

        """
    }
}
