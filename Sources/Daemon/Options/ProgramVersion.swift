/// What programs say about themselves.
public enum ProgramVersion {
    /// The version of Martlet.
    public static let martlet = "0.1.0"
    /// The version of Open vSwitch whose behaviour is offered, for scripts that read it.
    public static let openVSwitch = "3.1.0"

    /// The first line of `--version` and of the command `version`.
    public static func line(for program: String) -> String {
        "\(program) (Open vSwitch) \(openVSwitch)"
    }

    /// The whole answer to `--version`.
    ///
    /// - Parameter further: lines that the genuine program prints below the first.
    public static func text(for program: String, further: [String] = []) -> String {
        ([line(for: program)] + further + ["Martlet \(martlet)"]).map { $0 + "\n" }.joined()
    }
}
