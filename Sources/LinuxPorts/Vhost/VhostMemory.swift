import CLinux

/// The memory of a guest, as its hypervisor has passed it (vhost-user, `SET_MEM_TABLE`).
///
/// Every address that comes from the other side is looked up here, with the octets that are meant:
/// nothing beyond a region is ever touched. A region's file that the peer makes shorter later
/// cannot be guarded against; it is checked when it is mapped.
///
/// *Thread safety*: it does not change; rings hold it for as long as they use it.
final class VhostMemory: @unchecked Sendable {
    /// As many as one message holds.
    static let maximumRegions = 8
    /// No guest has more than 16 TiB in one region.
    static let maximumByteCount: UInt64 = 1 << 44

    /// A part of a guest's memory.
    struct Region {
        var guestAddress: UInt64
        var byteCount: UInt64
        /// Where the hypervisor has it, by which rings are named.
        var userAddress: UInt64
        /// Where it begins in the file.
        var offset: UInt64
    }

    private struct Mapping {
        let region: Region
        let base: UnsafeMutableRawPointer
        /// What was mapped, from the start of the file.
        let place: UnsafeMutableRawPointer
        let mappedByteCount: Int
    }

    private let mappings: [Mapping]

    /// Maps the regions; the descriptors stay the caller's.
    ///
    /// - Returns: `nil` if one cannot be mapped, or is not in its file.
    init?(_ regions: [Region], _ descriptors: [Int32]) {
        var mappings: [Mapping] = []
        guard regions.count == descriptors.count, regions.count <= Self.maximumRegions else {
            return nil
        }
        for (region, descriptor) in zip(regions, descriptors) {
            guard let mapping = Self.map(region, descriptor) else {
                for mapping in mappings { munmap(mapping.place, mapping.mappedByteCount) }
                return nil
            }
            mappings.append(mapping)
        }
        self.mappings = mappings
    }

    deinit {
        for mapping in mappings { munmap(mapping.place, mapping.mappedByteCount) }
    }

    private static func map(_ region: Region, _ descriptor: Int32) -> Mapping? {
        let (end, isTooLong) = region.offset.addingReportingOverflow(region.byteCount)
        guard !isTooLong, region.byteCount > 0, end <= maximumByteCount,
            !region.guestAddress.addingReportingOverflow(region.byteCount).overflow,
            !region.userAddress.addingReportingOverflow(region.byteCount).overflow,
            clinux_file_length(descriptor) >= Int64(end),
            let place = clinux_map_file(descriptor, Int(end))
        else { return nil }
        return Mapping(
            region: region, base: place + Int(region.offset), place: place,
            mappedByteCount: Int(end))
    }

    /// Where a guest's address lies here, and how many octets follow it in its region.
    @inline(__always)
    func guest(_ address: UInt64) -> (place: UnsafeMutableRawPointer, byteCount: Int)? {
        for mapping in mappings {
            let distance = address &- mapping.region.guestAddress
            if distance < mapping.region.byteCount {
                let rest = mapping.region.byteCount &- distance
                return (mapping.base + Int(distance), Int(rest))
            }
        }
        return nil
    }

    /// Where `byteCount` octets at a guest's address lie here, if they are in one region.
    @inline(__always)
    func guest(_ address: UInt64, _ byteCount: Int) -> UnsafeMutableRawPointer? {
        guard let found = guest(address), found.byteCount >= byteCount else { return nil }
        return found.place
    }

    /// Where `byteCount` octets at an address of the hypervisor lie here.
    func user(_ address: UInt64, _ byteCount: Int) -> UnsafeMutableRawPointer? {
        for mapping in mappings {
            let distance = address &- mapping.region.userAddress
            guard distance < mapping.region.byteCount else { continue }
            guard mapping.region.byteCount &- distance >= UInt64(byteCount) else { return nil }
            return mapping.base + Int(distance)
        }
        return nil
    }
}
