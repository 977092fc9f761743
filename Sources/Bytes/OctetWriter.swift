/// A growing buffer of octets that a codec appends to.
///
/// Lengths that are known only afterwards are written as zeros and set later with
/// ``set16(at:to:)``. Appending is amortised constant time; one writer serves many messages.
/// A length that its field cannot hold does not trap, for a peer can provoke it; the writer
/// remembers it in ``hasOverflowed``, and the caller takes the message back.
public struct OctetWriter: Sendable {
    @usableFromInline var storage: [UInt8] = []
    /// A length was set that did not fit in its field.
    public internal(set) var hasOverflowed = false

    public init() {}

    public init(capacity: Int) {
        storage.reserveCapacity(capacity)
    }

    @inlinable public var count: Int { storage.count }

    /// What has been appended.
    @inlinable public var octets: [UInt8] { storage }

    @inlinable public mutating func append(_ value: UInt8) {
        storage.append(value)
    }

    @inlinable public mutating func append(_ value: UInt16) {
        storage.append(UInt8(truncatingIfNeeded: value >> 8))
        storage.append(UInt8(truncatingIfNeeded: value))
    }

    @inlinable public mutating func append(_ value: UInt32) {
        append(UInt16(truncatingIfNeeded: value >> 16))
        append(UInt16(truncatingIfNeeded: value))
    }

    @inlinable public mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }

    @inlinable public mutating func append(contentsOf more: [UInt8]) {
        storage.append(contentsOf: more)
    }

    public mutating func append(contentsOf more: ArraySlice<UInt8>) {
        storage.append(contentsOf: more)
    }

    /// Appends the `byteCount` low octets of `value`, most significant first.
    public mutating func append(_ value: UInt128, byteCount: Int) {
        var shift = byteCount * 8
        while shift > 0 {
            shift -= 8
            storage.append(UInt8(truncatingIfNeeded: value >> UInt128(shift)))
        }
    }

    /// Appends `text` cut or filled up with zeros to `byteCount` octets, the last always zero.
    public mutating func append(text: String, byteCount: Int) {
        var room = byteCount
        for octet in text.utf8.prefix(byteCount - 1) {
            storage.append(octet)
            room -= 1
        }
        appendZeros(room)
    }

    @inlinable public mutating func appendZeros(_ count: Int) {
        for _ in 0..<count { storage.append(0) }
    }

    /// Appends zeros until the octets from `start` are a multiple of `alignment`.
    public mutating func pad(to alignment: Int, from start: Int = 0) {
        while (storage.count - start) % alignment != 0 { storage.append(0) }
    }

    /// Overwrites two octets, most often with a length.
    ///
    /// - Precondition: they were appended before.
    public mutating func set16(at offset: Int, to value: Int) {
        if value > 0xffff { hasOverflowed = true }
        storage[offset] = UInt8(truncatingIfNeeded: value >> 8)
        storage[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// Overwrites four octets.
    public mutating func set32(at offset: Int, to value: UInt32) {
        for index in 0..<4 {
            storage[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index))
        }
    }

    /// Overwrites one octet.
    public mutating func set8(at offset: Int, to value: UInt8) {
        storage[offset] = value
    }

    /// Takes back all octets from `offset` on, and the memory of an overflow.
    public mutating func truncate(to offset: Int) {
        storage.removeSubrange(offset...)
        hasOverflowed = false
    }

    /// Hands over the octets and starts anew.
    public mutating func takeOctets() -> [UInt8] {
        let taken = storage
        storage = []
        return taken
    }
}
