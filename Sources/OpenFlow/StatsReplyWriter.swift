public import Bytes
public import FlowModel

/// Writes an answer to a ``StatsRequest`` entry by entry, in as many messages as it takes.
///
/// A dump of 100,000 rules is some 200 messages. The obvious way, a list of values that is encoded
/// at the end, would hold them all twice; this writes each into the buffer as it comes, and moves
/// the one that does not fit any more into the next message. Appending costs the entry's own size.
public struct StatsReplyWriter: Sendable {
    /// What is answered.
    public enum Kind: UInt16, Hashable, Sendable {
        case description = 0
        case flow = 1
        case aggregate = 2
        case table = 3
        case port = 4
        case queue = 5
        case group = 6
        case groupDescription = 7
        case groupFeatures = 8
        case meter = 9
        case meterConfig = 10
        case meterFeatures = 11
        case tableFeatures = 12
        case portDescription = 13
        case tableDescription = 14
        case queueDescription = 15
        case flowMonitor = 16
    }

    private static var moreFlag: UInt8 { 1 }
    /// Where the flags' low octet is in a message.
    private static var flagsOffset: Int { 11 }

    private let dialect: Dialect
    private let xid: UInt32
    private let header: StatsHeader
    private var writer: OctetWriter
    private var messageStart = 0

    /// - Parameter dialect: what ``StatsRequest/replyDialect(_:)`` says.
    public init(
        _ kind: Kind, _ dialect: Dialect, xid: UInt32, writer: OctetWriter = OctetWriter()
    ) {
        self.dialect = dialect
        self.xid = xid
        self.writer = writer
        header = StatsHeader(kind.rawValue, dialect)
        begin()
    }

    private mutating func begin() {
        messageStart = writer.count
        writer.append(dialect.version.rawValue)
        writer.append(MessageType.statsReply(dialect.version))
        writer.append(UInt16(0))
        writer.append(xid)
        header.encode(into: &writer)
    }

    /// Sets the length of the message at hand.
    private mutating func end(hasMore: Bool) {
        writer.set16(at: messageStart + 2, to: writer.count - messageStart)
        if hasMore { writer.set8(at: messageStart + Self.flagsOffset, to: Self.moreFlag) }
    }

    /// Moves what was appended from `start` on to a new message, if it is too much for this one.
    private mutating func splitIfNeeded(_ start: Int) {
        guard writer.count - messageStart > 0xffff else { return }
        let entry = Array(writer.octets[start...])
        writer.truncate(to: start)
        end(hasMore: true)
        begin()
        writer.append(contentsOf: entry)
    }

    /// Appends one entry.
    private mutating func append(entry: some StatsEntry) {
        let start = writer.count
        entry.encode(dialect, into: &writer)
        splitIfNeeded(start)
    }

    public mutating func append(_ flow: FlowStatsEntry) { append(entry: flow) }
    public mutating func append(_ stats: TableStats) { append(entry: stats) }
    public mutating func append(_ stats: PortStats) { append(entry: stats) }
    public mutating func append(_ stats: QueueStats) { append(entry: stats) }
    public mutating func append(_ port: PortDescription) { append(entry: port) }
    public mutating func append(_ features: TableFeatures) { append(entry: features) }
    public mutating func append(_ stats: GroupStats) { append(entry: stats) }
    public mutating func append(_ group: GroupDescription) { append(entry: group) }
    public mutating func append(_ stats: MeterStats) { append(entry: stats) }
    public mutating func append(_ meter: MeterConfig) { append(entry: meter) }
    public mutating func append(_ table: TableMod) { append(entry: table) }
    public mutating func append(_ queue: QueueDescription) { append(entry: queue) }
    public mutating func append(_ update: FlowUpdate) { append(entry: update) }
    public mutating func append(_ stats: AggregateStats) { append(entry: stats) }
    public mutating func append(_ description: SwitchDescription) { append(entry: description) }
    public mutating func append(_ features: GroupFeatures) { append(entry: features) }
    public mutating func append(_ features: MeterFeatures) { append(entry: features) }

    /// Ends the last message and hands over all of them.
    ///
    /// - Parameter hasMore: further parts follow that another writer makes.
    public consuming func finish(hasMore: Bool = false) -> OctetWriter {
        end(hasMore: hasMore)
        return writer
    }
}

/// One entry of an answer to a request for statistics.
protocol StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter)
}

extension FlowStatsEntry: StatsEntry {}
extension TableStats: StatsEntry {}
extension PortStats: StatsEntry {}
extension PortDescription: StatsEntry {}
extension QueueStats: StatsEntry {}
extension GroupStats: StatsEntry {}
extension GroupDescription: StatsEntry {}

extension TableFeatures: StatsEntry {}
extension MeterStats: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) { encode(into: &writer) }
}

extension MeterConfig: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) { encode(into: &writer) }
}

extension MeterFeatures: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) { encode(into: &writer) }
}

extension GroupFeatures: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) { encode(into: &writer) }
}

extension QueueDescription: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) { encode(into: &writer) }
}

extension SwitchDescription: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) { encode(into: &writer) }
}

extension TableMod: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        encodeDescription(into: &writer)
    }
}

extension AggregateStats: StatsEntry {
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        guard dialect.version >= .v15 else {
            writer.append(packetCount)
            writer.append(byteCount)
            writer.append(flowCount)
            return writer.appendZeros(4)
        }
        var counters = FlowCounters()
        counters.packetCount = packetCount
        counters.byteCount = byteCount
        counters.flowCount = flowCount
        counters.encode(into: &writer)
    }
}
