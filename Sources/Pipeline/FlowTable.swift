public import Classifier
public import FlowModel

/// One of a bridge's tables.
public final class FlowTable {
    public let number: UInt8
    public private(set) var classifier = Classifier()
    /// Packets looked up, and those of them that matched.
    public var lookupCount: UInt64 = 0
    public var matchCount: UInt64 = 0
    /// Rules with a timeout, which alone are visited by expiry.
    public private(set) var timedRules: [ObjectIdentifier: Rule] = [:]

    /// What the operator wants of the table.
    public private(set) var settings = TableSettings()
    /// Whether a controller lets it give up rules when it is full.
    public var controllerEvicts = false {
        didSet { if controllerEvicts != oldValue { updateEviction() } }
    }
    public var missBehavior = MissBehavior.unspecified
    /// When controllers hear how full it is; nil for never.
    public var thresholds: VacancyThresholds?

    /// While the table may give up rules.
    private var evictionGroups: EvictionGroups?
    private var actionLists = ActionLists()

    init(number: UInt8) { self.number = number }

    public var ruleCount: Int { classifier.count }

    func lookup(_ key: borrowing FlowKey, wildcards: inout FlowKey) -> Rule? {
        classifier.lookup(key, wildcards: &wildcards).map { asRule($0) }
    }

    public func insert(_ rule: Rule) -> Rule? {
        rule.actions = actionLists.shared(rule.actions)
        let replaced = classifier.insert(rule).map { asRule($0) }
        rule.isRemoved = false
        if let replaced { forget(replaced) }
        noteTimeouts(of: rule)
        return replaced
    }

    public func remove(_ rule: Rule) {
        classifier.remove(rule)
        forget(rule)
    }

    /// Removes many rules of this table, each named once.
    public func remove(contentsOf rules: [Rule]) {
        classifier.remove(contentsOf: rules)
        for rule in rules { forget(rule) }
    }

    private func forget(_ rule: Rule) {
        rule.isRemoved = true
        if !timedRules.isEmpty { timedRules[ObjectIdentifier(rule)] = nil }
        if evictionGroups != nil { evictionGroups?.remove(rule) }
    }

    /// To be called when a rule's timeouts have changed.
    public func noteTimeouts(of rule: Rule) {
        let isTimed = rule.idleTimeout > 0 || rule.hardTimeout > 0
        guard isTimed || !timedRules.isEmpty else { return }
        timedRules[ObjectIdentifier(rule)] = isTimed ? rule : nil
        guard evictionGroups != nil, !rule.isRemoved, !rule.isHidden else { return }
        if isTimed { evictionGroups?.insert(rule) } else { evictionGroups?.remove(rule) }
    }

    // MARK: Settings

    public func configure(_ wanted: TableSettings) {
        guard settings != wanted else { return }
        let before = settings
        settings = wanted
        if before.prefixes != wanted.prefixes {
            let rules = rules(within: Match())
            classifier.remove(contentsOf: rules)
            classifier = Classifier(
                prefixFields: wanted.prefixes ?? Classifier.defaultPrefixFields)
            for rule in rules { _ = classifier.insert(rule) }
        }
        updateEviction()
    }

    private func updateEviction() {
        guard evicts else {
            evictionGroups = nil
            return
        }
        if let evictionGroups, evictionGroups.fields == settings.groups { return }
        var groups = EvictionGroups(fields: settings.groups)
        for rule in timedRules.values where !rule.isHidden { groups.insert(rule) }
        evictionGroups = groups
    }

    /// The rule that goes first when room is needed; nil where none may go.
    public func chooseVictim() -> Rule? { evictionGroups?.choose() }

    public func find(exactly match: Match, priority: UInt16) -> Rule? {
        classifier.find(exactly: match, priority: priority).map { asRule($0) }
    }

    /// The rules whose match is `criteria` or narrower.
    public func rules(within criteria: Match) -> [Rule] {
        var rules: [Rule] = []
        if criteria == Match() { rules.reserveCapacity(classifier.count) }
        classifier.forEach(within: criteria) { rules.append(asRule($0)) }
        return rules
    }

    private func asRule(_ rule: ClassifierRule) -> Rule {
        guard let rule = rule as? Rule else {
            preconditionFailure("a flow table holds nothing but rules")
        }
        return rule
    }
}

/// Lists of actions that rules of one table share.
///
/// A hundred thousand rules rarely do a thousand different things, but each would keep a list and
/// a box for each action, as many octets as all the rest of it. Only the list that was met last of
/// those with the same short hash is remembered, so that finding one is quick and nothing has to
/// be given back.
private struct ActionLists {
    private static var capacity: Int { 256 }
    private var lists: [[Action]] = Array(repeating: [], count: capacity)

    /// A list equal to `list`, of a rule before if that is at hand.
    mutating func shared(_ list: [Action]) -> [Action] {
        guard !list.isEmpty else { return list }
        let place = list.hashValue & (Self.capacity - 1)
        if lists[place] != list { lists[place] = list }
        return lists[place]
    }
}
