/// What the kernel's verifier did not like about a program, in terms of the program.
public struct Rejection: Error, Hashable, Sendable {
    public let program: String
    /// The part of the program, if the log names an instruction.
    public let part: String?
    /// The last instruction that the verifier looked at, with its text.
    public let instruction: Int?
    public let text: String?
    /// The verifier's own words.
    public let reason: String

    /// - Parameter log: what `BPF_PROG_LOAD` wrote, however much of it.
    public init(_ program: Program, log: String) {
        self.program = program.name
        var last: Int?
        var reason = ""
        for line in log.split(separator: "\n") {
            if let number = Self.number(of: line) {
                last = number
            } else if Self.isComplaint(line) {
                reason = String(line)
            }
        }
        self.reason = reason.isEmpty ? "no reason given" : reason
        instruction = last
        part = last.flatMap { program.part(at: $0) }
        text = last.flatMap { index in
            guard program.instructions.indices.contains(index) else { return nil }
            let map = program.maps.first { $0.index == index }?.map
            return Disassembler.text(of: program.instructions[index], map: map)
        }
    }

    /// The number in front of a line such as `12: (61) r2 = *(u32 *)(r1 +76)`.
    private static func number(of line: Substring) -> Int? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let rest = line[line.index(after: colon)...]
        guard rest.hasPrefix(" (") else { return nil }
        return Int(line[..<colon])
    }

    /// Whether a line is no state, no statistic and no remark on the way.
    private static func isComplaint(_ line: Substring) -> Bool {
        guard let first = line.first, !first.isNumber, first != ";", first != " " else {
            return false
        }
        let remarks = [
            "processed ", "verification time", "stack depth", "from ", "last_idx", "regs=",
            "parent ", "mark_precise", "func#",
        ]
        return !remarks.contains { line.hasPrefix($0) }
    }
}

extension Rejection: CustomStringConvertible {
    public var description: String {
        var words = "the kernel refuses the program \(program)"
        if let part { words += ", part \(part)" }
        if let instruction { words += ", instruction \(instruction)" }
        if let text { words += " (\(text))" }
        return "\(words): \(reason)"
    }
}
