import OVSDBModel

/// Notices that wait for a reader.
///
/// What happens to a row before the reader has heard of it becomes one notice, so that a slow
/// reader finds the latest state, and the notices never outgrow the rows.
public struct PendingNotices: Sendable {
    private var notices: [UUID: RowNotice] = [:]
    /// Rows in the order in which they were first heard of; some may have no notice any more.
    private var order: [UUID] = []

    public init() {}

    public mutating func add(_ notice: RowNotice) {
        guard let earlier = notices[notice.uuid] else {
            notices[notice.uuid] = notice
            order.append(notice.uuid)
            return
        }
        guard earlier.old != notice.new else {
            notices[notice.uuid] = nil
            order.removeAll { $0 == notice.uuid }
            return
        }
        notices[notice.uuid] = RowNotice(
            table: notice.table, uuid: notice.uuid, old: earlier.old, new: notice.new)
    }

    public var isEmpty: Bool { notices.isEmpty }

    /// Hands over all of them.
    public mutating func take() -> [RowNotice] {
        defer { self = PendingNotices() }
        return order.compactMap { notices[$0] }
    }
}

extension DatabaseReplica {
    /// The rows of a table as if they had just come.
    public func noticesOfPresence(in table: String) -> [RowNotice] {
        rows(of: table).values.map {
            RowNotice(table: table, uuid: $0.uuid, old: nil, new: $0)
        }
    }
}
