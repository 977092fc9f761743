import OVSDBModel
import OpenVSwitchRows
import Testing

@testable import OVSDBClient

struct PendingNoticesTests {
    private func notice(_ old: Int?, _ new: Int?) -> RowNotice {
        func row(_ dscp: Int?) -> Row? {
            dscp.map {
                var row = QueueRow(settingColumnsOf: Reference(.zero))
                row.dscp = $0
                return row.row
            }
        }
        return RowNotice(table: "Queue", uuid: .zero, old: row(old), new: row(new))
    }

    @Test(
        arguments: [
            ([(nil, 1), (1, 2)], [(nil, 2)]),
            ([(1, 2), (2, nil)], [(1, nil)]),
            ([(nil, 1), (1, nil)], []),
            ([(1, 2), (2, 1)], []),
            ([(1, nil), (nil, 1)], []),
            ([(1, 2), (2, 1), (1, 3)], [(1, 3)]),
        ] as [([(Int?, Int?)], [(Int?, Int?)])])
    func `what happens to a row before it is told is told as one`(
        changes: [(Int?, Int?)], expected: [(Int?, Int?)]
    ) {
        var pending = PendingNotices()
        for (old, new) in changes { pending.add(notice(old, new)) }
        #expect(pending.take() == expected.map { notice($0.0, $0.1) })
        #expect(pending.isEmpty)
    }
}
