public import FlowModel

/// A frozen state as a controller holds it, and as it comes back.
extension FrozenState {
    /// Actions that are done in the name of one rule.
    public struct Part {
        public let table: UInt8
        public let cookie: UInt64
        public var actions: [Action]

        public init(table: UInt8, cookie: UInt64, actions: [Action]) {
            self.table = table
            self.cookie = cookie
            self.actions = actions
        }
    }

    /// What is still to be done.
    public var parts: [Part] {
        var parts: [Part] = []
        for step in steps {
            switch step {
            case .unroll(let table, let cookie, _):
                parts.append(Part(table: table, cookie: cookie, actions: []))
            case .action(let action):
                if parts.isEmpty { parts.append(Part(table: 0, cookie: 0, actions: [])) }
                parts[parts.count - 1].actions.append(action)
            }
        }
        return parts
    }

    /// The state of a packet whose metadata are those of `key`.
    public init(
        _ parts: [Part], of key: FlowKey, on bridge: Bridge, isTracked: Bool,
        sets: (stack: [UInt128], actionSet: [Action])
    ) {
        var steps: [Step] = []
        for part in parts {
            steps.append(.unroll(table: part.table, cookie: part.cookie, rule: nil))
            steps += part.actions.map { .action($0) }
        }
        // Without a step the tables would be searched, but the packet is to go on where it was.
        if steps.isEmpty { steps = [.action(.note([]))] }
        self.init(
            place: .init(object: bridge), steps: steps, table: 0, isTracked: isTracked,
            stack: sets.stack, actionSet: sets.actionSet,
            metadata: [UInt64(key.inPort)] + Self.metadataWords.map { key.words[$0] },
            rareMetadata: key.rareMetadata)
    }
}

extension Network {
    /// Goes on with a packet that a controller has kept.
    public func resume(
        _ state: FrozenState, for key: FlowKey, registry: any ContextRegistry,
        options: TranslationOptions
    ) -> TranslationResult {
        let translation = Translation(
            key, bridge: state.bridge, network: self, registry: registry, options: options)
        translation.thaw(state)
        return translation.result
    }
}
