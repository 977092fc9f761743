import Daemon
import OpenFlow
import Transport

/// The channels of a controller to its switches, which it calls or which call it.
///
/// It belongs to the control loop.
final class TestController {
    /// As many switches as may be connected at once.
    private static let maxSwitchCount = 16384

    private let options: ControllerOptions
    private let log = LogModule("lswitch")
    private var clients: [ReconnectingClient] = []
    private var listeners: [StreamListener] = []
    private var channels: [ObjectIdentifier: SwitchChannel] = [:]

    init(_ options: ControllerOptions) { self.options = options }

    /// Opens what a remote says; what is wrong with it is logged.
    ///
    /// - Returns: whether it is of use.
    func open(_ name: String, _ loop: ControlLoop) -> Bool {
        do throws(TransportError) {
            let target = try StreamTarget(name, defaultPort: StreamTarget.openFlowPort)
            if target.isPassive { try listen(target, loop) } else { call(target, loop) }
            return true
        } catch {
            LogModule("controller").error("\(name): connect: \(error.reason)")
            return false
        }
    }

    private func listen(_ target: StreamTarget, _ loop: ControlLoop) throws(TransportError) {
        let listener = try StreamListener(target, loop: loop) { [unowned self] connection in
            serve(connection)
        }
        listener.maximumConnectionCount = Self.maxSwitchCount
        if let port = listener.boundPort, case .tcp(_, 0) = target.address {
            LogModule("socket_util").info("0: listening on port \(port)")
        }
        listeners.append(listener)
    }

    private func call(_ target: StreamTarget, _ loop: ControlLoop) {
        let client = ReconnectingClient(target, loop: loop)
        client.onConnect = { [unowned self] connection in serve(connection) }
        client.onEvent = { event in LogModule("rconn").info("\(target.name): \(event.text)") }
        clients.append(client)
        client.start()
    }

    private func serve(_ connection: StreamConnection) {
        let channel = SwitchChannel(connection, LearningSwitch(options))
        let id = ObjectIdentifier(channel)
        channels[id] = channel
        channel.onEnd = { [unowned self] reason in
            log.info("\(connection.name): \(reason)")
            channels[id] = nil
        }
        channel.start()
    }

    func close() {
        for client in clients { client.stop() }
        for listener in listeners { listener.close() }
    }
}

/// One connection to a switch.
final class SwitchChannel {
    var onEnd: ((String) -> Void)?

    private let connection: StreamConnection
    private var machine: LearningSwitch
    private var framer = OpenFlowFramer()

    init(_ connection: StreamConnection, _ machine: LearningSwitch) {
        self.connection = connection
        self.machine = machine
    }

    func start() {
        connection.onClose = { [unowned self] error in
            onEnd?(error?.reason ?? "connection closed by peer")
        }
        machine.start()
        connection.send(machine.takeOutput())
        connection.onReceive = { [unowned self] octets in receive(octets) }
    }

    private func receive(_ octets: [UInt8]) {
        framer.append(octets)
        do {
            while let message = try framer.next() { try machine.handle(message) }
            let output = machine.takeOutput()
            if !output.isEmpty { connection.send(output) }
        } catch {
            connection.send(machine.takeOutput())
            LogModule("lswitch").warning("\(connection.name): \(error)")
            connection.close()
        }
    }
}
