import Daemon
import JSONRPC
import OVSDBClient
import OVSDBModel
import Pipeline
import Switch
import Transport

/// What `ovs-vswitchd` serves: the switch that a database configures.
///
/// It belongs to the control loop, and joins the replica of the database to the switch.
final class SwitchDaemon {
    private let run: DaemonRun
    private let options: VswitchdOptions
    private let runtime: SwitchRuntime
    private let server: OpenFlowServer
    private let replica: DatabaseReplica
    private let reader: ConfigurationReader
    private let writer: DatabaseWriter
    private let reporter: SwitchReporter
    private var database: ReconnectingClient?
    private var connection: JSONRPCConnection?
    private var serial: Int64 = -1
    private var statisticsTimer: ControlTimer?
    private var hasNotedDatapath = false
    private let log = LogModule("bridge")
    private let reconnectLog = LogModule("reconnect")

    init(_ run: DaemonRun, _ options: VswitchdOptions) throws {
        self.run = run
        self.options = options
        runtime = try SwitchRuntime(loop: run.loop, dummy: options.dummy)
        server = OpenFlowServer(runtime)
        replica = DatabaseReplica(OpenVSwitchSchema.schema, tables: ConfigurationReader.columns)
        reader = ConfigurationReader(replica)
        writer = DatabaseWriter(replica)
        reporter = SwitchReporter(runtime: runtime, replica: replica, writer: writer)
        writer.perform = { [unowned self] actions in perform(actions) }
        runtime.onVanished = { [unowned self] name in vanished(name) }
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
        client.onDisconnect = { [unowned self] _ in
            connection = nil
            perform(replica.disconnected())
        }
        database = client
        log.info(ProgramVersion.line(for: VswitchdProgram.name))
        client.start()
        scheduleStatistics(DatabaseConfiguration.defaultStatisticsInterval)
    }

    private func connected(_ connection: JSONRPCConnection) {
        self.connection = connection
        connection.onMessage = { [unowned self] message in perform(replica.handle(message)) }
        writer.reset()
        perform(replica.connected())
    }

    private func perform(_ actions: [DatabaseReplica.Action]) {
        for action in actions {
            switch action {
            case .send(let message): connection?.send(message)
            case .changed(let notices): changed(notices)
            case .completed(let id, let outcome): writer.completed(id, outcome)
            case .lock: break
            case .failed(let reason): log.error("the database is of no use: \(reason)")
            }
        }
    }

    // MARK: Configuration

    private func changed(_ notices: [RowNotice]) {
        writer.forget(notices)
        guard reader.note(notices) || serial < 0 else { return }
        guard let configuration = reader.read() else {
            run.ready()
            return
        }
        apply(configuration)
    }

    private func apply(_ configuration: DatabaseConfiguration) {
        noteDatapath(configuration)
        runtime.apply(configuration.switchConfiguration)
        server.configure(configuration.controllers)
        if serial < 0 { reporter.reportIdentity() }
        serial = configuration.serial
        reporter.reportState()
        reporter.reportSerial(serial)
        writer.flush()
        run.ready()
    }

    /// Says once what serves bridges that ask for the kernel's datapath.
    private func noteDatapath(_ configuration: DatabaseConfiguration) {
        guard !hasNotedDatapath, options.dummy == nil,
            let bridge = configuration.switchConfiguration.bridges.first(where: {
                $0.datapathType.isEmpty || $0.datapathType == "system"
            })
        else { return }
        hasNotedDatapath = true
        log.info(
            "\(bridge.name): datapath type \"system\" is served by the userspace datapath")
    }

    private func vanished(_ name: String) {
        log.warning("\(name): the device has gone")
        runtime.withSwitch { $0.noteLink(name, isDown: true) }
        reporter.reportState()
        writer.flush()
    }

    // MARK: Statistics

    private func scheduleStatistics(_ interval: Int) {
        statisticsTimer = run.loop.every(.milliseconds(interval)) { [unowned self] in
            guard serial >= 0, replica.isLive else { return }
            reporter.reportStatistics()
            reporter.reportState()
            reporter.reportControllers(server.reports())
            writer.flush()
        }
    }

    /// Lets go of ports and sessions; with `cleanup`, of what would outlive the process too.
    func shutDown(cleanup: Bool) {
        statisticsTimer?.cancel()
        database?.stop()
        server.shutDown()
        runtime.shutDown()
    }
}
