import Glibc
import TestSupport
import Testing

/// What `ovs-ofctl` prints for messages of every type and version, beside the genuine program.
///
/// `MARTLET_PRINT_SEEDS=FIRST-LAST` in the environment runs other seeds than the few that a usual
/// run has time for, and `MARTLET_PRINT_MESSAGES` messages of each.
@Suite(
    .enabled(
        if: access(genuine, X_OK) == 0 && access(martletPath(), X_OK) == 0,
        "openvswitch-common is not installed, or the program martlet is not built"))
struct PrintTests {
    private static func number(_ name: String) -> [UInt64] {
        let text = getenv(name).map { String(cString: $0) } ?? ""
        return text.split(separator: "-").compactMap { UInt64($0) }
    }

    static let seeds: [UInt64] = {
        let bounds = number("MARTLET_PRINT_SEEDS")
        guard let first = bounds.first, let last = bounds.last else { return [1, 2, 3] }
        return Array(first...last)
    }()

    static let count = number("MARTLET_PRINT_MESSAGES").first.map { Int($0) } ?? 4000

    /// Of 1000 changed messages, those that may print otherwise: the genuine program reads some
    /// messages in another order and so complains of another fault.
    private static let tolerance = 40

    /// Messages with the texts of both programs.
    private struct Comparison {
        let messages: [[UInt8]]
        let theirs: [Substring]
        let ours: [Substring]

        init(_ messages: [[UInt8]], _ options: [String] = []) throws {
            let directory = try makeTemporaryDirectory("martlet-print")
            let link = directory + "/ovs-ofctl"
            symlink(martletPath(), link)
            self.messages = messages
            theirs = try PrintedMessages(messages, by: genuine, options, in: directory).texts
            ours = try PrintedMessages(messages, by: link, options, in: directory).texts
            unlink(link)
            unlink(directory + "/messages")
            unlink(directory + "/.output")
            rmdir(directory)
        }

        /// The messages that print otherwise.
        var differences: [Int] {
            messages.indices.filter { index in
                index >= theirs.count || index >= ours.count || theirs[index] != ours[index]
            }
        }

        func text(_ index: Int) -> String {
            let digits = messages[index].map { octet in
                (octet < 16 ? "0" : "") + String(octet, radix: 16)
            }
            return "\(digits.joined())\n\(theirs[index])but\n\(ours[index])"
        }
    }

    @Test(arguments: ["", "-m"])
    func `every message prints as the genuine program prints it`(option: String) throws {
        let options = option.isEmpty ? [] : [option]
        let comparison = try Comparison(try MessageCorpus().messages, options)
        try #require(comparison.theirs.count == comparison.messages.count)
        try #require(comparison.ours.count == comparison.messages.count)
        for index in comparison.differences {
            Issue.record("\(comparison.text(index))")
        }
    }

    @Test(arguments: seeds)
    func `changed messages print as the genuine program prints them`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let messages = try MessageCorpus().changed(Self.count, using: &random)
        let comparison = try Comparison(messages)
        try #require(comparison.theirs.count == messages.count)
        try #require(comparison.ours.count == messages.count)
        let differences = comparison.differences
        let isClose = differences.count * 1000 <= Self.tolerance * messages.count
        #expect(isClose, "seed \(seed): \(differences.count) of \(messages.count)")
        guard !isClose else { return }
        for index in differences.prefix(10) { Issue.record("\(comparison.text(index))") }
    }
}

private let genuine = "/usr/bin/ovs-ofctl"
