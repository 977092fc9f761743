/// The layout of the map's only value that holds what all packets need: settings, counters, and the
/// masks of the subtables.
///
///      0              4              8              12             16               24
///     +--------------+--------------+--------------+--------------+----------------+-----------
///     | end of masks | maximum tags | upcall device|      0       | failed upcalls |  upcalls
///     +--------------+--------------+--------------+--------------+----------------+-----------
///      32: the masks, each as ``KernelKey``; one that begins with 0 is none.
public enum MaskTable {
    /// With more masks the search would cost more than the way to userspace saves.
    public static let maximumCount = 128
    public static let end = 0
    public static let maximumTags = 4
    public static let upcallInterface = 8
    public static let failures = 16
    public static let upcalls = 24
    public static let masks = 32
    public static let byteCount = masks + maximumCount * KernelKey.byteCount

    /// Where a mask lies.
    public static func place(of index: Int) -> Int { masks + index * KernelKey.byteCount }
}

/// What a packet is given in front on its way up.
///
/// It looks like an Ethernet header of an experimental type (IEEE 802-2014 §9.2.4), so that the
/// device may put a VLAN tag into it that the kernel holds beside the packet.
///
///      0                       6               10      12      14      16              20
///     +-----------------------+---------------+-------+-------+-------+---------------+--------
///     |  02 4d 4c 54 55 50    |   interface   |   0   | 88 b5 |   0   |   recirc_id   | dp_hash
///     +-----------------------+---------------+-------+-------+-------+---------------+--------
public enum UpcallHeader {
    public static let byteCount = 24
    public static let magic: UInt64 = 0x5055_544c_4d02
    public static let type: UInt16 = 0xb588
    public static let interface = 6
    public static let typePlace = 12
    public static let recirculation = 16
    public static let hash = 20
}

/// What a flow is in the map of flows: where it counts, and what is done.
public enum KernelFlow {
    /// The masked key and the number of its subtable.
    public static let keyByteCount = KernelKey.byteCount + 4
    public static let valueByteCount = 8
    /// Packets, octets, the last one's time in nanoseconds of the monotonic clock, and TCP flags.
    public static let counterByteCount = 32
}

/// The names of the maps that programs use.
public enum KernelMap: String, CaseIterable, Sendable {
    case masks, flows, counters, actions, hints, programs, key
}
