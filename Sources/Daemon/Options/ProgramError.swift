import Glibc

/// Why a program gives up: a sentence for standard error, and an exit status.
public struct ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence, without the program's name; nil where everything has been said.
    public let message: String?
    public let status: Int32

    public init(_ message: String, status: Int32 = 1) {
        self.message = message
        self.status = status
    }

    /// An exit that needs no further word.
    public init(status: Int32) {
        message = nil
        self.status = status
    }

    public var description: String { message ?? "exit status \(status)" }
}

/// What every program does around its own work.
public enum Program {
    /// Runs `body`, and turns what it throws into a line on standard error and an exit status.
    public static func run(_ name: String, _ body: () throws -> Void) -> Int32 {
        do {
            try body()
            return 0
        } catch let error as ProgramError {
            if let message = error.message { printError("\(name): \(message)") }
            return error.status
        } catch let error as OptionError {
            printError("\(calledAs(name)): \(error)")
            return 1
        } catch {
            printError("\(name): \(error)")
            return 1
        }
    }

    /// The C library blames an option on the program as it was called, with its directory.
    private static func calledAs(_ name: String) -> String {
        let path = CommandLine.arguments.first ?? name
        return path.hasSuffix("/" + name) ? path : name
    }

    /// Writes a line to standard error.
    public static func printError(_ line: String) { writeAll(line + "\n", to: STDERR_FILENO) }

    /// Writes text to standard output as it is, at once.
    public static func printOutput(_ text: String) { writeAll(text, to: STDOUT_FILENO) }

    public static func printOutput(octets: [UInt8]) { writeAll(octets, to: STDOUT_FILENO) }

    private static func writeAll(_ text: String, to descriptor: CInt) {
        writeAll(Array(text.utf8), to: descriptor)
    }

    private static func writeAll(_ octets: [UInt8], to descriptor: CInt) {
        var written = 0
        while written < octets.count {
            let count = octets.withUnsafeBytes {
                write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0 && errno != EINTR { return }
            written += max(count, 0)
        }
    }
}
