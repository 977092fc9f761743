import OVSDBClient
import OVSDBModel
import OpenVSwitchRows

/// Shows controllers in the database: connections at once, and since when with the statistics.
struct ControllerReporter {
    let writer: DatabaseWriter
    private var shown: [UUID: ControllerReport] = [:]

    init(writer: DatabaseWriter) { self.writer = writer }

    /// - Parameter isComplete: whether to show changes of times alone.
    mutating func report(
        _ reports: [(configuration: ControllerConfiguration, report: ControllerReport)],
        isComplete: Bool
    ) {
        var present: [UUID: ControllerReport] = [:]
        present.reserveCapacity(reports.count)
        for (configuration, report) in reports {
            let id = configuration.id
            if let before = shown[id], !isComplete, !Self.differs(before, report) {
                present[id] = before
                continue
            }
            present[id] = report
            var row = ControllerRow(settingColumnsOf: Reference(id))
            row.isConnected = report.isConnected
            row.role = report.role.map { .init(rawValue: $0.rawValue) }
            row.status = report.status
            writer.report(row)
        }
        shown = present
    }

    private static func differs(_ left: ControllerReport, _ right: ControllerReport) -> Bool {
        left.isConnected != right.isConnected || left.role != right.role
            || left.status["state"] != right.status["state"]
            || left.status["last_error"] != right.status["last_error"]
    }
}
