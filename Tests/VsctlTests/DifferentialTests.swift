import TestSupport
import Testing

/// Random command lines, given to genuine `ovs-vsctl` and to ours.
///
/// `MARTLET_VSCTL_SEEDS=FIRST-LAST` in the environment runs other seeds than the few that a usual
/// run has time for, and `MARTLET_VSCTL_LINES` command lines of each.
@Suite(.enabled(if: DatabasePair.isAvailable, "Open vSwitch is not installed"))
struct DifferentialTests {
    static let seeds = RunSize.seeds("MARTLET_VSCTL_SEEDS", usually: 1..<4)
    static let lineCount = RunSize.count("MARTLET_VSCTL_LINES", usually: 40)

    @Test(arguments: seeds)
    func `random command lines print, exit and change what the genuine ones do`(
        seed: UInt64
    ) throws {
        let pair = DatabasePair()
        var generator = CommandLineGenerator(seed: seed)
        for number in 0..<Self.lineCount {
            let line = generator.line()
            let genuine = pair.run(.genuine, try resolved(line, pair, .genuine))
            let ours = pair.run(.martlet, try resolved(line, pair, .martlet))
            let place = "seed \(seed), line \(number): \(line)"
            #expect(genuine.status == ours.status, "\(place)")
            #expect(isSame(genuine.output, ours.output), "\(place)\n\(genuine)\n\(ours)")
            #expect(isSame(genuine.error, ours.error), "\(place)\n\(genuine)\n\(ours)")
            let wanted = try pair.image(.genuine).lines
            let found = try pair.image(.martlet).lines
            try #require(wanted == found, "\(place)")
        }
    }

    /// Whether texts agree but for the order of lines, since records come in the order of their
    /// UUIDs.
    private func isSame(_ left: String, _ right: String) -> Bool {
        left == right
            || left.split(separator: "\n").sorted() == right.split(separator: "\n").sorted()
    }

    /// Puts UUIDs in the places that the generator left for them.
    private func resolved(
        _ line: [String], _ pair: DatabasePair, _ side: DatabasePair.Side
    ) throws -> [String] {
        let place = /\{(\w+):([^:{}]*):(\d+)\}/
        guard line.contains(where: { $0.contains(place) }) else { return line }
        let image = try pair.image(side)
        return line.map { word in
            word.replacing(place) { match in
                let uuid = image.uuid(of: match.output.2, in: match.output.1) ?? "noone"
                return String(uuid.prefix(Int(match.output.3) ?? 0))
            }
        }
    }
}
