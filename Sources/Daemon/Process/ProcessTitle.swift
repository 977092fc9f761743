import Glibc

/// What ps(1) shows of a process.
enum ProcessTitle {
    /// Writes over the arguments; a title that is longer than those were loses its end.
    static func set(_ title: String) {
        guard let room = arguments else { return }
        room.update(repeating: 0)
        for (index, octet) in title.utf8.prefix(room.count - 1).enumerated() { room[index] = octet }
    }

    /// Where the kernel put the arguments: `arg_start` and `arg_end` of proc(5).
    private static var arguments: UnsafeMutableBufferPointer<UInt8>? {
        guard let file = fopen("/proc/self/stat", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, CInt(line.count), file) != nil else { return nil }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let words = text[text.index(after: end)...].split(separator: " ")
        guard words.count > 46, let first = UInt(words[45]), let last = UInt(words[46]),
            let start = UnsafeMutablePointer<UInt8>(bitPattern: first), last > first
        else { return nil }
        return UnsafeMutableBufferPointer(start: start, count: Int(last - first))
    }
}
