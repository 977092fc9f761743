/// The members of a JSON object, in the order in which they were written.
///
/// Most objects of OVSDB have a handful of members and rows have some dozens, so a lookup compares
/// keys one by one; an index is kept only from `indexThreshold` members on (a monitor's update of
/// thousands of rows).
///
/// - Complexity: Lookup and insertion are O(1); removal is O(n).
public struct JSONObject: Sendable {
    public struct Member: Hashable, Sendable {
        public let key: String
        public var value: JSON
    }

    /// Below this, comparing short keys costs less than keeping an index.
    static let indexThreshold = 33

    public private(set) var members: [Member] = []
    /// Nil for most: an optional array costs nothing to copy while it is none.
    private var index: JSONObjectIndex?

    public init() {}

    public init(_ members: some Sequence<(String, JSON)>) {
        for (key, value) in members { self[key] = value }
    }

    /// An object of members that were gathered without looking for duplicates; of those that have
    /// one key the last one's value counts, in the place of the first one.
    ///
    /// - Parameter areDistinct: Whether the caller knows that all keys of a small object differ.
    init(gathered: [Member], areDistinct: Bool = false) {
        if gathered.count < Self.indexThreshold {
            members = gathered
            if areDistinct || !hasDuplicates { return }
        } else if let index = JSONObjectIndex(gathered) {
            members = gathered
            self.index = index
            return
        }
        members = []
        for member in gathered { self[member.key] = member.value }
    }

    private var hasDuplicates: Bool {
        guard members.count > 1 else { return false }
        for right in 1..<members.count {
            for left in 0..<right where members[left].key == members[right].key { return true }
        }
        return false
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }

    public subscript(key: String) -> JSON? {
        get {
            position(of: key).map { members[$0].value }
        }
        set {
            guard let value = newValue else { return remove(key) }
            if let position = position(of: key) {
                members[position].value = value
            } else {
                append(Member(key: key, value: value))
            }
        }
    }

    public func contains(_ key: String) -> Bool { position(of: key) != nil }

    /// Where a member stands in ``members``.
    public func position(of key: String) -> Int? {
        if let index { return index.position(of: key, in: members) }
        for position in members.indices where members[position].key == key { return position }
        return nil
    }

    private mutating func append(_ member: Member) {
        members.append(member)
        if index?.hasRoom(for: members.count) == true {
            index?.insert(members.count - 1, key: member.key)
        } else if members.count >= Self.indexThreshold {
            index = JSONObjectIndex(members)
        }
    }

    private mutating func remove(_ key: String) {
        guard let position = position(of: key) else { return }
        members.remove(at: position)
        index = members.count >= Self.indexThreshold ? JSONObjectIndex(members) : nil
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members { sum &+= member.hashValue }
        hasher.combine(sum)
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

/// Where the members of a large object stand, by key.
///
/// A dictionary from keys to positions would hold each key a second time and hash all of them
/// again at each growth. This one holds only positions, in a table with linear probing that is at
/// most half full, and hashes each key about once, since a parser makes it when it knows all.
/// Hashes are seeded at random, so that no peer can choose keys that collide.
private struct JSONObjectIndex: Sendable {
    /// Positions, one more than they are; 0 is a free slot.
    ///
    /// A power of two of them.
    private var slots: [UInt32]

    /// Nil where a key occurs twice.
    init?(_ members: [JSONObject.Member]) {
        var slotCount = 64
        // Room to grow, or a caller that inserts one by one would rebuild it each time.
        while slotCount < members.count * 4 { slotCount *= 2 }
        slots = [UInt32](repeating: 0, count: slotCount)
        for position in members.indices {
            let slot = slot(of: members[position].key, in: members)
            guard slots[slot] == 0 else { return nil }
            slots[slot] = UInt32(position + 1)
        }
    }

    func hasRoom(for count: Int) -> Bool { count * 2 <= slots.count }

    func position(of key: String, in members: [JSONObject.Member]) -> Int? {
        let entry = slots[slot(of: key, in: members)]
        return entry == 0 ? nil : Int(entry) - 1
    }

    /// The slot that has a key, or the free one where it would go.
    private func slot(of key: String, in members: [JSONObject.Member]) -> Int {
        var slot = key.hashValue & (slots.count - 1)
        while slots[slot] != 0, members[Int(slots[slot]) - 1].key != key {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    /// - Precondition: The key is not there yet, and there is room.
    mutating func insert(_ position: Int, key: String) {
        var slot = key.hashValue & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(position + 1)
    }
}
