import NIOCore

/// The streams of a loop that have something to send: those that do so when this turn of the loop
/// ends, and those that can wait for others (``StreamConnection/sendSoon(_:)``).
///
/// It belongs to the loop's thread. One call of the loop serves all streams, however many.
final class OutputTurns: @unchecked Sendable {
    /// How long octets that nobody waits for may wait, in nanoseconds.
    static let gatheringTime: UInt64 = 1_000_000

    private let eventLoop: any EventLoop
    private let alertness: Alertness
    private var prompt: [StreamConnection] = []
    private var patient: [StreamConnection] = []
    private var isEnding = false
    private var patientSentAt: UInt64 = 0

    init(_ eventLoop: any EventLoop, _ alertness: Alertness) {
        self.eventLoop = eventLoop
        self.alertness = alertness
    }

    /// Sends what a stream has when this turn ends.
    func add(prompt stream: StreamConnection) {
        prompt.append(stream)
        guard prompt.count == 1, !isEnding else { return }
        eventLoop.assumeIsolated().execute { [self] in endTurn() }
    }

    /// Sends, and goes on with what those who got it ask next.
    private func endTurn() {
        isEnding = true
        defer { isEnding = false }
        repeat {
            let streams = prompt
            prompt = []
            for stream in streams { stream.sendGathered() }
        } while !prompt.isEmpty || alertness.look() && !prompt.isEmpty
    }

    /// Sends what a stream has when this turn ends, or ``gatheringTime`` after this was last done.
    func add(patient stream: StreamConnection) {
        patient.append(stream)
        guard patient.count == 1 else { return }
        let now = NIODeadline.now()
        let due = patientSentAt &+ Self.gatheringTime
        if now.uptimeNanoseconds >= due {
            eventLoop.assumeIsolated().execute { [self] in sendPatient() }
        } else {
            eventLoop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(due)) {
                [self] in sendPatient()
            }
        }
    }

    private func sendPatient() {
        patientSentAt = NIODeadline.now().uptimeNanoseconds
        let streams = patient
        patient = []
        for stream in streams { stream.sendGathered() }
    }
}
