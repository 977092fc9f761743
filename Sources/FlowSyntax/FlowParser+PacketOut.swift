public import FlowModel

/// What a packet-out text says (ovs-ofctl(8), "Packet-Out Syntax").
public struct PacketOutDescription: Sendable {
    public var inPort: PortNumber = .controller
    /// Fields that the packet has besides its port, such as registers.
    public var metadata = Match()
    /// Hexadecimal digits.
    public var packet: String?
    public var actions: [Action] = []
    /// The versions that have all of its actions.
    public var formats = FlowFormats.all
}

extension FlowParser {
    public mutating func packetOut(
        _ text: String
    ) throws(SyntaxError) -> PacketOutDescription {
        var description = PacketOutDescription()
        var fields = text
        if let range = Self.actionsRange(of: text) {
            fields = String(text[..<range.lowerBound])
            description.actions = try plainActions(
                String(text[range.upperBound...]), formats: &description.formats)
        }
        var scanner = KeyValueScanner(TextPiece(fields))
        var others: [String] = []
        while let pair = try scanner.next() {
            switch pair.key.string {
            case "in_port":
                guard let port = port(pair.value) else {
                    throw SyntaxError("\(pair.value.string) is not a valid OpenFlow port")
                }
                description.inPort = port
            case "packet": description.packet = pair.value.string
            case "packet_type": break
            default:
                others.append("\(pair.key.string)=\(pair.value.string)")
            }
        }
        if !others.isEmpty {
            description.metadata = try match(others.joined(separator: ",")).match
        }
        return description
    }

    private static func actionsRange(of text: String) -> Range<String.Index>? {
        var index = text.startIndex
        while index < text.endIndex {
            for word in ["actions=", "action="] where text[index...].hasPrefix(word) {
                return index..<text.index(index, offsetBy: word.count)
            }
            index = text.index(after: index)
        }
        return nil
    }
}
