import Glibc

/// A directory of a test's own, removed with all it holds when the test lets go of it.
public final class TemporaryDirectory: Sendable {
    public let path: String

    /// The name is short, since socket paths are.
    public init() {
        var template = Array("/tmp/martlet-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "cannot make a temporary directory")
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        Self.removeAll(path)
    }

    private static func removeAll(_ path: String) {
        guard unlink(path) != 0, let listing = opendir(path) else { return }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { removeAll(path + "/" + name) }
        }
        closedir(listing)
        rmdir(path)
    }

    /// The path of `name` in here.
    public func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// What a file in here holds, or nil.
    public func contents(of name: String) -> String? {
        guard let file = fopen(self(name), "r") else { return nil }
        defer { fclose(file) }
        var octets: [UInt8] = []
        while case let octet = getc(file), octet != EOF { octets.append(UInt8(octet)) }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Writes a file in here.
    public func write(_ text: String, to name: String) {
        guard let file = fopen(self(name), "w") else {
            preconditionFailure("cannot write \(self(name))")
        }
        fputs(text, file)
        fclose(file)
    }

    public func contains(_ name: String) -> Bool {
        var status = stat()
        return lstat(self(name), &status) == 0
    }
}
