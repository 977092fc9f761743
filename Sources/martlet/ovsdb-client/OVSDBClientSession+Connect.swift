import Daemon
import Glibc
import JSONRPC
import Transport

/// How a session finds its server.
extension OVSDBClientSession {
    static func connect(_ server: String, _ timeout: Duration?) throws -> DatabaseClient {
        LogModule.warnOfDefaultPort(server)
        let target: StreamTarget
        do throws(TransportError) {
            target = try StreamTarget(server, defaultPort: StreamTarget.ovsdbPort)
        } catch {
            LogModule.logWrongTarget(error)
            throw ProgramError("failed to connect or listen to \"\(server)\" (\(error.reason))")
        }
        if target.isPassive { return try accept(target, timeout) }
        do throws(TransportError) {
            return DatabaseClient(try BlockingStream(connectingTo: target, timeout: timeout))
        } catch {
            if error.errno == ETIMEDOUT { throw error }
            LogModule.logWrongTarget(error)
            let attempt = error.errno == EAFNOSUPPORT ? "connect or listen" : "connect"
            throw ProgramError("failed to \(attempt) to \"\(server)\" (\(error.reason))")
        }
    }

    /// Waits for the server to connect.
    private static func accept(
        _ target: StreamTarget, _ timeout: Duration?
    ) throws -> DatabaseClient {
        let listener: BlockingListener
        do throws(TransportError) {
            listener = try BlockingListener(target)
        } catch {
            LogModule.logFailedListen(target, error)
            throw ProgramError(
                "failed to connect or listen to \"\(target.name)\" (\(error.reason))")
        }
        LogModule("ovsdb_client").info("\(target.name): waiting for connection...")
        do throws(TransportError) {
            return DatabaseClient(try listener.accept(timeout: timeout))
        } catch {
            if error.errno == ETIMEDOUT { throw error }
            throw ProgramError(
                "failed to accept connection on \"\(target.name)\" (\(error.reason))")
        }
    }

    /// Connects, and tells in the log how that goes.
    static func connectTellingProgress(
        _ server: String, _ timeout: Duration?
    ) throws -> DatabaseClient {
        let log = LogModule("reconnect")
        log.info("\(server): connecting...")
        LogModule.warnOfDefaultPort(server)
        do throws(TransportError) {
            let target = try StreamTarget(server, defaultPort: StreamTarget.ovsdbPort)
            let stream = try BlockingStream(connectingTo: target, timeout: timeout)
            log.info("\(server): connected")
            return DatabaseClient(stream)
        } catch {
            if error.errno == ETIMEDOUT { throw error }
            LogModule.logWrongTarget(error)
            log.info("\(server): connection attempt failed (\(error.reason))")
            throw ProgramError("failed to connect to \"\(server)\" (\(error.reason))")
        }
    }

    /// Tries the members of a cluster in random order, so that clients spread over them.
    static func connect(
        toOneOf servers: [String], _ options: OVSDBClientOptions
    ) throws -> DatabaseClient {
        for server in servers.shuffled() {
            guard let client = try? connectTellingProgress(server, options.timeout) else {
                continue
            }
            if try !options.wantsLeader || leads(client) { return client }
            LogModule("ovsdb_client").info(
                "\(server): server is not a cluster leader; trying the next")
        }
        throw ProgramError("no servers were available")
    }

    /// Whether a server may change what it serves: it leads its clusters, or is in none.
    private static func leads(_ client: DatabaseClient) throws -> Bool {
        let select: JSON = [
            "op": "select", "table": "Database", "columns": ["leader"],
            "where": [["model", "==", "clustered"]],
        ]
        let reply = try client.call("transact", ["_Server", select])
        return (reply[0]?["rows"]?.array ?? []).allSatisfy { $0["leader"] == true }
    }
}
