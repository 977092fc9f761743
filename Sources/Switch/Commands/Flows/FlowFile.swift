/// A file of flows for `dpctl/add-flows`, `dpctl/mod-flows` and `dpctl/del-flows` (ovs-dpctl(8)).
///
/// A line holds a flow and, unless it is to be deleted, actions; `add`, `modify` or `delete` before
/// them says what is to be done with it where that is not what the command does.
public struct FlowFile {
    /// A line that means something, or the complaint about it.
    public typealias Line = Result<Order, CommandError>

    public struct Order: Equatable {
        public let kind: DatapathFlowChange.Kind
        public let flow: String
        /// Empty if the flow is to be deleted.
        public let actions: String
    }

    public let lines: [Line]

    /// - Parameter usual: what is done with a flow where the line does not say.
    public init(_ text: some Sequence<UInt8>, _ usual: DatapathFlowChange.Kind) {
        var lines: [Line] = []
        let all = Array(text).split(separator: 0x0a, omittingEmptySubsequences: false)
        for (index, octets) in all.enumerated() {
            let line = String(decoding: octets.prefix { $0 != 0x23 }, as: UTF8.self)
            var words = line.split { $0.isWhitespace }[...]
            guard let first = words.first else { continue }
            let named = DatapathFlowChange.Kind(rawValue: String(first))
            if named != nil { words.removeFirst() }
            let kind = named ?? usual
            guard words.count == (kind == .delete ? 1 : 2) else {
                lines.append(.failure(Self.complaint(index + 1)))
                continue
            }
            lines.append(
                .success(
                    Order(
                        kind: kind, flow: String(words[words.startIndex]),
                        actions: words.count > 1 ? String(words[words.startIndex + 1]) : "")))
        }
        self.lines = lines
    }

    private static func complaint(_ number: Int) -> CommandError {
        CommandError("ovs-vswitchd: Failed parsing line number \(number), skipped!")
    }
}
