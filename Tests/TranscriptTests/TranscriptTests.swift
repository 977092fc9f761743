import Glibc
import TestSupport
import Testing

/// The files under `Tests/Transcripts`, each asked of genuine Open vSwitch and of Martlet.
///
/// A transcript that genuine Open vSwitch fails is wrong. Its threads race at times on a busy
/// machine, and a revalidator or a crash of its own takes away what a step was to show: it fails a
/// transcript when it fails it `genuineAttempts` times. Martlet has one attempt. With
/// `MARTLET_TRANSCRIPTS_RECORD=1` in the environment the genuine outputs are written into the
/// files instead of being compared.
@Suite
struct TranscriptTests {
    static let transcripts: [Transcript] = {
        do {
            return try Transcript.all()
        } catch {
            fatalError("\(error)")
        }
    }()

    static let genuineAttempts = 3

    static var isRecording: Bool {
        getenv("MARTLET_TRANSCRIPTS_RECORD") != nil
    }

    @Test(
        .enabled(if: Subject.genuine.isInstalled, "openvswitch-switch is not installed"),
        arguments: transcripts.filter { $0.tools != .own }
    )
    func `genuine Open vSwitch shows what the transcript says`(transcript: Transcript) throws {
        if Self.isRecording {
            try transcript.record()
        } else {
            try transcript.check(.genuine, attempts: Self.genuineAttempts)
        }
    }

    @Test(
        .enabled(if: Subject.martlet.isInstalled, "the program martlet is not built"),
        .disabled(if: isRecording, "outputs are being recorded"),
        arguments: transcripts.filter { $0.tools != .genuine }
    )
    func `Martlet shows what the transcript says`(transcript: Transcript) throws {
        try transcript.check(.martlet)
    }

    @Test(
        .enabled(
            if: Subject.martletWithGenuineTools.isInstalled,
            "openvswitch-switch is not installed, or the program martlet is not built"
        ),
        .disabled(if: isRecording, "outputs are being recorded"),
        arguments: transcripts.filter { $0.tools != .own }
    )
    func `genuine tools show the transcript when they ask Martlet`(transcript: Transcript) throws {
        try transcript.check(.martletWithGenuineTools)
    }
}

extension Transcript: CustomTestStringConvertible {
    var testDescription: String { name }

    /// Every transcript, by name; with `MARTLET_TRANSCRIPTS=openflow/,normal/learning` only those
    /// whose names begin so.
    static func all() throws -> [Transcript] {
        let wanted = getenv("MARTLET_TRANSCRIPTS").map {
            String(cString: $0).split(separator: ",").map(String.init)
        }
        let directory = packageRoot() + "/Tests/Transcripts"
        return try namesInDirectory(directory).flatMap { area in
            try namesInDirectory(directory + "/" + area).filter { name in
                let isWanted = wanted?.contains { (area + "/" + name).hasPrefix($0) } ?? true
                return isWanted && name.hasSuffix(".txt")
            }.map {
                let path = directory + "/" + area + "/" + $0
                return try Transcript(
                    path: path, name: area + "/" + $0.dropLast(4), text: try readFile(path)
                )
            }
        }
    }

    /// Asks the subject, up to so many times, and complains when each time shows something else.
    func check(_ subject: Subject, attempts: Int = 1) throws {
        if let notYet, subject != .genuine {
            print("➜ Transcript \(name) skipped: \(notYet)")
            try Test.cancel("\(notYet)")
        }
        for attempt in 1...attempts {
            guard let complaint = try firstDifference(shownBy: subject) else { return }
            if attempt == attempts {
                Issue.record("\(complaint)")
            } else {
                print("➜ Transcript is asked again, attempt \(attempt): \(complaint)")
            }
        }
    }

    /// Runs every step; the first one that shows something else, as a sentence.
    private func firstDifference(shownBy subject: Subject) throws -> String? {
        let sandbox = try Sandbox(subject, switchOptions: switchOptions)
        for step in steps {
            let lines = try sandbox.lines(of: step, masks: masks + Mask.general)
            guard lines != step.output else { continue }
            let log = try sandbox.shell.run("grep -hE 'EMER|ERR' *.log | tail -n 5").output
            return """
                \(name): $ \(step.command.joined(separator: "\n> "))
                \(difference(from: step.output, to: lines))
                \(log)
                """
        }
        return nil
    }

    /// Writes what genuine Open vSwitch shows into the file.
    func record() throws {
        var recorded = self
        let sandbox = try Sandbox(.genuine, switchOptions: switchOptions)
        for index in steps.indices {
            let lines = try sandbox.lines(of: steps[index], masks: masks + Mask.general)
            recorded.steps[index].output = lines
        }
        try writeFile(path, recorded.text)
    }
}

/// Both texts line by line: `-` is expected and missing, `+` is shown and not expected.
func difference(from expected: [String], to shown: [String]) -> String {
    let changes = shown.difference(from: expected)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in changes {
        switch change {
        case .remove(let offset, _, _): removed.insert(offset)
        case .insert(let offset, _, _): inserted.insert(offset)
        }
    }
    var lines: [String] = []
    var (left, right) = (0, 0)
    while left < expected.count || right < shown.count {
        if removed.contains(left) {
            lines.append("- " + expected[left])
            left += 1
        } else if inserted.contains(right) {
            lines.append("+ " + shown[right])
            right += 1
        } else {
            lines.append("  " + expected[left])
            left += 1
            right += 1
        }
    }
    return lines.joined(separator: "\n")
}
