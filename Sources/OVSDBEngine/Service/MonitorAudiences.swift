import JSONRPC

/// Numbers that are equal where clients asked for the same.
///
/// Hundreds of clients of one kind send one request each, all alike. Their updates are computed and
/// encoded once for each number, at each commit; to compare the requests themselves there would
/// cost more than it saves.
struct MonitorAudiences {
    struct Request: Hashable {
        let database: String
        let version: Monitor.Version
        let tables: JSON
    }

    /// Requests that are remembered; those that are forgotten share with later ones only.
    static let maximumRequestCount = 1000

    private var numbers: [Request: Int] = [:]
    private var last = 0

    /// The number of those who ask for this; one of its own where nil.
    mutating func number(of request: Request?) -> Int {
        if let request, let number = numbers[request] { return number }
        last += 1
        guard let request else { return last }
        if numbers.count >= Self.maximumRequestCount { numbers = [:] }
        numbers[request] = last
        return last
    }
}
