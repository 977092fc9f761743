import Daemon
import JSONRPC
import Transport

/// What `ovs-vswitchd` serves: the switch that a database configures.
///
/// It belongs to the control loop.
final class SwitchDaemon {
    private let run: DaemonRun
    private let options: VswitchdOptions
    private var database: ReconnectingClient?
    private let log = LogModule("bridge")
    private let reconnectLog = LogModule("reconnect")

    init(_ run: DaemonRun, _ options: VswitchdOptions) {
        self.run = run
        self.options = options
    }

    /// Connects to the database; the daemon is ready once it has its configuration.
    func start() throws {
        let target = try StreamTarget(options.database, defaultPort: StreamTarget.ovsdbPort)
        guard !target.isPassive else {
            throw ProgramError("\(target.name): passive database methods are not supported yet")
        }
        let client = ReconnectingClient(target, loop: run.loop)
        client.onEvent = { [reconnectLog] event in
            reconnectLog.info("\(target.name): \(event.text)")
        }
        client.onConnect = { [unowned self] stream in connected(JSONRPCConnection(stream)) }
        database = client
        log.info(ProgramVersion.line(for: VswitchdProgram.name))
        client.start()
    }

    private func connected(_ connection: JSONRPCConnection) {
        log.warning("this build has no switch yet: the configuration is not applied")
        run.ready()
    }

    /// Lets go of ports and sessions; with `cleanup`, of what would outlive the process too.
    func shutDown(cleanup: Bool) {
        database?.stop()
    }
}
