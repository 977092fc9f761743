import Bytes

/// The twelve bits beside a TCP header's length, reserved ones included.
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static var fin: Self { .init(rawValue: 0x01) }
    public static var syn: Self { .init(rawValue: 0x02) }
    public static var rst: Self { .init(rawValue: 0x04) }
    public static var psh: Self { .init(rawValue: 0x08) }
    public static var ack: Self { .init(rawValue: 0x10) }
    public static var urg: Self { .init(rawValue: 0x20) }
    public static var ece: Self { .init(rawValue: 0x40) }
    public static var cwr: Self { .init(rawValue: 0x80) }
}

/// A TCP header without options, as a value.
public struct TCPHeader: Hashable, Sendable {
    public static let byteCount = TCPLayout.fixedByteCount

    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequenceNumber: UInt32 = 0
    public var acknowledgementNumber: UInt32 = 0
    public var flags: TCPFlags = []
    public var window: UInt16 = 0
    public var checksum: UInt16 = 0
    public var urgentPointer: UInt16 = 0

    public init(from sourcePort: UInt16, to destinationPort: UInt16) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }

    /// The header without its options.
    public init(_ view: borrowing TCPHeaderView) {
        self.init(from: view.sourcePort, to: view.destinationPort)
        sequenceNumber = view.sequenceNumber
        acknowledgementNumber = view.acknowledgementNumber
        flags = view.flags
        window = view.window
        checksum = view.checksum
        urgentPointer = view.urgentPointer
    }

    /// Writes the header over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(TCPLayout.sourcePort, to: sourcePort)
        output.set(TCPLayout.destinationPort, to: destinationPort)
        output.set(TCPLayout.sequenceNumber, to: sequenceNumber)
        output.set(TCPLayout.acknowledgementNumber, to: acknowledgementNumber)
        output.set(TCPLayout.headerWords, to: 5)
        output.set(TCPLayout.flags, to: flags.rawValue & 0xfff)
        output.set(TCPLayout.window, to: window)
        output.set(TCPLayout.checksum, to: checksum)
        output.set(TCPLayout.urgentPointer, to: urgentPointer)
    }
}
