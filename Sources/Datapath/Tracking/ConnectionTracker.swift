public import FlowModel

/// What is known of a packet's connection once `ct` has seen it.
public struct ConnectionState: Hashable, Sendable {
    /// The bits of `ct_state` (ovs-fields(7)).
    public var state: UInt32 = 0
    public var zone: UInt16 = 0
    public var mark: UInt32 = 0
    public var label: UInt128 = 0
    /// Protocol, addresses and ports of the connection's first packet: the `ct_nw_proto` octet, and
    /// the words of a key that hold the rest.
    public var originalProtocol: UInt8 = 0
    public var originalIPv4: UInt64 = 0
    public var originalIPv6Source: UInt128 = 0
    public var originalIPv6Destination: UInt128 = 0
    public var originalPorts: UInt64 = 0

    public init() {}

    /// What a key says, or `nil` if its packet was not tracked.
    init?(_ key: PackedKey) {
        state = UInt32(truncatingIfNeeded: key[word: KeyWord.datapathHash])
        guard state != 0 else { return nil }
        let mark = key[word: KeyWord.ctMark]
        self.mark = UInt32(truncatingIfNeeded: mark >> 32)
        zone = UInt16(truncatingIfNeeded: mark >> 16)
        originalProtocol = UInt8(truncatingIfNeeded: mark >> 8)
        let pair = { (word: Int) in UInt128(key[word: word]) << 64 | UInt128(key[word: word + 1]) }
        label = pair(KeyWord.ctLabel)
        originalIPv4 = key[word: KeyWord.ctIPv4]
        originalIPv6Source = pair(KeyWord.ctIPv6Source)
        originalIPv6Destination = pair(KeyWord.ctIPv6Destination)
        originalPorts = key[word: KeyWord.ctTransport]
    }

    /// Puts what is known into the key of the packet.
    func write(to packed: inout PackedKey) {
        var key = packed.expanded
        key[.ctState] = UInt128(state)
        key[.ctZone] = UInt128(zone)
        key[.ctMark] = UInt128(mark)
        key[.ctLabel] = label
        key[.ctProtocol] = UInt128(originalProtocol)
        key[word: KeyWord.ctIPv4] = originalIPv4
        key[.ctIPv6Source] = originalIPv6Source
        key[.ctIPv6Destination] = originalIPv6Destination
        key[word: KeyWord.ctTransport] = originalPorts
        packed = PackedKey(key)
    }
}

/// Follows connections, for the action `ct`.
///
/// Without one (``UserspaceDatapath/tracker``) packets that reach a `ct` are counted and dropped:
/// that they would pass untracked is worse than that they are lost.
public protocol ConnectionTracker: AnyObject {
    /// Finds the packet's connection, does to both what the order says, and translates addresses
    /// where the connection asks for it.
    ///
    /// - Parameters:
    ///   - packet: held by nobody else, so that it can be written.
    ///   - key: of the packet, with what an earlier `ct` has said of it.
    ///   - now: the caller's milliseconds.
    /// - Returns: what is known then, or `nil` if the packet is to be dropped.
    func track(
        _ packet: PacketBuffer, _ key: PackedKey, _ order: DatapathTracking, now: UInt64
    ) -> ConnectionState?
}

extension UserspaceDatapath {
    /// Has the tracker look at a packet, which it drops, or gives back, perhaps changed.
    func track(
        _ packet: PacketBuffer, _ order: DatapathTracking, _ execution: inout Execution
    ) -> PacketBuffer? {
        guard let tracker else {
            state.pointee.statistics.trackerDrops &+= 1
            pool.release(packet)
            return nil
        }
        let own = pool.makeUnique(packet)
        let key = keys + (Self.keyCount - 2)
        parse(own, execution, into: key)
        guard let known = tracker.track(own, key.pointee, order, now: state.pointee.now) else {
            pool.release(own)
            return nil
        }
        note(known, &execution)
        return own
    }

    /// Remembers what is known of a packet's connection until the batch is done.
    func note(_ known: ConnectionState?, _ execution: inout Execution) {
        guard let known else { return }
        execution.connection = Int32(truncatingIfNeeded: connections.count)
        connections.append(known)
    }
}
