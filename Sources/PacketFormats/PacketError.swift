/// Why a run of octets is not the packet it should be.
public enum PacketError: Error, Hashable, Sendable {
    /// The octets end before the format does.
    case truncated(needed: Int, available: Int)
    /// The version is not the format's.
    case unsupportedVersion(UInt8)
    /// A length within the header is shorter than the header.
    case badHeaderLength(Int)
    /// The header is of kinds of addresses that this format does not describe.
    case unsupportedAddresses
}

/// Refuses octets that end before `needed`.
@inlinable @inline(__always)
func require(_ needed: Int, of bytes: RawSpan) throws(PacketError) {
    guard bytes.byteCount >= needed else {
        throw .truncated(needed: needed, available: bytes.byteCount)
    }
}
