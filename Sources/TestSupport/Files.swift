import Glibc

/// Why a file or a process could not be had.
public struct FileError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads a whole file as text.
public func readFile(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else { throw FileError("\(path): errno \(errno)") }
    defer { fclose(file) }
    var octets: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { break }
        octets += chunk[..<count]
    }
    return String(decoding: octets, as: UTF8.self)
}

/// Replaces a whole file by `text`.
public func writeFile(_ path: String, _ text: String) throws {
    guard let file = fopen(path, "w") else { throw FileError("\(path): errno \(errno)") }
    defer { fclose(file) }
    guard fputs(text, file) >= 0 else { throw FileError("\(path): errno \(errno)") }
}

/// The names in a directory, sorted; none when there is no such directory.
public func namesInDirectory(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") {
            names.append(name)
        }
    }
    return names.sorted()
}

/// The files below `path` whose names end in `suffix`, as paths relative to it, sorted.
public func filesBelow(_ path: String, suffix: String) -> [String] {
    namesInDirectory(path).flatMap { name -> [String] in
        let inner = filesBelow(path + "/" + name, suffix: suffix).map { name + "/" + $0 }
        return inner.isEmpty && name.hasSuffix(suffix) ? [name] : inner
    }
}

/// The root of the package, told from a file two directories below it.
public func packageRoot(of file: String = #filePath) -> String {
    file.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
}

/// A fresh directory of its own below `/tmp`.
public func makeTemporaryDirectory(_ name: String) throws -> String {
    var template = Array("/tmp/\(name).XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw FileError("mkdtemp: errno \(errno)") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `$MARTLET_BINARY`, or the program built along with the tests that run.
public func martletPath() -> String {
    if let path = getenv("MARTLET_BINARY") {
        return String(cString: path)
    }
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let octets = buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
    let path = String(decoding: octets, as: UTF8.self)
    return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/martlet"
}
