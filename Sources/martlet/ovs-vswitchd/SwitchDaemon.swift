import Daemon
import LinuxPorts
import OVSDBClient
import OVSDBConnection
import OVSDBModel
import Pipeline
import Switch
import Transport

/// What `ovs-vswitchd` serves: the switch that a database configures.
///
/// It belongs to the control loop, and joins the replica of the database to the switch.
final class SwitchDaemon {
    /// The lock that keeps two daemons from serving one database.
    private static let lockName = "ovs_vswitchd"
    /// How often connections to controllers are looked at.
    private static let controllerPeriod = Duration.seconds(1)

    private let run: DaemonRun
    private let options: VswitchdOptions
    private let runtime: SwitchRuntime
    private let server: OpenFlowServer
    private let replica: DatabaseReplica
    private let reader: ConfigurationReader
    private let writer: DatabaseWriter
    private let reporter: SwitchReporter
    private var controllers: ControllerReporter
    private let session: DatabaseSession
    private var configuration: DatabaseConfiguration?
    /// Whether the database has yet to be told everything.
    private var isNewToDatabase = true
    /// Whether the first rows since connecting have come.
    private var hasRows = false
    private var statisticsTimer: ControlTimer?
    private var statisticsInterval = 0
    private var controllerTimer: ControlTimer?
    private var monitor: LinkMonitor?
    private var underlayMonitor: UnderlayMonitor?
    private var isRetryScheduled = false
    private var hasNotedDatapath = false
    private let log = LogModule("bridge")
    private let reconnectLog = LogModule("reconnect")

    init(_ run: DaemonRun, _ options: VswitchdOptions) throws {
        self.run = run
        self.options = options
        runtime = try SwitchRuntime(
            loop: run.loop, dummy: options.dummy, processors: options.processors ?? .machine)
        server = OpenFlowServer(runtime)
        replica = DatabaseReplica(
            OpenVSwitchSchema.schema, monitoring: ConfigurationReader.tables,
            lock: Self.lockName)
        session = DatabaseSession(
            replica, targets: [try Self.target(options.database)], loop: run.loop)
        reader = ConfigurationReader(replica, datapathTypes: runtime.devices.datapathTypes)
        writer = DatabaseWriter(session)
        reporter = SwitchReporter(runtime: runtime, replica: replica, writer: writer)
        controllers = ControllerReporter(writer: writer)
        runtime.devices.formerNumberOf = { [unowned self] in reporter.formerNumber($0) }
        runtime.devices.onDummyChange = { [unowned self] name in
            run.loop.soon { [self] in
                reporter.noteDummy(name)
                writer.flush()
            }
        }
        runtime.onLiveness = { [unowned self] changes in
            reporter.noteLiveness(changes)
            writer.flush()
        }
        runtime.onVanished = { [unowned self] name in vanished(name) }
        VswitchdCommands.register(on: run.control, runtime: runtime) { [server] bridge in
            for name in bridge.map({ [$0] }) ?? server.bridgeNames { server.reconnect(name) }
        }
        run.control.onMemoryUsage = { [unowned self] in
            let cells = replica.schema.tables.reduce(0) {
                $0 + replica.rows(of: $1.name).count * $1.columns.count
            }
            return runtime.withSwitch { $0.memoryUsage }
                + [("idl-cells-\(replica.schema.name)", cells)]
        }
    }

    private static func target(_ method: String) throws -> StreamTarget {
        let target = try StreamTarget(method, defaultPort: StreamTarget.ovsdbPort)
        guard !target.isPassive else {
            throw ProgramError("\(target.name): passive database methods are not supported yet")
        }
        return target
    }

    /// Connects to the database; the daemon is ready once it has its configuration.
    func start() {
        session.onEvent = { [reconnectLog] target, event in
            reconnectLog.info("\(target.name): \(event.text)")
        }
        session.onConnect = { [unowned self] in connected() }
        session.onChange = { [unowned self] notices in changed(notices) }
        session.onLock = { [unowned self] isOwned in lockChanged(isOwned) }
        session.onFailure = { [log] reason in
            log.error("the database is of no use: \(reason)")
        }
        log.info(ProgramVersion.line(for: VswitchdProgram.name))
        session.start()
        scheduleStatistics(DatabaseConfiguration.defaultStatisticsInterval)
        controllerTimer = run.loop.every(Self.controllerPeriod) { [unowned self] in
            reportControllers(isComplete: false)
            writer.flush()
        }
        watchLinks()
    }

    private func connected() {
        writer.reset()
        controllers = ControllerReporter(writer: writer)
        isNewToDatabase = true
        hasRows = false
    }

    private func lockChanged(_ isOwned: Bool) {
        if isOwned {
            if replica.isLive { update() }
        } else if session.isConnected {
            log.error(
                "another ovs-vswitchd process is running, disabling this process "
                    + "until it goes away")
            run.ready()
        }
    }

    // MARK: Configuration

    private func changed(_ notices: [RowNotice]) {
        writer.note(notices, isLive: hasRows)
        reporter.note(notices)
        let isChanged = reader.note(notices)
        let isFirst = !hasRows
        hasRows = true
        if isChanged || isFirst { update() }
    }

