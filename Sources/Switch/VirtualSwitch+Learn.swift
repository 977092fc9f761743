import Classifier
import FlowModel
import Pipeline

/// What happens to learned rules when the one that learned them goes (ovs-actions(7), `learn`).
extension VirtualSwitch {
    /// Removes the rules that `removed` has learned with `delete_learned`, unless another rule
    /// learns into the same table with the same cookie.
    func removeLearned(by removed: Rule, of managed: ManagedBridge) {
        for (table, cookie) in Self.learning(removed.actions) {
            let isShared = managed.bridge.usedTables.contains { other in
                other.rules(within: Match()).contains { rule in
                    Self.learning(rule.actions).contains { $0 == (table, cookie) }
                }
            }
            guard !isShared, let learned = managed.bridge.existingTable(table) else { continue }
            for rule in learned.rules(within: Match()) where rule.cookie == cookie {
                journal?.note(.removed(learned, rule))
                learned.remove(rule)
                tellRemoved(rule, of: managed, .delete)
            }
        }
    }

    /// The tables and cookies of `learn` actions with `delete_learned`.
    private static func learning(_ actions: [Action]) -> [(UInt8, UInt64)] {
        actions.flatMap { action -> [(UInt8, UInt64)] in
            switch action {
            case .learn(let learn) where learn.flags.contains(.deleteLearned):
                return [(learn.table, learn.cookie)]
            case .writeActions(let list), .clone(let list): return learning(list)
            default: return []
            }
        }
    }
}
