/// The type of a column: how many keys, or pairs of key and value, of which types (`<type>`,
/// RFC 7047 §3.2).
public struct ColumnType: Hashable, Sendable {
    /// What `"unlimited"` means: as many as Open vSwitch counts.
    public static let unlimited = Int(UInt32.max)

    public let key: BaseType
    public let value: BaseType?
    public let minimum: Int
    public let maximum: Int

    public init(_ key: BaseType, _ value: BaseType? = nil, minimum: Int = 1, maximum: Int = 1) {
        self.key = key
        self.value = value
        self.minimum = minimum
        self.maximum = maximum
    }

    public static func optional(_ key: BaseType) -> ColumnType {
        ColumnType(key, minimum: 0)
    }

    public static func set(of key: BaseType) -> ColumnType {
        ColumnType(key, minimum: 0, maximum: unlimited)
    }

    public static func map(_ key: BaseType, to value: BaseType) -> ColumnType {
        ColumnType(key, value, minimum: 0, maximum: unlimited)
    }

    public var isMap: Bool { value != nil }
    public var isScalar: Bool { minimum == 1 && maximum == 1 && value == nil }
    public var isOptionalScalar: Bool { minimum == 0 && maximum == 1 && value == nil }

    /// Whether one atom alone, without a bracket, is what the column usually holds.
    public var isComposite: Bool { maximum > 1 }

    /// What a new row holds in the column.
    public var defaultDatum: Datum {
        guard minimum > 0 else { return .empty }
        return Datum(
            sortedKeys: [key.type.defaultAtom],
            values: value.map { [$0.type.defaultAtom] } ?? [])
    }

    /// The type in English, as error messages name it.
    public var english: String {
        guard let value else {
            return isScalar ? key.type.rawValue : "set of \(englishCount)\(key.type.rawValue)s"
        }
        return "map of \(englishCount)(\(key.type.rawValue), \(value.type.rawValue)) pairs"
    }

    private var englishCount: String {
        switch (minimum, maximum == Self.unlimited) {
        case (0, true): ""
        case (_, true): "\(minimum) or more "
        case (0, false): "up to \(maximum) "
        default: minimum == maximum ? "\(minimum) " : "\(minimum) to \(maximum) "
        }
    }
}
