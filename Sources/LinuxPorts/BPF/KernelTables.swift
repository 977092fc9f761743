import CLinux
import KernelFlows

/// The maps that the programs share: their form, and what is written into them.
///
/// *Thread safety*: none; the thread of the datapath owns it.
final class KernelTables {
    /// Flows that the kernel may hold, and so the highest slot: more than OVS's default flow-limit.
    static let maximumFlows = 1 << 18
    /// Lists of actions that differ; thousands of flows mostly do one of a few things.
    static let maximumActions = 4096

    static func form(of map: KernelMap) -> BPFMap.Form {
        switch map {
        case .masks:
            .init(kind: .array, keyByteCount: 4, valueByteCount: MaskTable.byteCount, count: 1)
        case .flows:
            .init(
                kind: .hash, keyByteCount: KernelFlow.keyByteCount,
                valueByteCount: KernelFlow.valueByteCount, count: maximumFlows)
        case .counters:
            .init(
                kind: .array, keyByteCount: 4, valueByteCount: KernelFlow.counterByteCount,
                count: maximumFlows)
        case .actions:
            .init(
                kind: .array, keyByteCount: 4, valueByteCount: KernelActions.byteCount,
                count: maximumActions)
        case .hints:
            .init(
                kind: .arrayPerProcessor, keyByteCount: 4, valueByteCount: 4,
                count: ForwardingProgram.hintCount)
        case .key:
            .init(
                kind: .arrayPerProcessor, keyByteCount: 4, valueByteCount: KernelKey.byteCount,
                count: 1)
        case .programs: .init(kind: .programs, keyByteCount: 4, valueByteCount: 4, count: 2)
        }
    }

    /// What is held of a flow in the kernel.
    private struct Entry {
        let key: KernelKey
        let mask: KernelKey
        let subtable: Int
        var actions: Int
        var packets: UInt64 = 0
        var octets: UInt64 = 0
    }

    /// A numbered thing that several flows use.
    private struct Shared {
        let index: Int
        var users: Int
    }

    private let maps: [KernelMap: BPFMap]
    private let settings: UnsafeMutableRawPointer
    private let counters: UnsafeMutableRawPointer
    private let actionMemory: UnsafeMutableRawPointer
    private var entries: [Entry?] = []
    private var masks: [KernelKey: Shared] = [:]
    private var freeMasks: [Int] = Array((0..<MaskTable.maximumCount).reversed())
    private var lists: [KernelActions: Shared] = [:]
    private var freeLists = Array(0..<maximumActions)
    /// Where the next free list is taken; those given back go to the end, so that a packet that is
    /// being forwarded does not see another list in the place of its own.
    private var nextFreeList = 0
    private(set) var flowCount = 0

    init() throws(SystemError) {
        var maps: [KernelMap: BPFMap] = [:]
        for map in KernelMap.allCases {
            maps[map] = try BPFMap("martlet_\(map.rawValue)", Self.form(of: map))
        }
        guard let settings = maps[.masks]?.memory, let counters = maps[.counters]?.memory,
            let actions = maps[.actions]?.memory
        else { throw SystemError(code: ENOMEM, call: "mmap", subject: "martlet_masks") }
        self.maps = maps
        self.settings = settings
        self.counters = counters
        actionMemory = actions
    }

    var descriptors: [String: Int32] {
        Dictionary(uniqueKeysWithValues: maps.map { ($0.key.rawValue, $0.value.descriptor) })
    }

    func map(_ map: KernelMap) -> BPFMap? { maps[map] }

    /// How many tags of a packet are looked at.
    var maximumTags: Int {
        get { Int(settings.load(fromByteOffset: MaskTable.maximumTags, as: UInt32.self)) }
        set { settings.store(UInt32(newValue), at: MaskTable.maximumTags) }
    }

    var upcallInterface: UInt32 {
        get { settings.load(fromByteOffset: MaskTable.upcallInterface, as: UInt32.self) }
        set { settings.store(newValue, at: MaskTable.upcallInterface) }
    }

    /// Packets that should have gone up and could not.
    var failures: UInt64 { settings.load(fromByteOffset: MaskTable.failures, as: UInt64.self) }
    var maskCount: Int { masks.count }
    var listCount: Int { lists.count }

    // MARK: Flows

    func contains(_ slot: Int) -> Bool { slot < entries.count && entries[slot] != nil }

    /// Puts a flow in.
    func insert(
        _ slot: Int, _ key: KernelKey, _ mask: KernelKey, _ actions: KernelActions
    ) throws(KernelRefusal) {
        guard slot < Self.maximumFlows else { throw .full(.flows) }
        let list = try takeList(actions)
        let subtable: Int
        do throws(KernelRefusal) {
            subtable = try takeMask(mask)
        } catch {
            releaseList(list, actions)
            throw error
        }
        counters(of: slot).initializeMemory(as: UInt64.self, repeating: 0, count: 4)
        while entries.count <= slot { entries.append(nil) }
        entries[slot] = Entry(key: key, mask: mask, subtable: subtable, actions: list)
        let code = write(slot, list)
        guard code != 0 else {
            flowCount += 1
            return
        }
        entries[slot] = nil
        releaseMask(mask)
        releaseList(list, actions)
        throw code == E2BIG || code == ENOMEM ? .full(.flows) : .system(code)
    }

    /// Gives a flow other actions.
    func update(_ slot: Int, _ actions: KernelActions) throws(KernelRefusal) {
        guard contains(slot), let entry = entries[slot] else { return }
        let list = try takeList(actions)
        let code = write(slot, list)
        guard code == 0 else {
            releaseList(list, actions)
            throw .system(code)
        }
        releaseList(entry.actions)
        entries[slot]?.actions = list
    }

