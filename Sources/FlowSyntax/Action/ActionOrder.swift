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

    /// Refuses instructions where only actions may stand; `meter` is one since OpenFlow 1.5.
    static func refuseInstructions(_ actions: [Action]) throws(SyntaxError) {
        for action in actions {
            switch action {
            case .gotoTable, .writeMetadata, .writeActions, .clearActions:
                throw SyntaxError("\(ActionPrinter.name(action)) instruction not allowed here")
            default: continue
            }
        }
    }

    /// Checks that actions stand together and within others that can hold them.
    static func checkPlaces(
        _ actions: [Action], in outer: FlowParser.OuterAction
    ) throws(SyntaxError) {
        for action in actions {
            if case .meter = action, outer != .none {
                throw SyntaxError(
                    "\(outer.rawValue) action doesn't support nested action meter")
            }
            guard outer == .ct else {
                try checkTracking(action)
                continue
            }
            if action.isAllowedInTracking { continue }
            let what =
                action.writtenField.map { "modification of \($0.name)" }
                ?? "action \(ActionPrinter.name(action))"
            throw SyntaxError("ct action doesn't support nested \(what)")
        }
    }

    /// Refuses what has meaning within `ct(...)` only.
    private static func checkTracking(_ action: Action) throws(SyntaxError) {
        if case .nat = action {
            throw SyntaxError("Cannot have NAT action outside of \"ct\" action")
        }
        if action.writtenField == .ctMark || action.writtenField == .ctLabel {
            throw SyntaxError("cannot set CT fields outside of ct action")
        }
    }

    /// Parts of conjunctive matches do nothing by themselves, and may not seem to.
    private static func checkConjunctions(_ actions: [Action]) throws(SyntaxError) {
        guard let intruder = Conjunction.intruder(in: actions) else { return }
        let word = ActionPrinter.text(intruder).prefix { $0 != ":" && $0 != "(" }
        // Ports print without their action.
        let name: String
        switch intruder {
        case .output, .outputField, .outputTruncated: name = "output"
        case .controller(let controller):
            let plain = ControllerAction(maxByteCount: controller.maxByteCount)
            name = controller == plain ? "output" : "controller"
        default: name = String(word)
        }
        throw SyntaxError(
            "\"conjunction\" actions may be used along with \"note\" but not any other kind of "
                + "action (such as the \"\(name)\" action used here)")
    }

    static func check(_ actions: [Action]) throws(SyntaxError) {
        try checkConjunctions(actions)
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
