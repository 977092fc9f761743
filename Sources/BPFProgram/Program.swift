/// A program whose maps have names yet, for the loader to put descriptors in their place.
public struct Program: Hashable, Sendable {
    /// A constant that stands for a map, or for the memory of a map's only value.
    public struct MapReference: Hashable, Sendable {
        /// Which instruction; its constant is to become the map's descriptor.
        public let index: Int
        public let map: String
    }

    /// Where a part of the program begins that has a name, for errors.
    public struct Part: Hashable, Sendable {
        public let start: Int
        public let name: String
    }

    public let name: String
    public let instructions: [Instruction]
    public let maps: [MapReference]
    public let parts: [Part]

    /// The part that an instruction belongs to.
    public func part(at index: Int) -> String? {
        parts.last { $0.start <= index }?.name
    }

    /// The words for the kernel.
    ///
    /// - Parameter descriptors: the maps by name.
    /// - Returns: `nil` if a map has none.
    public func encoded(_ descriptors: [String: Int32]) -> [UInt64]? {
        var words = instructions.map(\.encoded)
        for reference in maps {
            guard let descriptor = descriptors[reference.map] else { return nil }
            words[reference.index] |= UInt64(UInt32(bitPattern: descriptor)) << 32
        }
        return words
    }
}

/// Why instructions are no program.
public enum AssemblyError: Error, Hashable, Sendable {
    /// A jump goes to a label that was never placed.
    case labelNotPlaced(instruction: Int)
    /// A jump goes further than 32,767 instructions.
    case jumpTooFar(instruction: Int)
}
