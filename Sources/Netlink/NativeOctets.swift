import Bytes

// Netlink's numbers stand in the machine's byte order, unlike those of packets.

extension RawSpan {
    /// Reads a number in the machine's byte order.
    ///
    /// - Precondition: it lies within the span.
    func native<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, at offset: Int) -> Value
    {
        self[WireField<Value>(at: offset)].bigEndian
    }
}

extension [UInt8] {
    /// Appends a number in the machine's byte order.
    mutating func append(native value: some FixedWidthInteger) {
        let ordered = value.littleEndian == value ? value : value.byteSwapped
        for shift in stride(from: 0, to: ordered.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: ordered >> shift))
        }
    }

    /// Appends zeros up to a multiple of four octets.
    mutating func pad() {
        while count & 3 != 0 { append(0) }
    }

    /// Replaces four octets by a number in the machine's byte order.
    mutating func set(native value: UInt32, at offset: Int) {
        var octets: [UInt8] = []
        octets.append(native: value)
        replaceSubrange(offset..<(offset + 4), with: octets)
    }
}
