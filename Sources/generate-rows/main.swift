import Glibc
import JSONRPC
import OVSDBModel
import RowGenerator

/// Prints the Swift types of a schema's rows.
///
/// Without arguments the schema is the one that Martlet declares itself; else it is that of a file,
/// and is declared in the text as well.
private func text(_ arguments: ArraySlice<String>) throws -> String? {
    guard let path = arguments.first else {
        return RowGenerator(OpenVSwitchSchema.schema, named: "OpenVSwitchSchema.schema").text()
    }
    guard arguments.count == 2, let name = arguments.last, !path.hasPrefix("-") else { return nil }
    guard let octets = read(path) else {
        perror(path)
        exit(1)
    }
    let schema = try DatabaseSchema(try JSON.parse(octets: octets))
    return RowGenerator(schema, named: name, hasDeclaration: true).text()
}

private func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var octets: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { return octets }
        octets += buffer[..<count]
    }
}

do {
    guard let text = try text(CommandLine.arguments.dropFirst()) else {
        print("usage: generate-rows [SCHEMA-FILE TYPE.PROPERTY]")
        exit(1)
    }
    print(text, terminator: "")
} catch {
    print("generate-rows: \(error)")
    exit(1)
}
