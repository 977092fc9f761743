import Bytes

/// The counters of a rule or of several, as OpenFlow 1.5 sends them: fields of class 0x8002 behind
/// a length of their own (OpenFlow 1.5.1 §7.2.4, "OXS").
///
/// ```
///  0                16               32
/// +----------------+----------------+-----------------+-----+
/// | 0              | length         | fields …        | pad |
/// +----------------+----------------+-----------------+-----+
/// ```
struct FlowCounters {
    private enum Kind {
        static var duration: UInt32 { 0 }
        static var idleTime: UInt32 { 1 }
        static var flowCount: UInt32 { 3 }
        static var packetCount: UInt32 { 4 }
        static var byteCount: UInt32 { 5 }
    }

    private static var basicClass: UInt32 { 0x8002 }

    var duration: Duration?
    var idleTime: Duration?
    var flowCount: UInt32?
    var packetCount: UInt64?
    var byteCount: UInt64?

    init() {}

    /// Reads the fields; those of unknown classes and types are skipped.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        guard reader.remaining >= 4 else { throw .matchBadLength }
        try reader.skip(2)
        let length = Int(try reader.uint16())
        guard length >= 4, length - 4 <= reader.remaining else { throw .matchBadLength }
        var part = try reader.part(length - 4, lengthError: .matchBadLength)
        while !part.isAtEnd {
            let header = try part.uint32()
            var body = try part.part(Int(header & 0xff), lengthError: .matchBadLength)
            guard header >> 16 == Self.basicClass else { continue }
            switch header >> 9 & 0x7f {
            case Kind.duration: duration = try body.duration()
            case Kind.idleTime: idleTime = try body.duration()
            case Kind.flowCount: flowCount = try body.uint32()
            case Kind.packetCount: packetCount = try body.uint64()
            case Kind.byteCount: byteCount = try body.uint64()
            default: break
            }
        }
        try reader.skip(min(MatchDecoder.padding(length), reader.remaining))
    }

    func encode(into writer: inout OctetWriter) {
        let start = writer.count
        writer.appendZeros(4)
        if let duration {
            Self.header(Kind.duration, 8, into: &writer)
            writer.append(duration)
        }
        if let idleTime {
            Self.header(Kind.idleTime, 8, into: &writer)
            writer.append(idleTime)
        }
        if let packetCount {
            Self.header(Kind.packetCount, 8, into: &writer)
            writer.append(packetCount)
        }
        if let byteCount {
            Self.header(Kind.byteCount, 8, into: &writer)
            writer.append(byteCount)
        }
        if let flowCount {
            Self.header(Kind.flowCount, 4, into: &writer)
            writer.append(flowCount)
        }
        writer.set16(at: start + 2, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }

    private static func header(
        _ kind: UInt32, _ byteCount: UInt32, into writer: inout OctetWriter
    ) {
        writer.append(basicClass << 16 | kind << 9 | byteCount)
    }
}
