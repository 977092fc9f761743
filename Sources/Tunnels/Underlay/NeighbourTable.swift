public import Addresses

/// The Ethernet addresses of outer addresses on a bridge, from ARP and ND.
public struct NeighbourTable: Sendable {
    public struct Key: Hashable, Sendable {
        public let bridge: String
        public let address: IPAddress

        public init(bridge: String, address: IPAddress) {
            self.bridge = bridge
            self.address = address
        }
    }

    public struct Entry: Sendable {
        public let hardware: EthernetAddress
        /// When it is forgotten, in milliseconds.
        public var expiry: Int64
    }

    /// How long an entry is kept that nobody confirms, in seconds.
    public static let standardAge = 900
    public static let maximumAge = 3600
    /// More are not learned.
    public static let maximumEntries = 16_384
    /// How often one address is asked for, in milliseconds.
    public static let solicitationInterval: Int64 = 100

    /// Seconds.
    public var age = standardAge
    private var entries: [Key: Entry] = [:]
    /// When an address was asked for last.
    private var solicited: [Key: Int64] = [:]

    public init() {}

    public func lookup(_ key: Key) -> EthernetAddress? { entries[key]?.hardware }

    /// - Returns: whether what was known has changed.
    @discardableResult
    public mutating func learn(_ key: Key, _ hardware: EthernetAddress, now: Int64) -> Bool {
        let old = entries[key]
        guard old != nil || entries.count < Self.maximumEntries else { return false }
        entries[key] = Entry(hardware: hardware, expiry: now + Int64(age) * 1000)
        solicited[key] = nil
        return old?.hardware != hardware
    }

    /// Whether the address may be asked for now; it counts as asked for then.
    public mutating func maySolicit(_ key: Key, now: Int64) -> Bool {
        if let last = solicited[key], now - last < Self.solicitationInterval, now >= last {
            return false
        }
        if solicited.count >= Self.maximumEntries { solicited.removeAll() }
        solicited[key] = now
        return true
    }

    /// - Returns: whether anything was forgotten.
    public mutating func expire(now: Int64) -> Bool {
        let count = entries.count
        entries = entries.filter { $0.value.expiry > now }
        return entries.count != count
    }

    public mutating func removeAll() {
        entries.removeAll()
        solicited.removeAll()
    }

    /// By address and bridge.
    public var all: [(key: Key, entry: Entry)] {
        entries.map { ($0.key, $0.value) }
            .sorted { ($0.key.address, $0.key.bridge) < ($1.key.address, $1.key.bridge) }
    }
}
