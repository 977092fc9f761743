import Classifier
import FlowModel
import FlowSyntax

/// Lines of an explanation.
enum TraceText {
    /// ` 0. in_port=1, priority 9000, cookie 0x5adc15c0`.
    static func table(_ number: UInt8, _ rule: Rule?) -> String {
        let padding = number < 10 ? " " : ""
        guard let rule else { return "\(padding)\(number). No match." }
        var text = "\(padding)\(number). "
        let match = MatchPrinter.text(rule.match)
        if !match.isEmpty { text += match + ", " }
        text += "priority \(rule.priority)"
        if rule.cookie != 0 { text += ", cookie \(hexadecimal(rule.cookie))" }
        return text
    }

    static func action(_ action: Action) -> String { ActionPrinter.text(action) }

    static func nowIs(_ subfield: Subfield, _ value: UInt128) -> String {
        let name = SubfieldText.text(subfield)
        return "\(name) is now \(hexadecimal(value))"
    }

    /// As `%#x` of C prints: zero has no prefix.
    static func hexadecimal(_ value: some BinaryInteger) -> String {
        value == 0 ? "0" : "0x" + String(value, radix: 16)
    }
}
