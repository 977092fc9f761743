public import OpenFlow

/// The bundles that one controller has open (OpenFlow 1.4 §6.8).
///
/// Messages are read when they come, so that a wrong one is refused at once, and wait here for the
/// commit. The switch carries them out; here is only what a bundle is before that.
public struct BundleTable: Sendable {
    /// How many bundles a controller may have open, and how many messages in one.
    public static var maxBundleCount: Int { 64 }
    public static var maxMessageCount: Int { 1 << 20 }

    /// A bundle that is to be carried out.
    public struct Bundle: Sendable {
        public let flags: BundleControl.Flags
        /// The octets of each message.
        ///
        /// Flow-mods are a tenth as long as what is read of them, and bundles have many.
        public fileprivate(set) var octets: [[UInt8]] = []
        /// How each message is to be read.
        fileprivate var dialects: [Dialect] = []
        /// Whether there are changes to groups, of which other controllers may want to hear.
        public fileprivate(set) var changesGroups = false
        fileprivate var isClosed = false
        fileprivate var lastUse: SessionTime

        fileprivate mutating func append(
            _ message: [UInt8], _ dialect: Dialect, at now: SessionTime
        ) {
            octets.append(message)
            dialects.append(dialect)
            lastUse = now
        }

        /// A message, read again when it is its turn; all could be read when they came.
        ///
        /// - Returns: `nil` behind the last.
        public func message(_ index: Int) -> OpenFlowMessage? {
            guard index < octets.count else { return nil }
            return try? OpenFlowMessage.parse(octets[index], dialect: dialects[index])
        }
    }

    /// What a request asks the owner to do.
    public enum Outcome: Sendable {
        case reply(BundleControl)
        /// To be carried out, and then to be answered.
        case commit(Bundle, reply: BundleControl)
    }

    private var bundles: [UInt32: Bundle] = [:]

    public init() {}

    public var isEmpty: Bool { bundles.isEmpty }

    public mutating func handle(
        _ request: BundleControl, at now: SessionTime
    ) throws(OpenFlowError) -> Outcome {
        let reply = BundleControl(
            bundleID: request.bundleID, kind: request.kind.reply, flags: request.flags)
        switch request.kind {
        case .openRequest:
            if bundles.removeValue(forKey: request.bundleID) != nil { throw .bundleBadID }
            try open(request.bundleID, request.flags, at: now)
            return .reply(reply)
        case .closeRequest:
            guard var bundle = bundles[request.bundleID] else { throw .bundleBadID }
            try check(request.flags, request.bundleID)
            guard !bundle.isClosed else {
                bundles[request.bundleID] = nil
                throw .bundleBundleClosed
            }
            bundle.isClosed = true
            bundle.lastUse = now
            bundles[request.bundleID] = bundle
            return .reply(reply)
        case .commitRequest:
            guard let bundle = bundles.removeValue(forKey: request.bundleID) else {
                throw .bundleBadID
            }
            guard bundle.flags == request.flags else { throw .bundleBadFlags }
            return .commit(bundle, reply: reply)
        case .discardRequest:
            guard bundles.removeValue(forKey: request.bundleID) != nil else {
                throw .bundleBadID
            }
            return .reply(reply)
        case .openReply, .closeReply, .commitReply, .discardReply:
            throw .bundleBadType
        }
    }

    private mutating func open(
        _ id: UInt32, _ flags: BundleControl.Flags, at now: SessionTime
    ) throws(OpenFlowError) {
        guard bundles.count < Self.maxBundleCount else { throw .bundleOutOfBundles }
        bundles[id] = Bundle(flags: flags, lastUse: now)
    }

    /// A bundle that is spoken of with other flags is lost, as in OVS.
    private mutating func check(
        _ flags: BundleControl.Flags, _ id: UInt32
    ) throws(OpenFlowError) {
        guard let bundle = bundles[id], bundle.flags != flags else { return }
        bundles[id] = nil
        throw .bundleBadFlags
    }

    /// Adds a message; a bundle that does not exist is opened by it.
    ///
    /// - Parameter xid: the transaction of the message that carries it, which its own has to be.
    public mutating func add(
        _ add: BundleAdd, xid: UInt32, dialect: Dialect, at now: SessionTime
    ) throws(OpenFlowError) {
        guard let header = MessageHeader(add.message) else { throw .bundleMessageBadLength }
        guard header.version == dialect.version else { throw .bundleBadVersion }
        guard header.xid == xid else { throw .bundleMessageBadXID }
        let message = try OpenFlowMessage.parse(add.message, dialect: dialect)
        guard message.isBundleable else { throw .bundleMessageUnsupported }
        try check(add.flags, add.bundleID)
        if bundles[add.bundleID] == nil { try open(add.bundleID, add.flags, at: now) }
        guard let index = bundles.index(forKey: add.bundleID) else { return }
        guard !bundles.values[index].isClosed else {
            bundles[add.bundleID] = nil
            throw .bundleBundleClosed
        }
        guard bundles.values[index].octets.count < Self.maxMessageCount else {
            throw .bundleMessageTooMany
        }
        bundles.values[index].append(add.message, dialect, at: now)
        if case .groupMod = message { bundles.values[index].changesGroups = true }
    }

    /// When the bundle was last used of which nothing has been heard for longest.
    public var oldestUse: SessionTime? { bundles.values.map(\.lastUse).min() }

    /// Drops bundles that nothing was heard of for `timeout` milliseconds.
    ///
    /// - Returns: their numbers.
    public mutating func expire(at now: SessionTime, timeout: SessionTime) -> [UInt32] {
        let old = bundles.filter { now - $0.value.lastUse >= timeout }.keys.sorted()
        for id in old { bundles[id] = nil }
        return old
    }
}

extension OpenFlowMessage {
    /// Whether a bundle can hold the message.
    fileprivate var isBundleable: Bool {
        switch self {
        case .flowMod, .portMod, .groupMod, .packetOut: true
        default: false
        }
    }
}