    private func update() {
        guard replica.ownsLock else { return }
        guard let configuration = reader.read() else {
            run.ready()
            return
        }
        apply(configuration)
    }

    private func apply(_ configuration: DatabaseConfiguration) {
        noteDatapath(configuration)
        noteTLS(configuration.tlsFiles)
        let changed = reader.takeChangedBridges().union(reporter.failingBridges)
        runtime.apply(configuration.switchConfiguration)
        server.configure(configuration)
        let reportedSystem = self.configuration?.reportsSystem ?? true
        self.configuration = configuration
        if reportedSystem != configuration.reportsSystem || isNewToDatabase {
            reporter.reportSystem(configuration.reportsSystem)
        }
        if isNewToDatabase {
            isNewToDatabase = false
            reporter.reportIdentity()
            reporter.reset()
        }
        reporter.report(bridges: changed)
        reporter.reportSerial(configuration.serial)
        reportControllers(isComplete: false)
        writer.flush()
        if statisticsInterval != configuration.statisticsInterval {
            scheduleStatistics(configuration.statisticsInterval)
        }
        run.ready()
    }

    /// Takes the keys that the database names; protocols and ciphers stay those of the command
    /// line.
    private func noteTLS(_ files: TLSFiles?) {
        guard var files else { return }
        let identity = TLSIdentity.shared
        files.peerAuthority = identity.files.peerAuthority
        files.protocols = identity.files.protocols
        files.ciphers = identity.files.ciphers
        identity.files = files
    }

    /// Says once what serves bridges that ask for the kernel's datapath.
    private func noteDatapath(_ configuration: DatabaseConfiguration) {
        guard !hasNotedDatapath, options.dummy == nil,
            let bridge = configuration.switchConfiguration.bridges.first(where: {
                $0.datapathType.isEmpty || $0.datapathType == "system"
            })
        else { return }
        hasNotedDatapath = true
        var reason = ""
        if configuration.usesKernel {
            do throws(KernelDatapathError) {
                try runtime.startKernel()
                log.info("\(bridge.name): datapath type \"system\" is served by eBPF programs")
                return
            } catch {
                reason = ", since eBPF programs cannot: \(error)"
            }
        }
        log.info(
            "\(bridge.name): datapath type \"system\" is served by the userspace datapath\(reason)")
    }

    // MARK: Devices

    private func watchLinks() {
        nonisolated(unsafe) let daemon = self
        let loop = run.loop
        do throws(SystemError) {
            monitor = try LinkMonitor { events in
                loop.post { daemon.note(events) }
            }
        } catch {
            log.warning("changes of network devices go unnoticed: \(error)")
        }
        guard !options.disablesSystemRoutes else { return }
        nonisolated(unsafe) let reporter = reporter
        nonisolated(unsafe) let writer = writer
        let runtime = runtime
        do throws(SystemError) {
            underlayMonitor = try UnderlayMonitor { state in
                let read = UnderlayReader(state)
                loop.post {
                    runtime.withSwitch {
                        $0.noteSystem(routes: read.routes, addresses: read.addresses)
                    }
                    reporter.noteRoutes()
                    writer.flush()
                }
            }
        } catch {
            log.warning("changes of routes go unnoticed: \(error)")
        }
    }

    private func note(_ events: [LinkEvent]) {
        guard configuration != nil else { return }
        for event in events {
            switch event {
            case .changed(let link):
                if reporter.note(link) { scheduleRetry() }
            case .removed(_, let name):
                if runtime.devices.isDevice(name) { deviceVanished(name) }
            }
        }
        writer.flush()
    }

    private func vanished(_ name: String) {
        // A device that has come back meanwhile is another one.
        guard runtime.devices.hasVanished(name) else { return }
        deviceVanished(name)
        writer.flush()
    }

    private func deviceVanished(_ name: String) {
        log.warning("\(name): the device has gone")
        runtime.withSwitch { $0.noteVanished(name) }
        if let bridge = reporter.bridge(of: name) { reporter.report(bridges: [bridge]) }
        scheduleRetry()
    }

    /// Opens anew what waits for its device.
    private func scheduleRetry() {
        guard !isRetryScheduled else { return }
        isRetryScheduled = true
        run.loop.soon { [unowned self] in
            isRetryScheduled = false
            if let configuration { apply(configuration) }
        }
    }

    // MARK: Statistics

    private func scheduleStatistics(_ interval: Int) {
        statisticsInterval = interval
        statisticsTimer?.cancel()
        statisticsTimer = run.loop.every(.milliseconds(interval)) { [unowned self] in
            guard configuration != nil, replica.isLive else { return }
            reporter.reportStatistics()
            if configuration?.reportsSystem == true { reporter.reportSystem(true) }
            reportControllers(isComplete: true)
            writer.flush()
        }
    }

    private func reportControllers(isComplete: Bool) {
        guard configuration != nil, replica.isLive, replica.ownsLock else { return }
        controllers.report(server.reports(), isComplete: isComplete)
    }

    /// Lets go of ports and sessions; with `cleanup`, of what would outlive the process too.
    func shutDown(cleanup: Bool) {
        monitor?.stop()
        underlayMonitor?.stop()
        statisticsTimer?.cancel()
        controllerTimer?.cancel()
        session.stop()
        server.shutDown()
        runtime.shutDown()
    }
}
