/// Instructions as text, as the kernel's verifier prints them: for tests and for operators.
public enum Disassembler {
    /// One line for each instruction, with its number; parts have lines of their own.
    public static func text(of program: Program) -> String {
        var text = ""
        var index = 0
        let maps = Dictionary(
            program.maps.map { ($0.index, $0.map) }, uniquingKeysWith: { first, _ in first })
        while index < program.instructions.count {
            for part in program.parts where part.start == index { text += "\(part.name):\n" }
            let instruction = program.instructions[index]
            let next =
                instruction.isWide && index + 1 < program.instructions.count
                ? program.instructions[index + 1] : nil
            let words = Self.text(of: instruction, next, map: maps[index])
            text += "\(index): \(words)\n"
            index += instruction.isWide ? 2 : 1
        }
        return text
    }

    /// - Parameters:
    ///   - next: the instruction behind, which holds the upper half of a wide constant.
    ///   - map: the name of the map that the constant stands for.
    public static func text(
        of instruction: Instruction, _ next: Instruction? = nil, map: String? = nil
    ) -> String {
        switch instruction.instructionClass {
        case 0: wide(instruction, next, map)
        case 1: "\(target(instruction)) = \(memory(instruction, instruction.source))"
        case 2: "\(memory(instruction, instruction.destination)) = \(instruction.constant)"
        case 3: store(instruction)
        case 4: arithmetic(instruction, "w")
        case 7: arithmetic(instruction, "r")
        case 5: jump(instruction)
        default: "unknown \(instruction.code)"
        }
    }

    private static func target(_ instruction: Instruction) -> String {
        "r\(instruction.destination)"
    }

    private static func wide(
        _ instruction: Instruction, _ next: Instruction?, _ map: String?
    ) -> String {
        let high = UInt32(bitPattern: next?.constant ?? 0)
        if let map {
            let place = instruction.source == 2 ? "value of \(map) +\(high)" : "map \(map)"
            return "\(target(instruction)) = \(place)"
        }
        let value = UInt64(high) << 32 | UInt64(UInt32(bitPattern: instruction.constant))
        return "\(target(instruction)) = 0x\(String(value, radix: 16)) ll"
    }

    /// `*(u32 *)(r1 +4)`.
    private static func memory(_ instruction: Instruction, _ base: UInt8) -> String {
        let bits = (Width(rawValue: instruction.code & 0x18) ?? .word).byteCount * 8
        let offset = instruction.offset
        return "*(u\(bits) *)(r\(base) \(offset < 0 ? "" : "+")\(offset))"
    }

    private static func store(_ instruction: Instruction) -> String {
        let place = memory(instruction, instruction.destination)
        return instruction.code & 0xe0 == 0xc0
            ? "lock \(place) += r\(instruction.source)" : "\(place) = r\(instruction.source)"
    }

    private static func arithmetic(_ instruction: Instruction, _ letter: String) -> String {
        let target = "\(letter)\(instruction.destination)"
        if instruction.code & 0xf0 == 0xd0 {
            let order = instruction.code & 8 == 0 ? "le" : "be"
            return "r\(instruction.destination) = \(order)\(instruction.constant) "
                + "r\(instruction.destination)"
        }
        let operand =
            instruction.code & 8 == 0
            ? "\(instruction.constant)" : "\(letter)\(instruction.source)"
        guard let operation = Arithmetic(rawValue: instruction.code & 0xf0) else {
            return "unknown \(instruction.code)"
        }
        return operation == .negate
            ? "\(target) = -\(target)" : "\(target) \(operation.symbol) \(operand)"
    }

    private static func jump(_ instruction: Instruction) -> String {
        if instruction.code == 0x95 { return "exit" }
        if instruction.code == 0x85 {
            let helper = Helper.all.first { $0.number == instruction.constant }
            return "call \(helper?.name ?? "unknown")#\(instruction.constant)"
        }
        let distance = "goto pc\(instruction.offset < 0 ? "" : "+")\(instruction.offset)"
        guard let condition = Condition(rawValue: instruction.code & 0xf0) else {
            return "unknown \(instruction.code)"
        }
        if condition == .always { return distance }
        let right =
            instruction.code & 8 == 0 ? "\(instruction.constant)" : "r\(instruction.source)"
        return "if \(target(instruction)) \(condition.symbol) \(right) \(distance)"
    }
}

extension Arithmetic {
    fileprivate var symbol: String {
        switch self {
        case .add: "+="
        case .subtract: "-="
        case .multiply: "*="
        case .divide: "/="
        case .or: "|="
        case .and: "&="
        case .shiftLeft: "<<="
        case .shiftRight: ">>="
        case .negate: "=-"
        case .remainder: "%="
        case .xor: "^="
        case .move: "="
        case .shiftRightArithmetic: "s>>="
        }
    }
}

extension Condition {
    fileprivate var symbol: String {
        switch self {
        case .always: ""
        case .equal: "=="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .anyBit: "&"
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        }
    }
}
