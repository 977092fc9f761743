import Bytes
import Daemon
import FlowModel
import FlowSyntax
import Glibc
import OpenFlow
import Transport

/// A connection to a switch on which one request waits for the answer of the last.
final class SwitchConnection {
    let name: String
    private(set) var dialect = Dialect(version: .v10)
    private let stream: BlockingStream
    private let log = LogModule("vconn")
    private var framer = OpenFlowFramer()
    private var nextXID: UInt32 = 1
    /// What could not be understood of the answers is printed and ends the program.
    private let versions: OpenFlowVersions

    /// Connects to a bridge by name, to a socket by path, or by a method such as `tcp:HOST`.
    init(_ name: String, versions: OpenFlowVersions, socketKind: String = "mgmt") throws {
        self.name = name
        self.versions = versions
        stream = try Self.open(name, kind: socketKind)
        try negotiate()
    }

    /// Where a connection goes, and whether `name` is a bridge's.
    static func target(
        of name: String, kind: String
    ) throws -> (target: StreamTarget, isBridge: Bool) {
        if name.contains(":") {
            do {
                return (try StreamTarget(name, defaultPort: StreamTarget.openFlowPort), false)
            } catch {
                throw ProgramError("connecting to \(name) (\(error.reason))")
            }
        }
        let bridge = InstallDirectories.current.socketPath("\(name).\(kind)")
        for path in [InstallDirectories.current.socketPath(name), bridge] where isSocket(path) {
            return (StreamTarget.unix(path: path), true)
        }
        throw ProgramError("\(name) is not a bridge or a socket")
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func open(_ name: String, kind: String) throws -> BlockingStream {
        let (target, isBridge) = try target(of: name, kind: kind)
        do {
            return try BlockingStream(connectingTo: target)
        } catch {
            throw ProgramError(
                isBridge
                    ? "\(name): failed to connect to socket (\(error.reason))"
                    : "connecting to \(name) (\(error.reason))")
        }
    }

    private func negotiate() throws {
        let usable = versions.intersection(.supported)
        let offered = usable.isEmpty ? versions : usable
        let newest = offered.newest ?? .v10
        let hello = OpenFlowMessage.hello(Hello(versions: offered))
        try send(hello.encoded(Dialect(version: newest), xid: takeXID()))
        let octets = try receiveOctets()
        guard let header = MessageHeader(octets), header.isHello,
            case .hello(let reply)? = MessageCodec.decode(octets, dialect)?.message
        else { throw ProgramError("\(name): failed to connect to socket (Protocol error)") }
        let theirs = reply.versions ?? .upTo(header.version)
        guard let common = usable.intersection(theirs).newest else {
            log.warning(
                "\(stream.name): version negotiation failed (we support \(Self.list(versions)), "
                    + "peer supports \(Self.list(theirs)))")
            throw ProgramError("\(name): failed to connect to socket (Protocol error)")
        }
        dialect.version = common
        log.debug(
            "\(stream.name): negotiated OpenFlow \(Self.list(OpenFlowVersions(common))) "
                + "(we support \(Self.list(versions)), peer supports \(Self.list(theirs)))")
    }

    /// The message as the log shows it.
    private func logText(_ octets: [UInt8]) -> Substring {
        MessageCodec.text(octets, MessagePrinter(dialect: dialect)).dropLast()
    }

    private static func list(_ versions: OpenFlowVersions) -> String {
        if versions.all.count > 1, let newest = versions.newest, versions == .upTo(newest) {
            return "version \(MessagePrinter.list(OpenFlowVersions(newest))) and earlier"
        }
        let isOne = versions.all.count == 1
        return (isOne ? "version " : "versions ") + MessagePrinter.list(versions)
    }

    /// What the connection is to, for the operator.
    var streamName: String { stream.name }

    /// The transaction that comes next.
    var upcomingXID: UInt32 { nextXID }

    func takeXID() -> UInt32 {
        defer { nextXID &+= 1 }
        return nextXID
    }

    func send(_ octets: [UInt8]) throws {
        do {
            try stream.send(octets)
            log.debug("\(stream.name): sent (Success): \(logText(octets))")
        } catch {
            throw ProgramError("sending to \(name) (\(error.reason))")
        }
    }

    /// Sends the message, and returns the transaction that it got.
    @discardableResult
    func send(_ message: OpenFlowMessage) throws -> UInt32 {
        let xid = takeXID()
        let octets = message.encoded(dialect, xid: xid)
        guard !octets.isEmpty else {
            throw ProgramError("\(dialect.version) has no such message")
        }
        try send(octets)
        return xid
    }

    func receiveOctets() throws -> [UInt8] {
        while true {
            do {
                if let octets = try framer.next() {
                    log.debug("\(stream.name): received: \(logText(octets))")
                    return octets
                }
            } catch {
                throw ProgramError("\(name): OpenFlow packet receive failed (Protocol error)")
            }
            let more: [UInt8]
            do {
                more = try stream.receive()
            } catch {
                throw ProgramError("\(name): OpenFlow packet receive failed (\(error.reason))")
            }
            if more.isEmpty {
                throw ProgramError("\(name): OpenFlow packet receive failed (End of file)")
            }
            framer.append(more)
        }
    }

    /// The next message of the transaction; echo requests are answered on the way.
    func receive(xid: UInt32) throws -> [UInt8] {
        while true {
            let octets = try receiveOctets()
            guard let header = MessageHeader(octets) else { continue }
            if header.type == 2 {
                try answerEcho(octets, header.xid)
            } else if header.xid == xid {
                return octets
            }
        }
    }

    private func answerEcho(_ octets: [UInt8], _ xid: UInt32) throws {
        let data = Array(octets.dropFirst(MessageHeader.byteCount))
        try send(OpenFlowMessage.echoReply(data).encoded(dialect, xid: xid))
    }

    /// Sends a request, and hands each message of the answer to `body` until the last.
    func transact(_ request: OpenFlowMessage, _ body: ([UInt8]) throws -> Void) throws {
        let xid = try send(request)
        while true {
            let octets = try receive(xid: xid)
            try body(octets)
            if !Self.hasMore(octets) { return }
        }
    }

    /// Whether the message is statistics of which more are to come.
    private static func hasMore(_ octets: [UInt8]) -> Bool {
        guard octets.count >= 12 else { return false }
        let isReply = octets[0] == 1 ? octets[1] == 17 : octets[1] == 19
        return isReply && octets[11] & 1 == 1
    }

    /// Sends a request, and returns the messages of the answer; an error ends the program.
    func replies(to request: OpenFlowMessage) throws -> [OpenFlowMessage] {
        var messages: [OpenFlowMessage] = []
        try transact(request) { octets in
            let envelope = try self.message(octets)
            messages.append(envelope.message)
        }
        return messages
    }

    /// The message of these octets; an error of the switch is printed and ends the program.
    func message(_ octets: [UInt8]) throws -> Envelope {
        let own = MessageCodec.dialect(of: octets, dialect)
        guard let envelope = MessageCodec.decode(octets, own) else {
            Program.printError(MessageCodec.text(octets, MessagePrinter(dialect: dialect)))
            throw ProgramError(status: 1)
        }
        if case .error = envelope.message { throw failure(octets) }
        return envelope
    }

    /// Prints an error of the switch; the program is to end.
    func failure(_ octets: [UInt8]) -> ProgramError {
        let text = MessageCodec.text(octets, MessagePrinter(dialect: dialect))
        Program.printError(String(text.dropLast()))
        return ProgramError(status: 1)
    }

    /// Sends a request of that type and body, and hands each message of the answer to `body`.
    func transact(type: UInt8, body: [UInt8], _ each: ([UInt8]) throws -> Void) throws {
        let xid = takeXID()
        let count = MessageHeader.byteCount + body.count
        let numbers = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: xid >> $0) }
        try send(
            [dialect.version.rawValue, type, UInt8(count >> 8), UInt8(count & 0xff)] + numbers
                + body)
        while true {
            let octets = try receive(xid: xid)
            try each(octets)
            if !Self.hasMore(octets) { return }
        }
    }

    /// Sends octets as a transaction of their own, and waits until it has been done.
    func sendQuietly(_ octets: [UInt8]) throws {
        let xid = takeXID()
        var octets = octets
        octets[2] = UInt8(octets.count >> 8)
        octets[3] = UInt8(octets.count & 0xff)
        for index in 0..<4 {
            octets[4 + index] = UInt8(truncatingIfNeeded: xid >> UInt32(24 - 8 * index))
        }
        try send(octets)
        try barrier(after: xid...xid)
    }

    /// Sends a request that is answered only if it fails, and waits until it has been done.
    func transactQuietly(_ request: OpenFlowMessage) throws {
        let xid = try send(request)
        try barrier(after: xid...xid)
    }

    /// Waits until everything sent has been done; an error of the transactions ends the program.
    func barrier(after xids: ClosedRange<UInt32>) throws {
        let xid = try send(.barrierRequest)
        while true {
            let octets = try receiveOctets()
            guard let header = MessageHeader(octets) else { continue }
            if header.type == 2 { try answerEcho(octets, header.xid) }
            if header.isError && (xids.contains(header.xid) || header.xid == xid) {
                throw failure(octets)
            }
            if header.xid == xid { return }
        }
    }

    /// What is to be sent so that flows travel in this format, and the dialect then.
    func plan(for formats: FlowFormats) -> (dialect: Dialect, requests: [OpenFlowMessage]) {
        var planned = dialect
        guard dialect.version == .v10 else { return (planned, []) }
        var requests: [OpenFlowMessage] = []
        let usesNXM = formats.isDisjoint(with: .anyOpenFlow10)
        let plain: FlowFormats = usesNXM ? .nxm : .openFlow10
        if usesNXM && planned.flowFormat != .nxm {
            planned.flowFormat = .nxm
            requests.append(.setFlowFormat(.nxm))
        }
        if !formats.contains(plain) && !planned.hasTableInFlowMod {
            planned.hasTableInFlowMod = true
            requests.append(.setTableInFlowMod(true))
        }
        return (planned, requests)
    }

    /// Agrees with the switch on a way for flows to travel.
    func adopt(_ formats: FlowFormats) throws {
        let (planned, requests) = plan(for: formats)
        for request in requests { try transactQuietly(request) }
        dialect = planned
    }

    /// Agrees on the richest format for answers.
    func adoptQueryFormat(_ allowed: FlowFormats) throws {
        guard dialect.version == .v10, !allowed.isDisjoint(with: .anyNXM) else { return }
        try adopt(.nxm)
    }

    // MARK: Names

    /// The switch's ports.
    func ports() throws -> [PortDescription] {
        if dialect.version == .v10 {
            for case .featuresReply(let features) in try replies(to: .featuresRequest) {
                return features.ports
            }
            return []
        }
        var ports: [PortDescription] = []
        for case .statsReply(let reply) in try replies(
            to: .statsRequest(.portDescription(.none)))
        {
            if case .portDescription(let more) = reply.body { ports += more }
        }
        return ports
    }

    /// What the switch calls its ports and tables; a name that two ports have is nobody's.
    func names(tablesFirst: Bool) throws -> FlowNames {
        var names = FlowNames()
        if tablesFirst { try insertTables(into: &names) }
        var counts: [String: Int] = [:]
        let ports = try ports()
        for port in ports { counts[port.name, default: 0] += 1 }
        for port in ports where counts[port.name] == 1 && !port.name.isEmpty {
            names.insert(port: port.name, port.number)
        }
        // OVS gives the list of ports a transaction of its own.
        _ = takeXID()
        if !tablesFirst { try insertTables(into: &names) }
        return names
    }

    /// Whether a switch calls the table so without anyone having named it.
    private static func isUsualName(_ name: String, of table: UInt8) -> Bool {
        name.isEmpty || name == "table\(table)" || name == "classifier"
    }

    private func insertTables(into names: inout FlowNames) throws {
        defer { _ = takeXID() }
        guard dialect.version == .v10 else {
            // Table features are too long an answer for names that few switches have.
            _ = takeXID()
            return
        }
        for case .statsReply(let reply) in try replies(to: .statsRequest(.table)) {
            guard case .table(let tables) = reply.body else { continue }
            for table in tables where !Self.isUsualName(table.name, of: table.tableID) {
                names.insert(table: table.name, table.tableID)
            }
        }
    }
}
