public import JSONRPC

/// One record of a database's file, in the format of ovsdb(5): a line with the length and the SHA-1
/// digest of what follows, and then a line of JSON.
///
/// ```text
/// OVSDB JSON 98 2aeed2cdb6ef47f2728b53e54b7bc92b469da873
/// {"Port":{"6463ebe8-…":{"tag":6}},"_date":1795208994695,"_is_diff":true}
/// ```
public enum LogRecord {
    /// What every header begins with in a standalone database.
    public static let magic = "OVSDB JSON "

    /// What every header begins with in a member of a cluster, whose records are not rows but
    /// entries of a RAFT log.
    public static let clusterMagic = "OVSDB CLUSTER "

    /// The octets that append a record to a file.
    public static func encode(_ json: JSON) -> [UInt8] {
        encode(body: json.encode())
    }

    /// The octets that append a record whose JSON text is at hand.
    ///
    /// - Parameter preceding: Octets that come before them.
    static func encode(body: consuming [UInt8], after preceding: [UInt8] = []) -> [UInt8] {
        body.append(UInt8(ascii: "\n"))
        let digest = SHA1.hexadecimalDigest(of: body)
        let header = "\(magic)\(body.count) \(digest)\n"
        var octets = preceding
        octets.reserveCapacity(preceding.count + header.utf8.count + body.count)
        octets += header.utf8
        octets += body
        return octets
    }
}

/// Why a file could not be read to its end.
public struct LogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the first record begins that is not whole.
    public let offset: Int
    /// `I/O error` where the file ends too early, `syntax error` where it holds something else.
    public let tag: String
    public let reason: String

    public var description: String { reason }
}

/// Reads the records of a file one after another.
public struct LogReader: Sendable {
    private let octets: [UInt8]
    private let magic: String
    /// Where the next record begins; all before it is whole.
    public private(set) var offset = 0

    /// The longest header: the magic, 20 digits of length, 40 of digest and the separators.
    private static let maximumHeaderByteCount = 128

    public init(_ octets: [UInt8], magic: String = LogRecord.magic) {
        self.octets = octets
        self.magic = magic
    }

    /// The next record, or nil at the end of the file.
    public mutating func next() throws(LogError) -> JSON? {
        guard let range = try body() else { return nil }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(octets: octets[range])
        } catch {
            throw failure(
                "\(range.count) bytes starting at offset \(range.lowerBound) are not valid JSON "
                    + "(\(error))")
        }
        guard json.object != nil else {
            throw failure(
                "\(range.count) bytes starting at offset \(range.lowerBound) are not a JSON object")
        }
        offset = range.upperBound
        return json
    }

    /// Passes the next record if it is whole and `reader` makes sense of its JSON text.
    mutating func read(_ reader: (ArraySlice<UInt8>) -> Bool) -> Bool {
        guard let range = (try? body()) ?? nil, reader(octets[range]) else { return false }
        offset = range.upperBound
        return true
    }

    /// Where the JSON text of the next record is, which the digest shows to be whole.
    private func body() throws(LogError) -> Range<Int>? {
        guard offset < octets.count else { return nil }
        let limit = min(octets.count, offset + Self.maximumHeaderByteCount)
        guard let lineEnd = octets[offset..<limit].firstIndex(of: UInt8(ascii: "\n")),
            let header = parseHeader(octets[offset..<lineEnd])
        else {
            let words = octets[offset..<limit].prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
                .split(separator: UInt8(ascii: " ")).prefix(2)
            let start = words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            throw failure("parse error at offset \(offset) in header line \"\(start)\"")
        }
        let start = lineEnd + 1
        guard octets.count - start >= header.byteCount else {
            throw failure(
                "error reading \(header.byteCount) bytes starting at offset \(start) "
                    + "(End of file)", tag: "I/O error")
        }
        let body = octets[start..<start + header.byteCount]
        let digest = SHA1.hexadecimalDigest(of: body)
        guard digest == header.digest else {
            throw failure(
                "\(header.byteCount) bytes starting at offset \(start) have SHA-1 hash \(digest) "
                    + "but should have hash \(header.digest)")
        }
        return start..<start + header.byteCount
    }

    private func failure(_ reason: String, tag: String = "syntax error") -> LogError {
        LogError(offset: offset, tag: tag, reason: reason)
    }

    private func parseHeader(
        _ line: ArraySlice<UInt8>
    ) -> (byteCount: Int, digest: String)? {
        let text = String(decoding: line, as: UTF8.self)
        let words = text.split(separator: " ")
        guard text.hasPrefix(magic), words.count == 4, let count = Int(words[2]),
            count >= 0, words[3].utf8.count == 40
        else { return nil }
        return (count, String(words[3]))
    }
}
