import Daemon
import FlowModel
import FlowSyntax
import Glibc
import OpenFlow
import Transport

/// `monitor` and `snoop`: print what a switch sends, until they are told to stop.
enum MonitorCommand {
    static func run(_ context: OfctlContext) throws {
        var missSendLength: UInt16?
        var wantsInvalidTTL = false
        var watches: [String] = []
        for argument in context.arguments.dropFirst() {
            if argument == "invalid_ttl" {
                try checkInvalidTTL(context.options.versions)
                wantsInvalidTTL = true
            } else if argument.hasPrefix("watch:") {
                watches.append(String(argument.dropFirst(6)))
            } else if let length = UInt16(argument) {
                missSendLength = length
            } else {
                throw ProgramError("\(argument): unsupported \"monitor\" argument")
            }
        }
        var names = FlowNames()
        if !watches.isEmpty && context.acceptsNames {
            names = try context.connect().names(tablesFirst: false)
        }
        var requests: [FlowMonitorRequest] = []
        for (index, text) in watches.enumerated() {
            requests.append(try FlowWatch.parse(text, id: UInt32(index), names: names))
        }
        try serve(context, kind: "mgmt") { monitor in
            monitor.watches = requests
            monitor.missSendLength = missSendLength
            monitor.wantsInvalidTTL = wantsInvalidTTL
        }
    }

    /// Later versions ask for such packets in other words.
    private static func checkInvalidTTL(_ versions: OpenFlowVersions) throws {
        guard versions.isDisjoint(with: .upTo(.v12)) else { return }
        throw ProgramError(
            "invalid_ttl requires one of the OpenFlow versions OpenFlow10, OpenFlow11, "
                + "OpenFlow12 but none is enabled (use -O)")
    }

    static func snoop(_ context: OfctlContext) throws {
        try serve(context, kind: "snoop") { $0.isSnooping = true }
    }

    private static func serve(
        _ context: OfctlContext, kind: String, _ configure: (SwitchMonitor) -> Void
    ) throws {
        let (target, isBridge) = try SwitchConnection.target(of: context.target, kind: kind)
        // Where the terminal is let go, what is printed still goes where it went.
        let output = dup(STDERR_FILENO)
        _ = fcntl(output, F_SETFD, FD_CLOEXEC)
        let monitor = SwitchMonitor(context, output: output)
        configure(monitor)
        try DaemonRun.run(context.process) { run in
            monitor.start(run, target, isBridge: isBridge)
        }
    }
}

/// A connection on which messages are printed as they come.
///
/// It belongs to the control loop.
final class SwitchMonitor {
    var missSendLength: UInt16?
    var wantsInvalidTTL = false
    var isSnooping = false
    /// Flow monitors to be set up.
    var watches: [FlowMonitorRequest] = []

    private let context: OfctlContext
    private var output: CInt
    private var dialect = Dialect(version: .v10)
    private var framer = OpenFlowFramer()
    private var connection: StreamConnection?
    private var run: DaemonRun?
    private var nextXID: UInt32 = 1
    private var isNegotiated = false
    /// The request for a format of packet-ins that has not been answered.
    private var formatXID: UInt32?
    private var readyXID: UInt32?
    /// Requests for flow monitors, whose answers go where other commands print.
    private var watchXIDs: Set<UInt32> = []
    private var barriers: [UInt32: ControlRequest] = [:]
    private var isBlocked = false
    private var held: [String] = []

    init(_ context: OfctlContext, output: CInt) {
        self.context = context
        self.output = output
    }

    func start(_ run: DaemonRun, _ target: StreamTarget, isBridge: Bool) {
        self.run = run
        registerCommands(run.control)
        nonisolated(unsafe) let monitor = self
        StreamClient.connect(to: target, loop: run.loop) { connection in
            monitor.begin(connection)
        } onFailure: { error in
            let name = monitor.context.target
            run.fail(
                ProgramError(
                    isBridge
                        ? "\(name): failed to connect to socket (\(error.reason))"
                        : "connecting to \(name) (\(error.reason))"))
        }
    }

    private func begin(_ connection: StreamConnection) {
        self.connection = connection
        connection.onReceive = { [unowned self] octets in receive(octets) }
        connection.onClose = { [unowned self] error in closed(error) }
        if isSnooping {
            // Whatever version the messages have that are shown.
            let hello = OpenFlowMessage.hello(Hello())
            connection.send(hello.encoded(Dialect(version: .v15), xid: takeXID()))
            run?.ready()
            return
        }
        let offered = context.options.versions.intersection(.supported)
        let newest = offered.newest ?? .v10
        let hello = OpenFlowMessage.hello(Hello(versions: offered))
        connection.send(hello.encoded(Dialect(version: newest), xid: takeXID()))
    }

    private func closed(_ error: TransportError?) {
        guard let run else { return }
        if isNegotiated || isSnooping {
            let reason = error?.reason ?? "End of file"
            LogModule("ofctl").log(.warning) { "\(self.context.target): connection closed" }
            run.fail(
                ProgramError("\(context.target): OpenFlow packet receive failed (\(reason))"))
        } else {
            run.fail(
                ProgramError("\(context.target): failed to connect to socket (Protocol error)"))
        }
    }

    private func takeXID() -> UInt32 {
        defer { nextXID &+= 1 }
        return nextXID
    }

