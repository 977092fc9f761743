import Foundation
import OpenFlow

/// The genuine `ovs-ofctl`, which prints what we encode.
enum Genuine {
    static let path = "/usr/bin/ovs-ofctl"

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    static let whySkipped = "ovs-ofctl of Open vSwitch is not installed at \(path)"

    /// What `ovs-ofctl ofp-parse` prints of messages that follow each other.
    static func print(_ octets: [UInt8]) throws -> String {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("martlet-openflow-\(UUID().uuidString)")
        try Data(octets).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["ofp-parse", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
