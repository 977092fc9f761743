import Glibc

/// How long tests with random input run: briefly, unless the environment asks for more.
public enum RunSize {
    /// The seeds that a variable names, as `FIRST-LAST` or one alone.
    public static func seeds(_ variable: String, usually: Range<UInt64>) -> [UInt64] {
        let bounds = text(variable).split(separator: "-").compactMap { UInt64($0) }
        guard let first = bounds.first, let last = bounds.last, first <= last else {
            return Array(usually)
        }
        return Array(first...last)
    }

    /// A number of steps.
    public static func count(_ variable: String, usually: Int) -> Int {
        Int(text(variable)) ?? usually
    }

    private static func text(_ variable: String) -> String {
        getenv(variable).map { String(cString: $0) } ?? ""
    }
}
