import FlowModel
public import OpenFlow
public import Pipeline

/// What has been done since some moment, so that it can be undone.
struct Journal {
    enum Entry {
        case inserted(FlowTable, Rule, replaced: Rule?)
        case removed(FlowTable, Rule)
        case modified(Rule, before: RuleContents)
        case groups(Bridge, before: [UInt32: Group])
        case port(BridgePort, before: PortConfig)
    }

    /// What a flow-mod can change of a rule.
    struct RuleContents {
        let actions: [Action]
        let cookie: UInt64
        let modified: Milliseconds
        let counters: Rule.Counters

        init(_ rule: Rule) {
            actions = rule.actions
            cookie = rule.cookie
            modified = rule.modified
            counters = rule.counters
        }

        func restore(_ rule: Rule) {
            rule.actions = actions
            rule.cookie = cookie
            rule.modified = modified
            rule.counters = counters
        }
    }

    private(set) var entries: [Entry] = []
    /// Packets that leave once all has been done.
    var packets: [(octets: [UInt8], key: FlowKey, actions: [DatapathAction])] = []

    mutating func note(_ entry: Entry) { entries.append(entry) }

    mutating func note(groupsOf bridge: Bridge) {
        entries.append(.groups(bridge, before: bridge.groups))
    }

    /// Puts everything back, the last change first.
    func undo() {
        for entry in entries.reversed() {
            switch entry {
            case .inserted(let table, let rule, let replaced):
                table.remove(rule)
                if let replaced { _ = table.insert(replaced) }
            case .removed(let table, let rule): _ = table.insert(rule)
            case .modified(let rule, let before): before.restore(rule)
            case .groups(let bridge, let before): bridge.groups = before
            case .port(let port, let before): port.configuration = before
            }
        }
    }
}

/// Why a bundle was not carried out.
public struct BundleFailure: Error, Equatable, Sendable {
    /// Which of its messages was refused.
    public let index: Int
    public let error: OpenFlowError
}

extension VirtualSwitch {
    /// Carries out the messages of a bundle, all or none (OpenFlow 1.4.1 §6.8).
    ///
    /// Whoever calls holds the switch's lock, so that no packet is translated by half of them.
    /// Megaflows of before forward until they are translated again, each at once.
    ///
    /// - Parameter next: yields the messages one after the other.
    public func commit(
        _ next: () -> OpenFlowMessage?, version: OpenFlowVersion, for managed: ManagedBridge,
        now: Milliseconds
    ) throws(BundleFailure) {
        precondition(journal == nil, "bundles do not nest")
        let eventCount = events.count
        journal = Journal()
        var index = 0
        while let message = next() {
            defer { index += 1 }
            do throws(OpenFlowError) {
                _ = try handle(message, version: version, for: managed, now: now)
            } catch {
                journal?.undo()
                journal = nil
                events.removeSubrange(eventCount...)
                network.bumpVersion()
                throw BundleFailure(index: index, error: error)
            }
        }
        let packets = journal?.packets ?? []
        journal = nil
        for packet in packets { link.execute(packet.octets, packet.key, packet.actions) }
    }
}
