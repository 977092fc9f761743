import CLinux

/// A refused system call: its error number, its name, and what it was called for.
public struct SystemError: Error, Hashable, Sendable {
    public let code: Int32
    /// The call, as its manual page names it.
    public let call: String
    /// The device or file that it was called for.
    public let subject: String

    public init(code: Int32, call: String, subject: String) {
        self.code = code
        self.call = call
        self.subject = subject
    }

    /// The failure that the last call of this thread left in `errno`.
    static func last(_ call: String, _ subject: String) -> Self {
        .init(code: clinux_errno(), call: call, subject: subject)
    }

    /// The error number in words, as `strerror` has them.
    public var reason: String { unsafe String(cString: strerror(code)) }
}

extension SystemError: CustomStringConvertible {
    public var description: String { "\(subject): \(call): \(reason)" }
}
