import Bytes

extension OctetWriter {
    /// Appends a message: the header, then what `body` appends; a message that is too long for
    /// its length field is taken back.
    mutating func message(
        _ type: UInt8, _ dialect: Dialect, _ xid: UInt32, body: (inout OctetWriter) -> Void
    ) {
        let start = count
        append(dialect.version.rawValue)
        append(type)
        append(UInt16(0))
        append(xid)
        body(&self)
        set16(at: start + 2, to: count - start)
        if hasOverflowed { truncate(to: start) }
    }

    /// Appends one of Nicira's messages.
    mutating func nicira(
        _ subtype: UInt32, _ dialect: Dialect, _ xid: UInt32, body: (inout OctetWriter) -> Void
    ) {
        message(MessageType.experimenter, dialect, xid) {
            $0.append(ExperimenterID.nicira)
            $0.append(subtype)
            body(&$0)
        }
    }

    /// Appends seconds and nanoseconds.
    mutating func append(_ duration: Duration) {
        let parts = duration.components
        append(UInt32(clamping: parts.seconds))
        append(UInt32(clamping: parts.attoseconds / 1_000_000_000))
    }

    /// Appends seconds and nanoseconds, all ones for an unknown time.
    mutating func append(_ duration: Duration?) {
        guard let duration else {
            append(UInt32.max)
            return append(UInt32.max)
        }
        append(duration)
    }
}

extension MessageReader {
    /// Reads seconds and nanoseconds.
    mutating func duration() throws(OpenFlowError) -> Duration {
        let seconds = try uint32()
        return .seconds(Int64(seconds)) + .nanoseconds(Int64(try uint32()))
    }

    /// Reads seconds and nanoseconds, all ones for an unknown time.
    mutating func optionalDuration() throws(OpenFlowError) -> Duration? {
        let seconds = try uint32()
        let nanoseconds = try uint32()
        guard seconds != .max || nanoseconds != .max else { return nil }
        return .seconds(Int64(seconds)) + .nanoseconds(Int64(nanoseconds))
    }
}
