import Bytes

/// The entries of one message of OFPST_FLOW or NXST_FLOW, read one at a time.
///
/// A message of 64 kB has hundreds of entries, and each is a kilobyte of matches when it is read;
/// who prints them needs one.
public struct FlowStatsReader {
    private let octets: [UInt8]
    private let headerByteCount: Int
    private var dialect: Dialect

    /// Takes the octets if they are a whole message of that kind.
    public init?(_ octets: [UInt8]) {
        guard let header = MessageHeader(octets), header.length == octets.count,
            let form = try? MessageForm.of(octets)
        else { return nil }
        self.octets = octets
        headerByteCount = form.headerByteCount
        dialect = Dialect(version: header.version)
        switch form.name {
        case "OFPST_FLOW reply": dialect.flowFormat = .openFlow10
        case "NXST_FLOW reply": dialect.flowFormat = .nxm
        default: return nil
        }
    }

    /// Hands each entry to `body`.
    ///
    /// - Returns: what is wrong with the entry after them, if one is wrong.
    public func forEach(_ body: (FlowStatsEntry) -> Void) -> OpenFlowError? {
        var reader = MessageReader(octets.span.octets)
        do throws(OpenFlowError) {
            try reader.skip(headerByteCount)
            while !reader.isAtEnd { body(try FlowStatsEntry(&reader, dialect)) }
            return nil
        } catch {
            return error
        }
    }
}
