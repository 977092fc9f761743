import OVSDBModel

/// How much a server holds, as `memory/show` tells it.
public struct DatabaseUsage: Hashable, Sendable {
    /// Columns of rows, the implicit ones included.
    public var cellCount = 0
    /// Values in them; an entry of a map has two.
    public var atomCount = 0
    /// Weak references between rows.
    public var weakReferenceCount = 0
}

extension DatabaseServer {
    /// - Complexity: O(*n*), *n* being the number of cells.
    public var usage: DatabaseUsage {
        var usage = DatabaseUsage()
        for database in databases.values {
            for table in database.tables {
                for row in table.rows.values {
                    usage.cellCount += row.count
                    for datum in row { usage.atomCount += datum.keys.count + datum.values.count }
                }
                for referrers in table.weakReferrers.values {
                    usage.weakReferenceCount += referrers.values.reduce(0, +)
                }
            }
        }
        return usage
    }
}
