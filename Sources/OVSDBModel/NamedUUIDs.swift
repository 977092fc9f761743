/// The rows that one transaction names before they exist (`uuid-name`, `named-uuid`).
///
/// A name may be used before the insertion that defines it, so the first mention decides the UUID.
public struct NamedUUIDs: Sendable {
    private struct Entry {
        var uuid: UUID
        var isDefined: Bool
    }

    private var entries: [String: Entry] = [:]

    public init() {}

    /// The UUID that a name stands for.
    public mutating func uuid(for name: String, make: () -> UUID) -> UUID {
        if let entry = entries[name] { return entry.uuid }
        let uuid = make()
        entries[name] = Entry(uuid: uuid, isDefined: false)
        return uuid
    }

    /// Says that a row with this name now exists; nil where one did already.
    ///
    /// - Parameter wanted: The UUID that the insertion itself asks for; where the name was used
    ///   before, that use meant another row.
    public mutating func define(_ name: String, wanted: UUID?, make: () -> UUID) -> UUID? {
        if let entry = entries[name] {
            guard !entry.isDefined else { return nil }
            let uuid = wanted ?? entry.uuid
            entries[name] = Entry(uuid: uuid, isDefined: true)
            return uuid
        }
        let uuid = wanted ?? make()
        entries[name] = Entry(uuid: uuid, isDefined: true)
        return uuid
    }

    /// The names that were used and not defined, sorted.
    public var undefinedNames: [String] {
        entries.filter { !$0.value.isDefined }.map(\.key).sorted()
    }

    /// Whether a text may be the name of a row or of a column (`<id>` in RFC 7047 §3.1).
    public static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.dropFirst().allSatisfy {
            isLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
        }
    }

    private static func isLetter(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// What a parser of row values needs beside the text: the names, and how new UUIDs are made.
public struct NamingContext: Sendable {
    public var names = NamedUUIDs()
    private let makeUUID: @Sendable () -> UUID

    public init(makeUUID: @escaping @Sendable () -> UUID = { UUID.random() }) {
        self.makeUUID = makeUUID
    }

    public mutating func uuid(for name: String) -> UUID {
        names.uuid(for: name, make: makeUUID)
    }

    public mutating func define(_ name: String, wanted: UUID? = nil) -> UUID? {
        names.define(name, wanted: wanted, make: makeUUID)
    }

    public func freshUUID() -> UUID { makeUUID() }
}
