import Bytes

/// A value with its number behind the fixed part of a netlink message.
///
///      0                   1                   2                   3
///     +-------------------------------+-------------------------------+
///     |             length            |             type              |
///     +-------------------------------+-------------------------------+
///     | value, padded to a multiple of four octets …
///     +---------------------------------------------------------------
public struct NetlinkAttribute: Hashable, Sendable {
    /// The bits of the type that say how the value is built.
    static let markMask: UInt16 = 0xc000

    public var number: UInt16
    public var value: [UInt8]

    public init(_ number: UInt16, _ value: [UInt8]) {
        self.number = number
        self.value = value
    }

    public init(_ number: UInt16, native value: some FixedWidthInteger) {
        self.number = number
        self.value = []
        self.value.append(native: value)
    }

    /// Text with a closing zero.
    public init(_ number: UInt16, text: String) {
        self.init(number, Array(text.utf8) + [0])
    }

    /// Attributes within an attribute.
    public init(_ number: UInt16, nested attributes: [NetlinkAttribute]) {
        self.init(number | 0x8000, Self.encode(attributes))
    }

    public static func encode(_ attributes: [NetlinkAttribute]) -> [UInt8] {
        var octets: [UInt8] = []
        for attribute in attributes {
            octets.append(native: UInt16(4 + attribute.value.count))
            octets.append(native: attribute.number)
            octets += attribute.value
            octets.pad()
        }
        return octets
    }

    public static func parse(_ octets: ArraySlice<UInt8>) throws(NetlinkError) -> [Self] {
        var attributes: [Self] = []
        var start = octets.startIndex
        while octets.endIndex - start >= 4 {
            let header = Array(octets[start..<(start + 4)])
            let length = Int(header.span.octets.native(UInt16.self, at: 0))
            let number = header.span.octets.native(UInt16.self, at: 2)
            guard length >= 4 else { throw .badLength }
            guard length <= octets.endIndex - start else { throw .truncated }
            let value = Array(octets[(start + 4)..<(start + length)])
            attributes.append(Self(number & ~markMask, value))
            start += (length + 3) & ~3
        }
        return attributes
    }

    /// The value as a number of its own width; `nil` if it is shorter.
    public func number<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> Value? {
        guard value.count >= MemoryLayout<Value>.size else { return nil }
        return value.span.octets.native(Value.self, at: 0)
    }

    /// The value as text, without its closing zero.
    public var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }
}
