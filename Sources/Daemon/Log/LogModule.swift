import Synchronization

/// A part of the program that logs under a name of its own, and whose levels operators set by it.
///
///     private let log = LogModule("bridge")
///     log.info("bridge \(name): added")
///
/// *Thread safety*: any thread may log. A line that no destination wants costs one atomic load; its
/// text is not built.
public struct LogModule: Sendable {
    public let name: String
    let state: LogModuleState

    /// The module of that name, known to `vlog/list` from now on.
    public init(_ name: String) {
        self.name = name
        state = LogSystem.shared.module(name)
    }

    /// Sets the module's level at every destination.
    public func setLevel(_ level: LogLevel) {
        for destination in LogDestination.allCases { state.set(destination, to: level) }
    }

    /// Whether a line of that level would reach any destination.
    public func isEnabled(_ level: LogLevel) -> Bool {
        level.rawValue <= state.mostVerbose.load(ordering: .relaxed)
    }

    public func log(_ level: LogLevel, _ text: () -> String) {
        guard isEnabled(level) else { return }
        LogSystem.shared.write(name, state, level, text())
    }

    public func emergency(_ text: @autoclosure () -> String) { log(.emergency, text) }
    public func error(_ text: @autoclosure () -> String) { log(.error, text) }
    public func warning(_ text: @autoclosure () -> String) { log(.warning, text) }
    public func info(_ text: @autoclosure () -> String) { log(.info, text) }
    public func debug(_ text: @autoclosure () -> String) { log(.debug, text) }

    /// Logs unless `limit` has had too much; use it for whatever a peer or a packet can provoke.
    public func log(
        _ level: LogLevel, limit: LogRateLimit, _ text: @autoclosure () -> String
    ) {
        guard isEnabled(level) else { return }
        switch limit.admit(isLimited: state.isRateLimited.load(ordering: .relaxed)) {
        case .drop:
            return
        case .admit(let dropped):
            if let dropped { LogSystem.shared.write(name, state, level, dropped) }
            LogSystem.shared.write(name, state, level, text())
        }
    }
}

/// The levels of one module.
final class LogModuleState: Sendable {
    /// By destination.
    let levels: [Atomic8]
    /// The most verbose of ``levels``.
    let mostVerbose = Atomic<UInt8>(LogLevel.info.rawValue)
    let isRateLimited = Atomic<Bool>(true)

    init(levels: [LogLevel]) {
        self.levels = levels.map { Atomic8($0.rawValue) }
        update()
    }

    func level(_ destination: LogDestination) -> LogLevel {
        LogLevel(rawValue: levels[destination.rawValue].value.load(ordering: .relaxed)) ?? .off
    }

    func set(_ destination: LogDestination, to level: LogLevel) {
        levels[destination.rawValue].value.store(level.rawValue, ordering: .relaxed)
        update()
    }

    private func update() {
        let most = levels.map { $0.value.load(ordering: .relaxed) }.max() ?? 0
        mostVerbose.store(most, ordering: .relaxed)
    }

    /// An atomic octet that an array can hold.
    final class Atomic8: Sendable {
        let value: Atomic<UInt8>

        init(_ value: UInt8) { self.value = Atomic(value) }
    }
}
