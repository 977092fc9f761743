import Daemon
import OpenFlowSession
import Pipeline
import Switch
import Transport

/// The OpenFlow side of the switch: the channels of every bridge.
///
/// It belongs to the control loop.
final class OpenFlowServer {
    private let runtime: SwitchRuntime
    private var channels: [String: BridgeChannels] = [:]
    private var timer: ControlTimer?

    init(_ runtime: SwitchRuntime) {
        self.runtime = runtime
        runtime.onEvents = { [unowned self] events in tell(events) }
        runtime.onWarp = { [unowned self] in updatePolicies() }
        timer = runtime.loop.every(.seconds(1)) { [unowned self] in updatePolicies() }
    }

    var bridgeNames: [String] { Array(channels.keys) }

    func shutDown() {
        timer?.cancel()
        for channel in channels.values { channel.close() }
        channels.removeAll()
    }

    /// Opens and closes channels, so that each bridge has its management socket and controllers.
    func configure(_ configuration: DatabaseConfiguration) {
        let bridges = runtime.lock.withLock { Set(runtime.virtualSwitch.bridges.keys) }
        for name in Array(channels.keys) where !bridges.contains(name) {
            channels.removeValue(forKey: name)?.close()
        }
        for name in bridges {
            let channel = channels[name] ?? BridgeChannels(bridge: name, runtime: runtime)
            channels[name] = channel
            channel.onPolicyChange = { [unowned self] in updatePolicies() }
            channel.bundleIdleTimeout = SessionTime(configuration.bundleIdleTimeout) * 1000
            channel.configure(
                configuration.controllers[name] ?? [],
                configuration.channels[name] ?? ChannelSettings())
        }
        updatePolicies()
    }

    private func tell(_ events: [SwitchEvent]) {
        var bridges: [String: [SwitchEvent]] = [:]
        for event in events { bridges[event.bridge, default: []].append(event) }
        for (bridge, events) in bridges { channels[bridge]?.tell(events) }
    }

    /// Applies what depends on whether controllers are there.
    private func updatePolicies() {
        let now = runtime.clock.now
        runtime.withSwitch { virtualSwitch in
            for (name, channel) in channels {
                guard let managed = virtualSwitch.bridges[name] else { continue }
                let isStandalone = managed.configuration.failMode == .standalone
                let misses = channel.missPolicy()
                managed.bridge.sendsMisses = misses.isWanted
                if misses.hasChanged { virtualSwitch.network.bumpVersion() }
                virtualSwitch.setFailOpen(
                    isStandalone && channel.mayFailOpen(at: now), of: managed, now: now)
            }
        }
    }

    /// What the database is to show of each bridge's controllers.
    func reports() -> [(configuration: ControllerConfiguration, report: ControllerReport)] {
        channels.values.flatMap(\.reports)
    }

    @discardableResult
    func reconnect(_ bridge: String) -> Bool {
        guard let channel = channels[bridge] else { return false }
        channel.reconnect()
        return true
    }
}
