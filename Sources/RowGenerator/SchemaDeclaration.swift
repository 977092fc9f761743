import JSONRPC
import OVSDBModel

/// Writes a schema that was read from a file as Swift, so that programs need not read the file.
struct SchemaDeclaration {
    let lines: [String]

    /// - Parameter expression: `TYPE.PROPERTY`, both of which are declared.
    init(_ schema: DatabaseSchema, named expression: String) {
        let parts = expression.split(separator: ".")
        let (type, property) = (parts.first ?? "Schema", parts.last ?? "schema")
        let json = schema.json.text(sortsKeys: true, isPretty: true)
        let text = json.split(separator: "\n").map { "        " + $0 }
        lines =
            [
                "/// The schema of the database `\(schema.name)`.",
                "public enum \(type) {",
                "    public static let \(property) = DatabaseSchema(",
                "        declaration: #\"\"\"",
            ] + text + ["        \"\"\"#)", "}"]
    }
}
