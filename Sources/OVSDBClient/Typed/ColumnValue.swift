public import OVSDBModel

/// A Swift type that stands for what a column of some type holds.
///
/// Scalars stand for themselves, optionals for columns of at most one atom, arrays for sets, and
/// dictionaries for maps. An array that came out of a column is sorted as the database sorts it and
/// has no duplicates; one that goes in may be in any order.
public protocol ColumnValue: Hashable, Sendable {
    init(_ datum: Datum)
    var datum: Datum { get }
}

/// A Swift type of one atom.
public protocol ColumnScalar: ColumnValue {
    /// Nil where the atom is of another type.
    init?(_ atom: Atom)
    var atom: Atom { get }
    /// What a column holds that nobody has set.
    static var initial: Self { get }
}

extension ColumnScalar {
    @inlinable
    public init(_ datum: Datum) {
        self = datum.scalar.flatMap { Self($0) } ?? .initial
    }

    @inlinable
    public var datum: Datum { Datum(atom) }
}

extension Int: ColumnScalar {
    @inlinable
    public init?(_ atom: Atom) {
        guard let value = atom.integer else { return nil }
        self.init(value)
    }

    @inlinable
    public var atom: Atom { .integer(Int64(self)) }

    public static var initial: Int { 0 }
}

extension Double: ColumnScalar {
    @inlinable
    public init?(_ atom: Atom) {
        guard let value = atom.real else { return nil }
        self = value
    }

    @inlinable
    public var atom: Atom { .real(self) }

    public static var initial: Double { 0 }
}

extension Bool: ColumnScalar {
    @inlinable
    public init?(_ atom: Atom) {
        guard let value = atom.boolean else { return nil }
        self = value
    }

    @inlinable
    public var atom: Atom { .boolean(self) }

    public static var initial: Bool { false }
}

extension String: ColumnScalar {
    @inlinable
    public init?(_ atom: Atom) {
        guard let value = atom.string else { return nil }
        self = value
    }

    @inlinable
    public var atom: Atom { .string(self) }

    public static var initial: String { "" }
}

extension UUID: ColumnScalar {
    @inlinable
    public init?(_ atom: Atom) {
        guard let value = atom.uuid else { return nil }
        self = value
    }

    @inlinable
    public var atom: Atom { .uuid(self) }

    public static var initial: UUID { .zero }
}

extension Optional: ColumnValue where Wrapped: ColumnScalar {
    @inlinable
    public init(_ datum: Datum) {
        self = datum.scalar.flatMap { Wrapped($0) }
    }

    @inlinable
    public var datum: Datum { map { Datum($0.atom) } ?? .empty }
}

extension Array: ColumnValue where Element: ColumnScalar {
    @inlinable
    public init(_ datum: Datum) {
        self = datum.keys.compactMap { Element($0) }
    }

    @inlinable
    public var datum: Datum { Datum(set: map(\.atom)) }
}

extension Dictionary: ColumnValue where Key: ColumnScalar, Value: ColumnScalar {
    @inlinable
    public init(_ datum: Datum) {
        self.init(minimumCapacity: datum.count)
        for (key, value) in zip(datum.keys, datum.values) {
            guard let key = Key(key), let value = Value(value) else { continue }
            self[key] = value
        }
    }

    @inlinable
    public var datum: Datum { Datum(map: map { ($0.key.atom, $0.value.atom) }) }
}

/// A string out of those that a schema allows.
///
/// The server's schema may be newer and allow more, so a text that is not known here is a value
/// like any other.
public protocol ColumnChoice: ColumnScalar, RawRepresentable<String>, CustomStringConvertible {
    init(rawValue: String)
}

extension ColumnChoice {
    public init?(_ atom: Atom) {
        guard let text = atom.string else { return nil }
        self.init(rawValue: text)
    }

    public var atom: Atom { .string(rawValue) }
    public static var initial: Self { Self(rawValue: "") }
    public var description: String { rawValue }
}

/// The name of a row of one table, as columns hold it.
public struct Reference<Target: TableRow>: ColumnScalar, Comparable, CustomStringConvertible {
    public let uuid: UUID

    @inlinable
    public init(_ uuid: UUID) { self.uuid = uuid }

    @inlinable
    public init?(_ atom: Atom) {
        guard let uuid = atom.uuid else { return nil }
        self.uuid = uuid
    }

    @inlinable
    public var atom: Atom { .uuid(uuid) }

    public static var initial: Self { Self(UUID.zero) }
    public var description: String { uuid.description }

    public static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}
