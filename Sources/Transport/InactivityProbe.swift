public import JSONRPC

/// Asks a peer that says nothing whether it is still there, as nothing else tells of a machine on
/// the network that vanished.
///
/// It belongs to the control loop.
public final class InactivityProbe {
    /// How long genuine programs listen to silence on the network.
    public static let defaultMilliseconds: Int64 = 5000
    /// A peer that answers none of so many probes is gone; more than one, for a long message on a
    /// slow line counts only when it is whole.
    public static let maximumUnansweredCount = 3

    /// How long the peer may be silent before it is asked; zero asks it nothing.
    public var milliseconds: Int64 { didSet { schedule() } }
    private let loop: ControlLoop
    /// The request's identifier, which the answer has too.
    public static let id: JSON = "echo"

    private let ask: () -> Void
    private let onSilence: (_ milliseconds: Int64) -> Void
    private var heardAt: Int64
    private var unansweredCount = 0
    private var timer: ControlTimer?

    /// - Parameters:
    ///   - onSilence: called once the peer has answered nothing for too long; it ends the
    ///     connection.
    public init(
        _ connection: JSONRPCConnection, loop: ControlLoop, milliseconds: Int64,
        onSilence: @escaping (_ milliseconds: Int64) -> Void
    ) {
        self.loop = loop
        self.milliseconds = milliseconds
        self.onSilence = onSilence
        ask = { [weak connection] in
            connection?.send(.request(method: "echo", params: [], id: Self.id))
        }
        heardAt = loop.nowMilliseconds
        schedule()
    }

    deinit { timer?.cancel() }

    /// The peer has said something.
    public func heard() {
        heardAt = loop.nowMilliseconds
        unansweredCount = 0
    }

    /// Whether the peer has been asked and has not answered yet.
    public var isWaiting: Bool { unansweredCount > 0 }

    public func stop() {
        timer?.cancel()
        timer = nil
    }

    /// The silence after which something is to be done.
    private var patience: Int64 { milliseconds * Int64(unansweredCount + 1) }

    /// Looks again when the silence, as far as it has lasted, may be long enough.
    private func schedule() {
        stop()
        guard milliseconds > 0 else { return }
        let due = max(1, heardAt + patience - loop.nowMilliseconds)
        timer = loop.after(.milliseconds(due)) { [weak self] in self?.look() }
    }

    private func look() {
        let silence = loop.nowMilliseconds - heardAt
        guard silence >= patience else { return schedule() }
        guard unansweredCount < Self.maximumUnansweredCount else { return onSilence(silence) }
        unansweredCount += 1
        ask()
        schedule()
    }
}
