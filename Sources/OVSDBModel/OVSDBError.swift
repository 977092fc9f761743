public import JSONRPC

/// An error as the OVSDB protocol reports it (RFC 7047 §3.1): a tag, what is wrong, and the JSON
/// text that is wrong.
public struct OVSDBError: Error, Hashable, Sendable {
    public let tag: String
    public let details: String?
    public let syntax: JSON?

    public init(_ tag: String, _ details: String?, syntax: JSON? = nil) {
        self.tag = tag
        self.details = details
        self.syntax = syntax
    }

    public static func syntax(_ details: String, in json: JSON?) -> OVSDBError {
        OVSDBError("syntax error", details, syntax: json)
    }

    public static func constraint(_ details: String, syntax: JSON? = nil) -> OVSDBError {
        OVSDBError("constraint violation", details, syntax: syntax)
    }

    public static func referentialIntegrity(_ details: String) -> OVSDBError {
        OVSDBError("referential integrity violation", details)
    }

    public static func unknownColumn(_ name: String, table: String, in json: JSON) -> OVSDBError {
        OVSDBError("unknown column", "No column \(name) in table \(table).", syntax: json)
    }

    public var json: JSON {
        var object = JSONObject()
        object["error"] = .string(tag)
        object["details"] = details.map(JSON.string)
        object["syntax"] = syntax.map { .string($0.text(sortsKeys: true)) }
        return .object(object)
    }
}

extension OVSDBError: CustomStringConvertible {
    /// The error in one line, as Open vSwitch's tools print it.
    public var description: String {
        var text = syntax.map { "syntax \"\($0.text(sortsKeys: true))\": " } ?? ""
        text += tag
        if let details { text += ": \(details)" }
        return text
    }
}
