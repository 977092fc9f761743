import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// Commands about the switch and its ports.
enum SwitchCommands {
    static func show(_ context: OfctlContext) throws {
        let connection = try context.connect()
        try context.printReplies(connection, to: .featuresRequest)
        // Before OpenFlow 1.3 the features tell of the ports.
        if connection.dialect.version >= .v13 {
            try context.printReplies(connection, to: .statsRequest(.portDescription(.none)))
        }
        _ = connection.takeXID()
        try context.printReplies(connection, to: .getConfigRequest)
    }

    static func describe(_ context: OfctlContext) throws {
        try context.printReplies(try context.connect(), to: .statsRequest(.description))
    }

    static func dumpTables(_ context: OfctlContext) throws {
        try context.printReplies(try context.connect(), to: .statsRequest(.table))
    }

    /// The port of that number or name; names cost a question.
    private static func port(
        _ text: String, _ connection: SwitchConnection, _ context: OfctlContext
    ) throws -> PortNumber {
        if text == "ALL" || text == "ANY" { return .none }
        if let number = UInt16(text) { return PortNumber(number) }
        if let reserved = PortNumber(reservedName: text) { return reserved }
        _ = connection.takeXID()
        let ports = context.acceptsNames ? try connection.ports() : []
        guard let port = ports.first(where: { $0.name == text }) else {
            throw ProgramError("\(context.target): unknown port `\(text)'")
        }
        return port.number
    }

    static func dumpPorts(_ context: OfctlContext) throws {
        let connection = try context.connect()
        var number = PortNumber.none
        if context.arguments.count > 1 {
            number = try port(context.arguments[1], connection, context)
        }
        try context.printReplies(connection, to: .statsRequest(.port(number)))
    }

    static func dumpPortDescriptions(_ context: OfctlContext) throws {
        let connection = try context.connect()
        var number = PortNumber.none
        if context.arguments.count > 1 {
            number = try port(context.arguments[1], connection, context)
        }
        try context.printReplies(connection, to: .statsRequest(.portDescription(number)))
    }

    static func dumpQueues(_ context: OfctlContext) throws {
        let connection = try context.connect()
        let arguments = context.arguments
        let number =
            arguments.count > 1 ? try port(arguments[1], connection, context) : PortNumber.none
        let queue = try queue(in: arguments)
        try context.printReplies(
            connection, to: .statsRequest(.queue(number, queueID: queue)))
    }

    /// The queue that the third argument names; `nil` for all.
    private static func queue(in arguments: [String]) throws -> UInt32? {
        guard arguments.count > 2 && arguments[2] != "ALL" else { return nil }
        guard let queue = UInt32(arguments[2]) else {
            throw ProgramError("\(arguments[2]): not a valid queue number")
        }
        return queue
    }

    /// `queue-get-config`: OpenFlow 1.0 asks port by port; from 1.4 on these are statistics.
    static func dumpQueueConfig(_ context: OfctlContext) throws {
        let connection = try context.connect()
        var number = PortNumber.none
        if context.arguments.count > 1 {
            number = try port(context.arguments[1], connection, context)
        }
        if connection.dialect.version >= .v14 {
            let queue = try queue(in: context.arguments)
            return try context.printReplies(
                connection, to: .statsRequest(.queueDescription(number, queueID: queue)))
        }
        guard number == .none && connection.dialect.version == .v10 else {
            return try context.printReplies(connection, to: .queueConfigRequest(number))
        }
        let ports = try connection.ports()
        _ = connection.takeXID()
        for port in ports where port.number < .maximum {
            try context.printReplies(connection, to: .queueConfigRequest(port.number))
        }
    }

    private static let portActions: [String: (PortConfig, isSet: Bool)] = [
        "up": (.down, false), "down": (.down, true), "stp": (.noSTP, false),
        "no-stp": (.noSTP, true), "nostp": (.noSTP, true), "receive": (.noReceive, false),
        "no-receive": (.noReceive, true), "noreceive": (.noReceive, true),
        "receive-stp": (.noReceiveSTP, false), "no-receive-stp": (.noReceiveSTP, true),
        "noreceive-stp": (.noReceiveSTP, true), "flood": (.noFlood, false),
        "no-flood": (.noFlood, true), "noflood": (.noFlood, true), "forward": (.noForward, false),
        "no-forward": (.noForward, true), "noforward": (.noForward, true),
        "packet-in": (.noPacketIn, false), "no-packet-in": (.noPacketIn, true),
        "nopacket-in": (.noPacketIn, true),
    ]

    static func modifyPort(_ context: OfctlContext) throws {
        let (name, action) = (context.arguments[1], context.arguments[2])
        let connection = try context.connect()
        let number = UInt16(name).map { PortNumber($0) } ?? PortNumber(reservedName: name)
        let port = try connection.ports().first {
            $0.number == number || number == nil && context.acceptsNames && $0.name == name
        }
        guard let port else {
            throw ProgramError("\(context.target): couldn't find port `\(name)'")
        }
        guard let (bit, isSet) = portActions[action] else {
            throw ProgramError("unknown mod-port command '\(action)'")
        }
        _ = connection.takeXID()
        try connection.transactQuietly(
            .portMod(
                PortMod(
                    port: port.number, hardwareAddress: port.hardwareAddress,
                    config: isSet ? bit : [], mask: bit)))
    }

    private static func config(_ connection: SwitchConnection) throws -> SwitchConfig {
        for case .getConfigReply(let config) in try connection.replies(to: .getConfigRequest) {
            return config
        }
        throw ProgramError("\(connection.name): bad reply to configuration request")
    }

    static func getFragments(_ context: OfctlContext) throws {
        let config = try config(try context.connect())
        Program.printOutput(MessagePrinter.name(of: config.fragments) + "\n")
    }

    static func setFragments(_ context: OfctlContext) throws {
        let text = context.arguments[1]
        let known: [SwitchConfig.FragmentHandling] = [.normal, .drop, .reassemble, .nxMatch]
        guard let handling = known.first(where: { MessagePrinter.name(of: $0) == text }) else {
            throw ProgramError("\(text): unknown fragment handling mode")
        }
        let connection = try context.connect()
        var config = try config(connection)
        if config.fragments == handling { return }
        config.fragments = handling
        try connection.transactQuietly(.setConfig(config))
        guard try self.config(connection).fragments == handling else {
            throw ProgramError(
                "\(context.target): setting fragment handling mode failed (this switch probably "
                    + "doesn't support mode \"\(text)\")")
        }
    }
}
