/// The type of a column's keys or values, with its constraints (`<base-type>`, RFC 7047 §3.2).
public struct BaseType: Hashable, Sendable {
    public let type: AtomType

    /// The values that are allowed, sorted; nil for all.
    public var enumeration: [Atom]?
    public var minimumInteger: Int64?
    public var maximumInteger: Int64?
    public var minimumReal: Double?
    public var maximumReal: Double?

    /// In characters.
    public var minimumLength: Int?
    /// In characters.
    public var maximumLength: Int?

    /// The table in which a UUID names a row.
    public var refTable: String?

    /// Whether such a reference may dangle, in which case it vanishes, and keeps no row alive.
    public var isWeak = false

    public init(_ type: AtomType) { self.type = type }

    public static var integer: BaseType { BaseType(.integer) }
    public static var real: BaseType { BaseType(.real) }
    public static var boolean: BaseType { BaseType(.boolean) }
    public static var string: BaseType { BaseType(.string) }
    public static var uuid: BaseType { BaseType(.uuid) }

    public static func integer(_ minimum: Int64?, _ maximum: Int64?) -> BaseType {
        var base = BaseType(.integer)
        base.minimumInteger = minimum
        base.maximumInteger = maximum
        return base
    }

    public static func oneOf(_ names: String...) -> BaseType {
        var base = BaseType(.string)
        base.enumeration = names.sorted().map(Atom.string)
        return base
    }

    public static func reference(_ table: String) -> BaseType {
        var base = BaseType(.uuid)
        base.refTable = table
        return base
    }

    public static func weakReference(_ table: String) -> BaseType {
        var base = reference(table)
        base.isWeak = true
        return base
    }

    public var isStrongReference: Bool { refTable != nil && !isWeak }

    public var hasConstraints: Bool {
        enumeration != nil || minimumInteger != nil || maximumInteger != nil
            || minimumReal != nil || maximumReal != nil
            || minimumLength != nil || maximumLength != nil
    }
}

extension BaseType {
    /// Throws where the constraints forbid an atom of this type.
    public func check(_ atom: Atom) throws(OVSDBError) {
        guard hasConstraints else { return }
        if let enumeration {
            guard enumeration.contains(atom) else {
                let allowed = Datum(sortedKeys: enumeration).text(type: .set(of: self))
                throw .constraint(
                    "\(atom.text) is not one of the allowed values (\(allowed))")
            }
            return
        }
        switch atom {
        case .integer(let value):
            try checkRange(value, minimumInteger, maximumInteger) { String($0) }
        case .real(let value):
            try checkRange(value, minimumReal, maximumReal) { Atom.real($0).text }
        case .string(let value):
            try checkLength(value)
        case .boolean, .uuid:
            break
        }
    }

    private func checkRange<Value: Comparable>(
        _ value: Value, _ minimum: Value?, _ maximum: Value?, text: (Value) -> String
    ) throws(OVSDBError) {
        if value >= minimum ?? value && value <= maximum ?? value { return }
        switch (minimum, maximum) {
        case (let minimum?, let maximum?):
            throw .constraint(
                "\(text(value)) is not in the valid range \(text(minimum)) to \(text(maximum)) "
                    + "(inclusive)")
        case (let minimum?, nil):
            throw .constraint(
                "\(text(value)) is less than minimum allowed value \(text(minimum))")
        case (nil, let maximum?):
            throw .constraint(
                "\(text(value)) is greater than maximum allowed value \(text(maximum))")
        case (nil, nil):
            break
        }
    }

    private func checkLength(_ value: String) throws(OVSDBError) {
        let length = value.unicodeScalars.count
        if let minimumLength, length < minimumLength {
            throw .constraint(
                "\"\(value)\" length \(length) is less than minimum allowed length \(minimumLength)"
            )
        }
        if let maximumLength, length > maximumLength {
            throw .constraint(
                "\"\(value)\" length \(length) is greater than maximum allowed length "
                    + "\(maximumLength)")
        }
    }
}
