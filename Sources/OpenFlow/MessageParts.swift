import Bytes
public import FlowModel

/// Parts of messages by themselves, for tools that show how things are encoded.
public enum MessageParts {
    /// Actions to the end of the octets.
    public static func actions(
        _ octets: [UInt8], _ version: OpenFlowVersion
    ) throws(OpenFlowError) -> [Action] {
        guard octets.count % 8 == 0 else { throw .requestBadLength }
        var reader = MessageReader(octets.span.octets, lengthError: .actionBadLength)
        return try ActionDecoder(version: version).decodeActions(&reader)
    }

    /// Instructions to the end of the octets.
    public static func instructions(
        _ octets: [UInt8], _ version: OpenFlowVersion
    ) throws(OpenFlowError) -> [Action] {
        guard octets.count % 8 == 0 else { throw .requestBadLength }
        var reader = MessageReader(octets.span.octets, lengthError: .instructionBadLength)
        return try ActionDecoder(version: version).decodeBehavior(&reader)
    }

    /// A match with the cookie that NXM can carry.
    public struct ExtendedMatch {
        public var match = Match()
        public var cookie: UInt64 = 0
        public var cookieMask: UInt64 = 0
    }

    /// The match of type-length-values, without padding.
    ///
    /// - Parameter isForgiving: fields that are unknown are passed over.
    public static func extendedMatch(
        _ octets: [UInt8], isForgiving: Bool = false
    ) throws(OpenFlowError) -> ExtendedMatch {
        var reader = MessageReader(octets.span.octets, lengthError: .matchBadLength)
        var options: MatchDecoder.Options = .allowsCookie
        if isForgiving { options.insert(.skipsUnknown) }
        let result = try MatchDecoder.decode(&reader, options: options)
        return ExtendedMatch(
            match: result.match, cookie: result.cookie, cookieMask: result.cookieMask)
    }

    /// Type-length-values of NXM for OpenFlow 1.0, of OXM for later versions.
    public static func octets(_ extended: ExtendedMatch, _ version: OpenFlowVersion) -> [UInt8] {
        var writer = OctetWriter()
        let encoder = MatchEncoder(version: version)
        encoder.encode(extended.match, into: &writer)
        encoder.encodeCookie(extended.cookie, mask: extended.cookieMask, into: &writer)
        return writer.takeOctets()
    }

    /// Octets of the match of OpenFlow 1.0, and of that of 1.1.
    public static var match10ByteCount: Int { OpenFlow10Match.byteCount }
    public static var match11ByteCount: Int { OpenFlow11Match.byteCount }

    /// The match of OpenFlow 1.0 or 1.1, which have one of a fixed size.
    public static func fixedMatch(
        _ octets: [UInt8], _ version: OpenFlowVersion
    ) throws(OpenFlowError) -> Match {
        var reader = MessageReader(octets.span.octets)
        if version == .v10 { return try OpenFlow10Match.decode(&reader) }
        return try MatchDecoder.decodeStandard(&reader, .v11)
    }

    /// The octets of a match in OpenFlow 1.0 or 1.1.
    public static func fixedOctets(_ match: Match, _ version: OpenFlowVersion) -> [UInt8] {
        var writer = OctetWriter()
        if version == .v10 {
            OpenFlow10Match.encode(match, into: &writer)
        } else {
            OpenFlow11Match.encode(match, into: &writer)
        }
        return writer.takeOctets()
    }
}