    func remove(_ slot: Int) {
        guard contains(slot), let entry = entries[slot] else { return }
        withKey(of: entry) { _ = maps[.flows]?.remove($0) }
        entries[slot] = nil
        flowCount -= 1
        releaseList(entry.actions)
        releaseMask(entry.mask)
    }

    /// What a flow has counted since the last call, and when its last packet came, in nanoseconds
    /// of the monotonic clock; `nil` for nothing.
    func collect(_ slot: Int) -> (packets: UInt64, octets: UInt64, used: UInt64, flags: UInt16)? {
        guard contains(slot) else { return nil }
        let place = counters(of: slot)
        let packets = place.load(as: UInt64.self)
        guard let entry = entries[slot], packets != entry.packets else { return nil }
        let octets = place.load(fromByteOffset: 8, as: UInt64.self)
        entries[slot]?.packets = packets
        entries[slot]?.octets = octets
        let flags = place.load(fromByteOffset: 24, as: UInt32.self)
        return (
            packets &- entry.packets, octets &- entry.octets,
            place.load(fromByteOffset: 16, as: UInt64.self),
            UInt16(truncatingIfNeeded: flags).byteSwapped
        )
    }

    private func counters(of slot: Int) -> UnsafeMutableRawPointer {
        counters + slot * KernelFlow.counterByteCount
    }

    private func write(_ slot: Int, _ list: Int) -> Int32 {
        guard let entry = entries[slot], let flows = maps[.flows] else { return ENOENT }
        var value = (UInt32(slot), UInt32(list))
        return withKey(of: entry) { key in
            withUnsafeBytes(of: &value) { value in
                guard let value = value.baseAddress else { return EFAULT }
                return flows.update(key, value)
            }
        }
    }

    /// Calls `body` with the key under the mask, and the number of the subtable behind it.
    private func withKey<Result>(
        of entry: Entry, _ body: (UnsafeRawPointer) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(byteCount: KernelFlow.keyByteCount, alignment: 8) { key in
            let base = key.baseAddress.unsafelyUnwrapped
            for (index, octet) in entry.key.octets.enumerated() {
                let masked = octet & entry.mask.octets[index]
                base.storeBytes(of: masked, toByteOffset: index, as: UInt8.self)
            }
            base.store(UInt32(entry.subtable), at: KernelKey.byteCount)
            return body(base)
        }
    }

    // MARK: Masks

    private func takeMask(_ mask: KernelKey) throws(KernelRefusal) -> Int {
        if let shared = masks[mask] {
            masks[mask]?.users += 1
            return shared.index
        }
        guard let index = freeMasks.popLast() else { throw .full(.masks) }
        masks[mask] = Shared(index: index, users: 1)
        let place = settings + MaskTable.place(of: index)
        mask.octets.withUnsafeBytes { octets in
            guard let source = octets.baseAddress else { return }
            // The interface, which every mask has, says that there is one, and comes last.
            (place + 4).copyMemory(from: source + 4, byteCount: KernelKey.byteCount - 4)
            publish(place, source.loadUnaligned(as: UInt32.self))
        }
        let end = UInt32(index + 1)
        if settings.load(fromByteOffset: MaskTable.end, as: UInt32.self) < end {
            settings.store(end, at: MaskTable.end)
        }
        return index
    }

    private func releaseMask(_ mask: KernelKey) {
        guard let shared = masks[mask] else { return }
        guard shared.users == 1 else {
            masks[mask]?.users -= 1
            return
        }
        masks[mask] = nil
        let place = settings + MaskTable.place(of: shared.index)
        publish(place, 0)
        publish(place + 4, 0)
        // The lowest are taken first, so that the search stays short.
        let position = freeMasks.firstIndex { $0 < shared.index } ?? freeMasks.endIndex
        freeMasks.insert(shared.index, at: position)
        let end = masks.values.map(\.index).max().map { $0 + 1 } ?? 0
        settings.store(UInt32(end), at: MaskTable.end)
    }

    private func publish(_ place: UnsafeMutableRawPointer, _ value: UInt32) {
        clinux_store_release(place.assumingMemoryBound(to: UInt32.self), value)
    }

    // MARK: Lists of actions

    private var actionsByIndex: [Int: KernelActions] = [:]

    private func takeList(_ actions: KernelActions) throws(KernelRefusal) -> Int {
        if let shared = lists[actions] {
            lists[actions]?.users += 1
            return shared.index
        }
        guard nextFreeList < freeLists.count else { throw .full(.actions) }
        let index = freeLists[nextFreeList]
        nextFreeList += 1
        if nextFreeList == Self.maximumActions {
            freeLists.removeFirst(nextFreeList)
            nextFreeList = 0
        }
        lists[actions] = Shared(index: index, users: 1)
        actionsByIndex[index] = actions
        actions.octets.withUnsafeBytes { octets in
            guard let source = octets.baseAddress else { return }
            (actionMemory + index * KernelActions.byteCount).copyMemory(
                from: source, byteCount: octets.count)
        }
        return index
    }

    private func releaseList(_ index: Int, _ actions: KernelActions? = nil) {
        guard let actions = actions ?? actionsByIndex[index], let shared = lists[actions] else {
            return
        }
        guard shared.users == 1 else {
            lists[actions]?.users -= 1
            return
        }
        lists[actions] = nil
        actionsByIndex[index] = nil
        freeLists.append(index)
    }
}
