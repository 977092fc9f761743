public import ConnectionTracking
import FlowModel

/// Forwards packets: parses them, finds the flow of each, and executes its actions.
///
/// The obvious design looks each packet up in one hash table of flows. A flow here matches on some
/// bits only (a *megaflow*), so that one flow stands for many connections; finding it costs a
/// search over the masks in use, and a cache of whole keys before it answers for most packets. A
/// packet without a flow is kept as a *miss* until the owner takes it, asks the pipeline, puts a
/// flow in and has the packet executed.
///
/// Everything that a packet touches is plain memory behind pointers: no reference is counted, no
/// closure called, nothing allocated between receive and transmit, except where a packet that is
/// held twice must be copied, and where a port needs super-packets cut. Ports are called once per
/// batch, by ``flush()``.
///
/// Time is the caller's, in milliseconds.
///
/// *Thread safety*: none. Whoever shares a datapath holds one lock around each call; packets of its
/// pool are taken and released under the same lock.
public final class UserspaceDatapath {
    /// As many as OVS's userspace datapath can number.
    public static let maximumPorts: UInt32 = 65536
    /// OVS's default `flow-limit`.
    public static let defaultFlowLimit = 200_000
    /// How often a packet may be recirculated, as in OVS.
    public static let maximumRecirculations = 6
    /// Packets that wait for the owner, of either kind; more are dropped.
    public static let maximumPendingPackets = 1024

    /// What packets live in.
    public let pool: PacketPool
    /// How many flows may be in.
    public var flowLimit = defaultFlowLimit
    /// Tells its flows from those of other threads' datapaths.
    public let number: UInt16
    /// What it shares with other threads' datapaths.
    public let commons: DatapathCommons
    /// Follows connections.
    public var tracker: ConnectionTracker { commons.tracker }
    /// Fragments that wait for the rest of their packets.
    let fragments = FragmentStore()
    /// What is known of connections of the packets at hand.
    var connections: [ConnectionState] = []
    /// What the outer headers said of packets at hand.
    var tunnels: [TunnelMetadata] = []
    /// What ports of tunnels take, by number.
    var tunnelDevices: [UInt32: TunnelDevice] = [:]
    var optionSets = OptionSets()
    /// Where the source ports of tunnels over UDP come from.
    public var sourcePorts: ClosedRange<UInt16> = 32768...61000
    /// The next numbers of outer packets.
    var outerIdentification: UInt16 = 0
    var outerSequences: [UInt32: UInt32] = [:]
    /// How many tags of a packet are looked at (`vlan-limit`).
    public var maximumTags = 2
    /// Where packets to sample come from.
    var sampling = SamplingSource()
    /// What forwards packets of some flows below the datapath.
    public var offload: (any FlowOffload)?
    /// Tells the time when an offload is asked what it has counted.
    public var offloadClock: () -> UInt64 = { 0 }
    /// Packets that came up from there, from one port.
    let offloadedBatch = PacketBatch()

    /// What actions and lookups change, behind one pointer so that no access is checked for
    /// exclusivity.
    struct State: ~Copyable {
        var table = MegaflowTable()
        var simple = SimpleMatchTable()
        var cacheSettings = CacheSettings()
        /// The signature-match cache, if it was asked for.
        var signatures: SignatureCache?
        /// Chooses the keys that take the place of others in the exact-match cache, and how many
        /// of `UInt32.max`.
        var displacement = SamplingSource()
        var displacementShare = UInt32.max
        var statistics = DatapathStatistics()
        /// Records of flows, by slot.
        var records: UnsafeMutablePointer<FlowRecord>
        var recordCapacity = 64
        /// Ports by number.
        var ports: UnsafeMutablePointer<PortState>
        var portCapacity = 64
        /// Numbers of ports with packets in their queues.
        var busyPorts = PortList()
        /// Packets that wait for the owner.
        var misses = PendingVector<Miss>()
        var upcalls = PendingVector<Upcall>()
        var now: UInt64 = 0
        /// What came of looks at memory for its nearness alone.
        var warmth: UInt64 = 0
        /// When the subtables were sorted last.
        var sorted: UInt64 = 0

        init() {
            records = FlowRecord.allocate(recordCapacity)
            records.initialize(repeating: FlowRecord(), count: recordCapacity)
            ports = .allocate(capacity: portCapacity)
            ports.initialize(repeating: PortState(), count: portCapacity)
        }

        deinit {
            for slot in 0..<recordCapacity { records[slot].discardProgram() }
            for number in 0..<portCapacity { ports[number].discard() }
            records.deallocate()
            ports.deallocate()
            signatures?.deallocate()
        }
    }

    /// A packet without a flow.
    struct Miss {
        let packet: PacketBuffer
        let key: PackedKey
    }

