/// One line of an explanation, and what it led to.
public struct TraceNode: Sendable {
    public enum Kind: Sendable {
        case bridge, table, action
        /// ` -> `: what an action did.
        case detail
        /// ` >> `: why an action did nothing.
        case warning
        /// ` >>>> … <<<<`: why the packet is lost.
        case error
    }

    public let kind: Kind
    public let text: String
    public var children: [TraceNode] = []

    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    /// Whether the line stands for itself, so that what follows is indented below it.
    private var isTerminal: Bool {
        switch kind {
        case .bridge, .table: false
        case .action, .detail, .warning, .error: true
        }
    }

    /// The nodes as `ofproto/trace` prints them.
    ///
    /// A table or bridge that nothing follows is not indented, so that a pipeline of `goto_table`
    /// reads as one column.
    public static func text(of nodes: [TraceNode], level: Int = 0) -> String {
        var text = ""
        for (index, node) in nodes.enumerated() {
            let more = node.isTerminal || index + 1 < nodes.count ? 1 : 0
            let indent = String(repeating: " ", count: (level + more) * 4)
            switch node.kind {
            case .bridge:
                let line = String(repeating: "-", count: node.text.count)
                text += "\n\(indent)\(node.text)\n\(indent)\(line)\n"
            case .table, .action: text += "\(indent)\(node.text)\n"
            case .detail: text += "\(indent) -> \(node.text)\n"
            case .warning: text += "\(indent) >> \(node.text)\n"
            case .error: text += "\(indent) >>>> \(node.text) <<<<\n"
            }
            text += Self.text(of: node.children, level: level + more + more)
        }
        return text
    }
}

/// Collects an explanation while a translation runs; costs nothing when nobody asked for one.
struct TraceRecorder {
    private(set) var isOn: Bool
    /// The path of open nodes; the first is the root.
    private var stack: [TraceNode] = [TraceNode(.bridge, "")]

    init(isOn: Bool) { self.isOn = isOn }

    mutating func add(_ kind: TraceNode.Kind, _ text: @autoclosure () -> String) {
        guard isOn else { return }
        stack[stack.count - 1].children.append(TraceNode(kind, text()))
    }

    /// Adds a node and makes it the one that gains what follows.
    mutating func open(_ kind: TraceNode.Kind, _ text: @autoclosure () -> String) {
        guard isOn else { return }
        stack.append(TraceNode(kind, text()))
    }

    mutating func close() {
        guard isOn, let node = stack.popLast() else { return }
        stack[stack.count - 1].children.append(node)
    }

    var nodes: [TraceNode] { stack[0].children }
}
