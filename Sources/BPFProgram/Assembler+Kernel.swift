/// The fields of `struct __sk_buff` (linux/bpf.h) that programs read, by their offsets.
public enum PacketContext {
    public static var byteCount: Int { 0 }
    public static var hasVLAN: Int { 20 }
    public static var vlanTCI: Int { 24 }
    /// In network order.
    public static var vlanProtocol: Int { 28 }
    public static var interface: Int { 40 }
    /// Five words that are the program's own while the packet is at this hook.
    public static func scratch(_ index: Int) -> Int { 48 + 4 * index }
    public static var start: Int { 76 }
    public static var end: Int { 80 }
}

/// What programs on packets do again and again, in the forms that the verifier accepts.
extension Assembler {
    /// Goes to `label` unless `count` octets from `base` on are in the packet's linear part.
    ///
    /// - Parameters:
    ///   - end: holds the packet's end.
    ///   - scratch: is lost.
    public mutating func require(
        _ count: Int32, from base: Register, end: Register, scratch: Register, else label: Label
    ) {
        move(scratch, base)
        calculate(.add, scratch, count)
        jump(if: .greater, scratch, end, label)
    }

    /// Looks a key up that lies on the stack at `offset`; r0 becomes its value's address, or 0.
    public mutating func lookUp(_ map: String, keyAt offset: Int) {
        loadMap(.r1, map)
        move(.r2, .r10)
        calculate(.add, .r2, Int32(truncatingIfNeeded: offset))
        call(.mapLookup)
    }

    /// Goes over to another program, or on behind this if there is none.
    public mutating func tailCall(_ context: Register, _ map: String, _ index: Int32) {
        move(.r1, context)
        loadMap(.r2, map)
        move(.r3, index)
        call(.tailCall)
    }

    /// Writes octets of the stack into the packet, and makes them its own if it shares them.
    ///
    /// Pointers into the packet are worthless afterwards.
    public mutating func storeOctets(
        _ context: Register, at offset: Register, fromStack place: Int, count: Int32
    ) {
        move(.r1, context)
        if offset != .r2 { move(.r2, offset) }
        move(.r3, .r10)
        calculate(.add, .r3, Int32(truncatingIfNeeded: place))
        move(.r4, count)
        move(.r5, 0)
        call(.storeOctets)
    }
}
