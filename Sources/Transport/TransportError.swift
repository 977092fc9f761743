import Glibc

/// Why a socket could not do what was asked of it.
public struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the system's error, or 0 where no system call failed.
    public let errno: CInt
    /// The sentence alone, such as `Connection refused`.
    public let reason: String
    /// What it happened to, such as `unix:/run/db.sock`; empty where the caller knows.
    public let subject: String
    /// What is wrong with an address, such as `bad port number "x"`, which genuine programs write
    /// to the log and not into the error; empty where there is no more to say.
    public let detail: String

    public init(errno: CInt, detail: String = "", subject: String = "") {
        self.errno = errno
        self.reason = Self.text(of: errno)
        self.subject = subject
        self.detail = detail
    }

    public init(_ reason: String, errno: CInt = 0, subject: String = "") {
        self.errno = errno
        self.reason = reason
        self.subject = subject
        detail = ""
    }

    public var description: String {
        let sentence = detail.isEmpty ? reason : detail
        return subject.isEmpty ? sentence : "\(subject): \(sentence)"
    }

    /// The system's sentence for an error number.
    public static func text(of errno: CInt) -> String { String(cString: strerror(errno)) }
}
