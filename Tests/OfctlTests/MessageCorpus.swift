import Glibc
import TestSupport

/// The OpenFlow messages below `Messages`: one in hexadecimal a line, of every type and version.
struct MessageCorpus {
    let messages: [[UInt8]]

    init() throws {
        let here = #filePath
        let directory = here[..<(here.lastIndex(of: "/") ?? here.endIndex)] + "/Messages"
        var messages: [[UInt8]] = []
        for name in namesInDirectory(String(directory)).sorted() where name.hasSuffix(".txt") {
            for line in try readFile(directory + "/" + name).split(separator: "\n")
            where !line.hasPrefix("#") {
                messages.append(octets(String(line)))
            }
        }
        self.messages = messages
    }

    /// As many messages, each one of the corpus with some octets changed, taken out or put in.
    func changed(_ count: Int, using random: inout SplitMix64) -> [[UInt8]] {
        (0..<count).map { _ in
            var message = messages.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &random) { change(&message, &random) }
            message[2] = UInt8(truncatingIfNeeded: message.count >> 8)
            message[3] = UInt8(truncatingIfNeeded: message.count)
            return message
        }
    }

    private static var headerByteCount: Int { 8 }

    private func change(_ message: inout [UInt8], _ random: inout SplitMix64) {
        let start = Self.headerByteCount
        guard message.count > start else { return message.append(0) }
        let place = Int.random(in: start..<message.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: message.removeSubrange(place...)
        case 1: message += [UInt8](repeating: 0, count: 8)
        case 2 where place + 8 <= message.count: message.removeSubrange(place..<(place + 8))
        case 3: message.insert(contentsOf: message[(place / 8 * 8)...].prefix(8), at: place / 8 * 8)
        case 4: message[place] = 0
        case 5: message[place] = 0xff
        case 6: message[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        default: message[place] = UInt8.random(in: 0...255, using: &random)
        }
    }
}

/// What `ovs-ofctl ofp-parse` prints for messages, message by message.
struct PrintedMessages {
    let texts: [Substring]

    /// - Parameter program: the path of the program, whose name is `ovs-ofctl`.
    init(
        _ messages: [[UInt8]], by program: String, _ options: [String], in directory: String
    ) throws {
        let path = directory + "/messages"
        try Self.write(messages.flatMap { $0 + Self.separator }, to: path)
        let shell = Shell(
            directory: directory, environment: ["PATH=/usr/bin:/bin", "HOME=\(directory)"],
            limit: 120)
        let words = ([program, "-vconsole:off"] + options + ["ofp-parse", path])
        let output = try shell.run(words.joined(separator: " ")).output
        texts = output.split(
            separator: "OFPT_ECHO_REQUEST (xid=0xfedcba98): 0 bytes of payload\n",
            omittingEmptySubsequences: false
        ).dropLast()
    }

    private static func write(_ octets: [UInt8], to path: String) throws {
        let descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        defer { close(descriptor) }
        guard Glibc.write(descriptor, octets, octets.count) == octets.count else {
            throw CorpusError(path: path, number: errno)
        }
    }

    /// An echo that comes from nowhere else.
    private static let separator: [UInt8] = [1, 2, 0, 8, 0xfe, 0xdc, 0xba, 0x98]
}

/// A file that cannot be written.
struct CorpusError: Error {
    let path: String
    let number: Int32
}
