import FlowModel
import OpenFlow
import Pipeline

/// Packets that wait at controllers (`controller(pause)` and NXT_RESUME).
extension VirtualSwitch {
    /// What goes out with the packet.
    static func continuation(of state: FrozenState, key: FlowKey) -> Continuation {
        var continuation = Continuation()
        continuation.bridge = state.bridge.identity
        continuation.stack = state.stack.map { value in
            var octets: [UInt8] = []
            var rest = value
            repeat {
                octets.insert(UInt8(truncatingIfNeeded: rest), at: 0)
                rest >>= 8
            } while rest != 0
            return octets
        }
        continuation.isTracked = state.isTracked
        continuation.groups = state.parts.map {
            Continuation.Group(table: $0.table, cookie: $0.cookie, actions: $0.actions)
        }
        continuation.actionSet = state.actionSet
        let number = PortNumber(UInt16(truncatingIfNeeded: key.inPort))
        if case .datapath(let port)? = state.bridge.ports[number]?.kind {
            continuation.datapathPort = port
        }
        return continuation
    }

    /// Lets a packet go on that a controller has sent back.
    func resume(
        _ message: PacketIn, on managed: ManagedBridge, now: Milliseconds
    ) throws(OpenFlowError) {
        guard let continuation = message.continuation,
            let bridge = network.bridges.values.first(where: {
                $0.identity == continuation.bridge
            })
        else { throw .nxRoleStale }
        let lists = continuation.groups.map(\.actions) + [continuation.actionSet]
        for list in lists { try Self.check(list, table: nil) }
        let datapathKey = key(of: message.data, inPort: continuation.datapathPort ?? 0)
        var key = datapathKey
        let metadata = message.metadata.key
        for index in 0..<KeyWord.metadataEnd { key.words[index] = metadata.words[index] }
        key.takeRareWords(of: metadata)
        key.words[KeyWord.packetType] = datapathKey.words[KeyWord.packetType]
        let stack = continuation.stack.map { octets in
            octets.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        }
        let parts = continuation.groups.map {
            FrozenState.Part(table: $0.table, cookie: $0.cookie, actions: $0.actions)
        }
        let state = FrozenState(
            parts, of: key, on: bridge, isTracked: continuation.isTracked,
            sets: (stack, continuation.actionSet))
        let result = network.resume(
            state, for: key, registry: contexts,
            options: TranslationOptions(now: now, mayLearn: true))
        if result.hasChangedState { network.bumpVersion() }
        credit(
            result.effects, packets: 1, octets: UInt64(message.data.count), used: now,
            tcpFlags: Self.tcpFlags(of: key))
        link.execute(message.data, datapathKey, result.actions)
        retiredContexts += result.packetIns
    }
}
