import Testing

struct TranscriptReplayTests {
    @Test(arguments: [
        "appctl/trace", "appctl/trace-actions", "trace-faucet/switching-traces",
        "trace-faucet/routing-traces", "trace-faucet/access-list",
        "trace-advanced/table-0-admission", "trace-advanced/table-1-vlan-input",
        "trace-advanced/priority-tagged", "normal/learning", "trace/ip-fields", "trace/steering",
        "trace/limits", "trace/patch", "trace/misses", "trace/learn",
        "trace-advanced/table-2-learning", "trace-advanced/table-3-lookup",
        "trace-advanced/table-4-output-learning", "trace-advanced/table-4-output",
    ])
    func `commands print what genuine Open vSwitch prints`(name: String) throws {
        let replay = try TranscriptReplay(name)
        try replay.run()
        #expect(replay.comparedCount > 0)
    }
}