    /// A packet that an action sent up.
    struct Upcall {
        let packet: PacketBuffer
        let key: PackedKey
        let action: UserspaceAction
    }

    let state: UnsafeMutablePointer<State>
    let cache = ExactMatchCache()
    /// Keys of a batch, one more for each level of recirculation, and one for upcalls.
    let keys: UnsafeMutablePointer<PackedKey>
    /// The hashes of a batch's keys, and one more for a key by itself.
    let hashes: UnsafeMutablePointer<UInt64>
    /// The slots of the flows of a batch, and one more; -1 for a miss.
    let slots: UnsafeMutablePointer<Int>
    /// The flags of a batch's TCP segments.
    let flags: UnsafeMutablePointer<UInt16>
    /// The hash values of a batch's tuples.
    let tupleHashes: UnsafeMutablePointer<UInt32>
    var devices: [(any PacketPort)?] = []
    /// By which of a port's queues this thread sends.
    var senders: [(any PacketPort)?] = []
    /// What a queue becomes for a port that cannot take it as it is.
    var finished = PacketList()
    /// What the hot path need not know of flows, by slot.
    var details: [FlowDetail?] = []
    var freeSlots: [UInt32] = []
    public internal(set) var flowCount = 0

    static var keyCount: Int { PacketBatch.capacity + maximumRecirculations + 2 }

    /// How often the subtables are sorted by their hits, in milliseconds.
    static var sortInterval: UInt64 { 1000 }

    /// - Parameters:
    ///   - number: of the thread that owns it.
    ///   - commons: what it shares with other threads' datapaths; of its own without any.
    public init(
        pool: PacketPool, number: UInt16 = 0, commons: DatapathCommons = DatapathCommons()
    ) {
        self.pool = pool
        self.number = number
        self.commons = commons
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        keys = .allocate(capacity: Self.keyCount)
        keys.initialize(repeating: PackedKey(), count: Self.keyCount)
        hashes = .allocate(capacity: PacketBatch.capacity + 1)
        hashes.initialize(repeating: 0, count: PacketBatch.capacity + 1)
        slots = .allocate(capacity: PacketBatch.capacity + 1)
        slots.initialize(repeating: -1, count: PacketBatch.capacity + 1)
        flags = .allocate(capacity: PacketBatch.capacity)
        flags.initialize(repeating: 0, count: PacketBatch.capacity)
        tupleHashes = .allocate(capacity: PacketBatch.capacity)
        tupleHashes.initialize(repeating: 0, count: PacketBatch.capacity)
    }

    deinit {
        discardPending()
        state.deinitialize(count: 1)
        state.deallocate()
        keys.deallocate()
        hashes.deallocate()
        slots.deallocate()
        flags.deallocate()
        tupleHashes.deallocate()
    }

    /// What was counted of lookups since the start.
    public var statistics: DatapathStatistics { state.pointee.statistics }

    /// Counts the time that the owner took for packets that went up.
    public func noteUpcalls(cycles: UInt64) {
        state.pointee.statistics.upcallCycles &+= cycles
    }

    /// Counts from zero again, as `pmd-stats-clear` asks.
    public func clearStatistics() { state.pointee.statistics = DatapathStatistics() }

    /// How many masks are in use.
    public var maskCount: Int { state.pointee.table.subtableCount }

    // MARK: Packets

    /// Takes the packets of `batch`, which came in on `inPort`, and empties it.
    ///
    /// The holds on the packets go over to the datapath. Output waits in queues until ``flush()``.
    public func receive(_ batch: PacketBatch, from inPort: UInt32, now: UInt64) {
        state.pointee.now = now
        police(batch, from: inPort)
        let count = batch.count
        let packets = batch.packets
        if now &- state.pointee.sorted >= Self.sortInterval {
            state.pointee.sorted = now
            state.pointee.table.sort()
            if fragments.count > 0 { fragments.expire(now, releasingTo: pool) }
        }
        state.pointee.statistics.receivedPackets &+= UInt64(truncatingIfNeeded: count)
        if state.pointee.simple.covers(inPort) {
            findSimple(packets, count, inPort)
        } else {
            for index in 0..<count { slots[index] = -1 }
        }
        parse(packets, count, inPort)
        find(count, from: inPort)

        var index = 0
        while index < count {
            let slot = slots[index]
            var end = index &+ 1
            while end < count, slots[end] == slot { end &+= 1 }
            if slot >= 0 {
                forward(packets, index..<end, slot, inPort)
            } else {
                for missed in index..<end { addMiss(packets[missed], keys + missed) }
            }
            index = end
        }
        batch.removeAll()
    }

