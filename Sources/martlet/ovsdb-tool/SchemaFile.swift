import Daemon
import Glibc
import JSONRPC
import OVSDBModel
import Transport

/// A file that holds a schema, as `ovsdb-tool` and `ovsdb-client` are given one.
enum SchemaFile {
    /// Reads a schema, or says what is wrong with the file or with what is in it.
    static func read(_ path: String) throws -> DatabaseSchema {
        let json = try readJSON(path)
        do throws(OVSDBError) {
            return try DatabaseSchema(json)
        } catch {
            let details = "failed to parse \"\(path)\" as ovsdb schema: \(error.details ?? "")"
            throw OVSDBError(error.tag, details, syntax: error.syntax)
        }
    }

    private static func readJSON(_ path: String) throws -> JSON {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw failure(path, "error opening \"\(path)\": \(TransportError.text(of: errno))")
        }
        defer { close(descriptor) }
        guard let octets = DatabaseFile.contents(of: descriptor) else {
            throw failure(path, "error reading JSON stream: \(TransportError.text(of: errno))")
        }
        do throws(JSONError) {
            return try JSON.parse(octets: octets)
        } catch {
            throw failure(path, "\(error)")
        }
    }

    private static func failure(_ path: String, _ reason: String) -> ProgramError {
        ProgramError("failed to read schema: \"\(path)\" could not be read as JSON (\(reason))")
    }
}
