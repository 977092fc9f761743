/// A substitution for what differs from run to run: a regular expression and what is shown instead.
struct Mask: Sendable {
    let pattern: String
    let replacement: String

    init(_ pattern: String, _ replacement: String) {
        self.pattern = pattern
        self.replacement = replacement
    }

    /// Reads `REGEX -> TEXT`.
    init(parsing text: String) throws {
        guard let arrow = text.firstRange(of: " -> ") else {
            throw TranscriptError("a mask is REGEX -> TEXT, not \(text)")
        }
        self.init(String(text[..<arrow.lowerBound]), String(text[arrow.upperBound...]))
        _ = try Regex(pattern)
    }

    func apply(to text: String) throws -> String {
        text.replacing(try Regex(pattern), with: replacement)
    }

    /// What is masked in every transcript.
    static let general = [
        Mask("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        Mask("duration=[0-9.]+s", "duration=<time>"),
        Mask("used:[0-9.]+s", "used:<time>"),
        Mask("recirc_id=[1-9][0-9]*", "recirc_id=<n>"),
        Mask(#"\(xid=0x[0-9a-f]+\)"#, "(xid=<xid>)"),
        Mask("aa:55:aa:55:[0-9a-f]{2}:[0-9a-f]{2}", "<mac>"),
        Mask("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\\|[0-9]+\\|", "<time>|<n>|"),
    ]
}
