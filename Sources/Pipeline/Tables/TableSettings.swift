import Classifier
public import FlowModel

/// A row of the `Flow_Table` table (ovs-vswitchd.conf.db(5)).
public struct TableSettings: Equatable, Sendable {
    public var name: String?
    /// How many rules the table may have; nil for any number.
    public var flowLimit: Int?
    /// Whether a full table gives up a rule for a new one (`overflow_policy`).
    public var evicts = false
    /// What rules have in common that make room for each other (`groups`).
    public var groups: [Subfield] = []
    /// Fields whose prefixes the classifier tracks; nil for the default ones.
    public var prefixes: [Field]?

    public init() {}
}

/// What a packet meets that no rule of a table matches (OpenFlow 1.1 and 1.2, `OFPTC_TABLE_MISS`).
public enum MissBehavior: Sendable {
    /// Later versions have rules for it: to a controller if one of an old version is there.
    case unspecified
    case controller, nextTable, drop
}

/// When controllers hear that a table runs full (OpenFlow 1.4.1 §7.3.4.1), in percent of free room.
public struct VacancyThresholds: Equatable, Sendable {
    public enum Event: Sendable {
        case down, up
    }

    public var down: UInt8
    public var up: UInt8
    /// What is told next; the two take turns.
    public var next: Event

    public init(down: UInt8, up: UInt8, next: Event) {
        self.down = down
        self.up = up
        self.next = next
    }
}

extension FlowTable {
    public var isFull: Bool { settings.flowLimit.map { ruleCount >= $0 } ?? false }

    /// Whether the operator or a controller lets it give up rules.
    public var evicts: Bool { settings.evicts || controllerEvicts }

    /// The free room, percent; of a table without a limit, of as many rules as can be counted.
    public var vacancy: UInt8 {
        let limit = settings.flowLimit ?? Int(UInt32.max)
        guard limit > ruleCount else { return 0 }
        return UInt8((limit - ruleCount) * 100 / limit)
    }

    /// Notes how much room there is now.
    ///
    /// - Returns: what controllers are to be told, if a threshold has been crossed.
    public func crossThreshold() -> VacancyThresholds.Event? {
        guard let thresholds else { return nil }
        switch thresholds.next {
        case .down:
            guard vacancy < thresholds.down else { return nil }
            self.thresholds?.next = .up
        case .up:
            guard vacancy > thresholds.up else { return nil }
            self.thresholds?.next = .down
        }
        return thresholds.next
    }
}
