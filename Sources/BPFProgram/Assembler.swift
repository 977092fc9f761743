/// Puts a program together, instruction by instruction.
///
/// Jumps name labels, which may be placed before or after; maps have names. ``Assembler/part(_:)``
/// names what follows, so that a complaint of the kernel's verifier can say which part it is about.
public struct Assembler {
    /// A place in the program.
    public struct Label: Hashable, Sendable { fileprivate let number: Int }

    private var instructions: [Instruction] = []
    private var places: [Int?] = []
    private var jumps: [(index: Int, label: Label)] = []
    private var maps: [Program.MapReference] = []
    private var parts: [Program.Part] = []

    public init() {}

    /// How many instructions there are.
    public var count: Int { instructions.count }

    public mutating func append(_ instruction: Instruction) { instructions.append(instruction) }

    /// A label to place later.
    public mutating func makeLabel() -> Label {
        places.append(nil)
        return Label(number: places.count - 1)
    }

    /// Has a label stand for the next instruction.
    public mutating func place(_ label: Label) { places[label.number] = instructions.count }

    /// Names what follows.
    public mutating func part(_ name: String) {
        parts.append(Program.Part(start: instructions.count, name: name))
    }

    /// The program, with its jumps' distances.
    public func assemble(_ name: String) throws(AssemblyError) -> Program {
        var finished = instructions
        for (index, label) in jumps {
            guard let place = places[label.number] else {
                throw .labelNotPlaced(instruction: index)
            }
            guard let distance = Int16(exactly: place - index - 1) else {
                throw .jumpTooFar(instruction: index)
            }
            let old = finished[index]
            finished[index] = Instruction(
                code: old.code, destination: old.destination, source: old.source,
                offset: distance, constant: old.constant)
        }
        return Program(name: name, instructions: finished, maps: maps, parts: parts)
    }

    // MARK: Arithmetic, with 64 bits

    public mutating func move(_ destination: Register, _ source: Register) {
        append(Instruction(0xbf, destination, source))
    }

    /// The constant is extended with its sign.
    public mutating func move(_ destination: Register, _ constant: Int32) {
        append(Instruction(0xb7, destination, constant: constant))
    }

    /// A constant of 64 bits, which takes the room of two instructions.
    public mutating func moveWide(_ destination: Register, _ constant: UInt64) {
        append(
            Instruction(
                Instruction.wideCode, destination, constant: Int32(truncatingIfNeeded: constant)))
        append(Instruction(0, constant: Int32(truncatingIfNeeded: constant >> 32)))
    }

    public mutating func calculate(
        _ operation: Arithmetic, _ destination: Register, _ source: Register
    ) {
        append(Instruction(0x0f | operation.rawValue, destination, source))
    }

    public mutating func calculate(
        _ operation: Arithmetic, _ destination: Register, _ constant: Int32
    ) {
        append(Instruction(0x07 | operation.rawValue, destination, constant: constant))
    }

    /// With the low 32 bits; the others become zero.
    public mutating func calculate32(
        _ operation: Arithmetic, _ destination: Register, _ source: Register
    ) {
        append(Instruction(0x0c | operation.rawValue, destination, source))
    }

    public mutating func calculate32(
        _ operation: Arithmetic, _ destination: Register, _ constant: Int32
    ) {
        append(Instruction(0x04 | operation.rawValue, destination, constant: constant))
    }

    /// Turns the low 16, 32 or 64 bits from network order to the machine's, or back.
    public mutating func toNetworkOrder(_ register: Register, bits: Int32) {
        append(Instruction(0xdc, register, constant: bits))
    }

    // MARK: Memory

    public mutating func load(
        _ width: Width, _ destination: Register, at base: Register, _ offset: Int
    ) {
        append(
            Instruction(
                0x61 | width.rawValue, destination, base, offset: Int16(truncatingIfNeeded: offset))
        )
    }

    public mutating func store(
        _ width: Width, at base: Register, _ offset: Int, _ source: Register
    ) {
        append(
            Instruction(
                0x63 | width.rawValue, base, source, offset: Int16(truncatingIfNeeded: offset)))
    }

    public mutating func store(
        _ width: Width, at base: Register, _ offset: Int, constant: Int32
    ) {
        append(
            Instruction(
                0x62 | width.rawValue, base, offset: Int16(truncatingIfNeeded: offset),
                constant: constant))
    }

    /// Adds to memory that other processors change too.
    ///
    /// - Parameter width: a word or a double word.
    public mutating func addAtomically(
        _ width: Width, at base: Register, _ offset: Int, _ source: Register
    ) {
        append(
            Instruction(
                0xc3 | width.rawValue, base, source, offset: Int16(truncatingIfNeeded: offset)))
    }

    // MARK: Control

    public mutating func jump(_ label: Label) {
        jumps.append((instructions.count, label))
        append(Instruction(0x05))
    }

    public mutating func jump(
        if condition: Condition, _ left: Register, _ right: Register, _ label: Label
    ) {
        jumps.append((instructions.count, label))
        append(Instruction(0x0d | condition.rawValue, left, right))
    }

    public mutating func jump(
        if condition: Condition, _ left: Register, _ right: Int32, _ label: Label
    ) {
        jumps.append((instructions.count, label))
        append(Instruction(0x05 | condition.rawValue, left, constant: right))
    }

    /// Calls a helper; r1 to r5 are lost, and r0 holds what it returns.
    public mutating func call(_ helper: Helper) {
        append(Instruction(0x85, constant: helper.number))
    }

    public mutating func exit() { append(Instruction(0x95)) }

    public mutating func exit(_ result: Int32) {
        move(.r0, result)
        exit()
    }

    // MARK: Maps

    /// The map itself, for helpers.
    public mutating func loadMap(_ destination: Register, _ map: String) {
        loadMap(destination, map, kind: .r1, offset: 0)
    }

    /// The address of the only value of an array, at `offset` octets within it.
    public mutating func loadMapValue(_ destination: Register, _ map: String, _ offset: Int = 0) {
        loadMap(destination, map, kind: .r2, offset: Int32(truncatingIfNeeded: offset))
    }

    /// `BPF_PSEUDO_MAP_FD` and `BPF_PSEUDO_MAP_VALUE` stand where a source register would.
    private mutating func loadMap(
        _ destination: Register, _ map: String, kind: Register, offset: Int32
    ) {
        maps.append(Program.MapReference(index: instructions.count, map: map))
        append(Instruction(Instruction.wideCode, destination, kind))
        append(Instruction(0, constant: offset))
    }
}