    @discardableResult
    private func send(_ message: OpenFlowMessage) -> UInt32 {
        let xid = takeXID()
        connection?.send(message.encoded(dialect, xid: xid))
        return xid
    }

    private func receive(_ octets: [UInt8]) {
        framer.append(octets)
        do {
            while let message = try framer.next() { handle(message) }
        } catch {
            run?.fail(
                ProgramError(
                    "\(context.target): OpenFlow packet receive failed (Protocol error)"))
        }
    }

    private func handle(_ octets: [UInt8]) {
        guard let header = MessageHeader(octets) else { return }
        if isSnooping {
            guard isNegotiated else {
                isNegotiated = true
                if header.isHello { return }
                return print(octets)
            }
            return print(octets)
        }
        guard isNegotiated else { return negotiate(octets, header) }
        if header.type == 2 {
            let data = Array(octets.dropFirst(MessageHeader.byteCount))
            connection?.send(OpenFlowMessage.echoReply(data).encoded(dialect, xid: header.xid))
            return
        }
        if header.xid != 0 {
            if header.xid == formatXID, header.isError { return fallBack() }
            if watchXIDs.contains(header.xid) {
                return write(MessageCodec.text(octets, printer), to: STDOUT_FILENO)
            }
            if header.xid == readyXID {
                readyXID = nil
                run?.ready()
                return
            }
            if let request = barriers.removeValue(forKey: header.xid) {
                print(octets)
                request.reply("")
                return
            }
        }
        print(octets)
    }

    private func negotiate(_ octets: [UInt8], _ header: MessageHeader) {
        let usable = context.options.versions.intersection(.supported)
        guard header.isHello,
            case .hello(let hello)? = MessageCodec.decode(octets, dialect)?.message,
            let version = usable.intersection(hello.versions ?? .upTo(header.version)).newest
        else { return closed(nil) }
        dialect.version = version
        isNegotiated = true
        if missSendLength != nil || wantsInvalidTTL {
            send(
                .setConfig(
                    SwitchConfig(
                        sendsInvalidTTL: wantsInvalidTTL, missSendLength: missSendLength ?? 0)))
        }
        for watch in watches { watchXIDs.insert(send(.statsRequest(.flowMonitor([watch])))) }
        requestFormat(context.options.packetInFormat ?? .nxm2)
        readyXID = send(.barrierRequest)
    }

    private func requestFormat(_ format: PacketInFormat) {
        dialect.packetInFormat = format
        formatXID =
            format == .standard && dialect.version > .v10 ? nil : send(.setPacketInFormat(format))
    }

    /// The switch does not know the format: the next simpler one, unless one was insisted on.
    private func fallBack() {
        formatXID = nil
        if let format = context.options.packetInFormat {
            run?.fail(
                ProgramError(
                    "\(context.target): switch does not support packet-in format "
                        + MessagePrinter.name(of: format)))
            return
        }
        if dialect.packetInFormat == .nxm2 && dialect.version == .v10 { requestFormat(.nxm) }
    }

    // MARK: Output

    private func print(_ octets: [UInt8]) {
        var text = MessageCodec.text(octets, printer)
        if context.options.printsTimestamps { text = Timestamp.now + ": " + text }
        if isBlocked { held.append(text) } else { write(text) }
    }

    private var printer: MessagePrinter {
        MessagePrinter(
            dialect: dialect, verbosity: 2 + context.options.verbosity,
            colors: context.options.colors)
    }

    private func write(_ text: String) { write(text, to: output) }

    private func write(_ text: String, to descriptor: CInt) {
        let octets = Array(text.utf8)
        var written = 0
        while written < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0 && errno != EINTR { return }
            written += max(count, 0)
        }
    }

    // MARK: Control commands

    private func registerCommands(_ control: ControlServer) {
        control.registerText("ofctl/block") { [unowned self] _ in
            isBlocked = true
            return ""
        }
        control.registerText("ofctl/unblock") { [unowned self] _ in
            isBlocked = false
            for text in held { write(text) }
            held = []
            return ""
        }
        control.register("ofctl/barrier") { [unowned self] request in
            guard isNegotiated else { return request.fail("not connected") }
            barriers[send(.barrierRequest)] = request
        }
        control.register("ofctl/send", "OFMSG...", 1...Int.max) { [unowned self] request in
            sendOctets(request)
        }
        control.registerText("ofctl/set-output-file", "FILE", 1...1) {
            [unowned self] arguments throws(ControlError) in
            let descriptor = open(arguments[0], O_CREAT | O_TRUNC | O_WRONLY, 0o666)
            guard descriptor >= 0 else {
                throw ControlError(TransportError.text(of: errno))
            }
            dup2(descriptor, output)
            close(descriptor)
            return ""
        }
    }

    private func sendOctets(_ request: ControlRequest) {
        var text = ""
        for argument in request.arguments {
            guard let octets = Hexadecimal.octets(argument.utf8), MessageHeader(octets) != nil
            else { return request.fail("\(argument): bad hex") }
            write("send: " + MessageCodec.text(octets, MessagePrinter(dialect: dialect)))
            connection?.send(octets)
            text += "sent\n"
        }
        request.reply(text)
    }
}

/// The time as OVS prints it before messages.
enum Timestamp {
    static var now: String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        let two = { (value: Int32) in value < 10 ? "0\(value)" : String(value) }
        let milliseconds = String(time.tv_nsec / 1_000_000 + 1000).dropFirst()
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)"
    }
}
