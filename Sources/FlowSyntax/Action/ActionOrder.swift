internal import FlowModel

/// The order in which OpenFlow 1.1 executes instructions, which a list of actions must keep.
enum ActionOrder {
    private enum Instruction: Int, Comparable {
        case meter, applyActions, clearActions, writeActions, writeMetadata, gotoTable

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        var name: String {
            switch self {
            case .meter: "meter"
            case .applyActions: "apply_actions"
            case .clearActions: "clear_actions"
            case .writeActions: "write_actions"
            case .writeMetadata: "write_metadata"
            case .gotoTable: "goto_table"
            }
        }
    }

    private static func instruction(of action: Action) -> Instruction {
        switch action {
        case .meter: .meter
        case .clearActions: .clearActions
        case .writeActions: .writeActions
        case .writeMetadata: .writeMetadata
        case .gotoTable: .gotoTable
        default: .applyActions
        }
    }

    static func check(_ actions: [Action]) throws(SyntaxError) {
        var last: Instruction?
        for action in actions {
            let current = instruction(of: action)
            defer { last = current }
            guard let previous = last else { continue }
            if current == previous && current != .applyActions {
                throw SyntaxError(
                    "duplicate \(current.name) instruction not allowed, for OpenFlow 1.1+ "
                        + "compatibility")
            }
            if current < previous {
                throw SyntaxError(
                    "invalid instruction ordering: \(current.name) must appear before "
                        + "\(previous.name), for OpenFlow 1.1+ compatibility")
            }
        }
    }
}