    /// Finds the flows of packets from a port that has only simple ones.
    private func findSimple(
        _ packets: UnsafeMutablePointer<PacketBuffer>, _ count: Int, _ port: UInt32
    ) {
        var found: UInt64 = 0
        for index in 0..<count {
            let packet = packets[index]
            let frame = RawSpan(_unsafeStart: packet.start, byteCount: packet.byteCount)
            slots[index] = -1
            guard let simple = PacketParser.simpleBits(frame) else { continue }
            let slot = state.pointee.simple.find(SimpleMatchTable.key(port, simple.bits))
            slots[index] = slot
            flags[index] = simple.tcpFlags
            found &+= slot >= 0 ? 1 : 0
        }
        state.pointee.statistics.simpleHits &+= found
    }

    /// Drops what the port may not let in.
    @inline(__always)
    private func police(_ batch: PacketBatch, from number: UInt32) {
        guard Int(number) < state.pointee.portCapacity else { return }
        let port = state.pointee.ports + Int(number)
        guard let policing = port.pointee.policing else { return }
        policing.takeUnretainedValue().withState { policing in
            policing.fill(now: state.pointee.now)
            var kept = 0
            for index in 0..<batch.count {
                let packet = batch.packets[index]
                if policing.admits(byteCount: packet.byteCount) {
                    batch.packets[kept] = packet
                    kept += 1
                } else {
                    port.pointee.counters.receiveDrops &+= 1
                    pool.release(packet)
                }
            }
            batch.shorten(to: kept)
        }
    }

    /// Parses the packets of a batch whose flows are not known into ``keys``, and counts all.
    @inline(__always)
    private func parse(_ packets: UnsafeMutablePointer<PacketBuffer>, _ count: Int, _ port: UInt32)
    {
        var metadata = PacketParser.Metadata(inPort: port)
        metadata.maximumTags = maximumTags
        var octets: UInt64 = 0
        let seed = KeyHash.seed
        for index in 0..<count {
            let packet = packets[index]
            packet.inPort = port
            let byteCount = packet.byteCount
            octets &+= UInt64(truncatingIfNeeded: byteCount)
            guard slots[index] < 0 else { continue }
            let frame = RawSpan(_unsafeStart: packet.start, byteCount: byteCount)
            PacketParser.parse(frame, metadata, into: &keys[index])
            hashes[index] = KeyHash.hash(keys + index, seed)
            flags[index] = (keys + index).tcpFlags
        }
        guard Int(port) < state.pointee.portCapacity else { return }
        let counters = state.pointee.ports + Int(port)
        counters.pointee.counters.receivedPackets &+= UInt64(truncatingIfNeeded: count)
        counters.pointee.counters.receivedOctets &+= octets
    }

    /// Counts packets of one flow, and executes its actions on each.
    @inline(__always)
    private func forward(
        _ packets: UnsafeMutablePointer<PacketBuffer>, _ range: Range<Int>, _ slot: Int,
        _ inPort: UInt32
    ) {
        let record = state.pointee.records + slot
        var octets: UInt64 = 0
        var flags: UInt16 = 0
        for index in range {
            octets &+= UInt64(truncatingIfNeeded: packets[index].byteCount)
            flags |= self.flags[index]
        }
        record.pointee.packets &+= UInt64(truncatingIfNeeded: range.count)
        record.pointee.octets &+= octets
        record.pointee.tcpFlags |= flags
        record.pointee.lastUsed = state.pointee.now
        let output = record.pointee.output
        if output != FlowRecord.noOutput {
            for index in range { enqueue(packets[index], output) }
            return
        }
        if range.count > 1, let zone = record.pointee.trackingZone {
            warm(packets, range, zone: zone)
        }
        for index in range {
            var execution = Execution(inPort: inPort)
            runFlow(slot, packets[index], &execution)
        }
    }

    /// Counts one packet of a flow.
    func count(_ packet: PacketBuffer, _ key: UnsafePointer<PackedKey>, _ slot: Int) {
        let record = state.pointee.records + slot
        record.pointee.packets &+= 1
        record.pointee.octets &+= UInt64(truncatingIfNeeded: packet.byteCount)
        record.pointee.tcpFlags |= key.tcpFlags
        record.pointee.lastUsed = state.pointee.now
    }
}

extension UnsafePointer<PackedKey> {
    /// The flags of a TCP packet; 0 for others.
    @inline(__always)
    var tcpFlags: UInt16 {
        // The transport word is the last but one of a key's words at most (`KeyWord`).
        guard pointee.map &>> UInt64(KeyWord.transport) == 1 else { return 0 }
        return UInt16(truncatingIfNeeded: pointee.words[unchecked: pointee.count &- 1] &>> 16)
    }
}

extension UnsafeMutablePointer<PackedKey> {
    @inline(__always)
    var tcpFlags: UInt16 { UnsafePointer(self).tcpFlags }
}
