import OpenFlow
import OpenFlowSession
import Pipeline
import Switch
import Transport

/// Flow monitors of one channel.
extension OpenFlowConnection {
    /// Carries out a request, and answers with what is there already.
    func handle(_ requests: [FlowMonitorRequest]) throws(OpenFlowError) {
        var done: [FlowMonitorRequest] = []
        do throws(OpenFlowError) {
            for request in requests {
                try monitors.handle(request)
                done.append(request)
            }
        } catch {
            // All or none; what another request of the message changed cannot be told apart.
            for request in done where request.command == .add { try? monitors.cancel(request.id) }
            throw error
        }
        server.updateMonitored()
        let updates = runtime.lock.withLock {
            runtime.virtualSwitch.bridges[server.name].map {
                runtime.virtualSwitch.initialUpdates(for: requests, of: $0)
            }
        }
        session.reply(.statsReply(StatsReply(.flowMonitor(updates ?? []))))
    }

    func cancelMonitor(_ id: UInt32) throws(OpenFlowError) {
        try monitors.cancel(id)
        server.updateMonitored()
    }

    /// Notes a change; ``flushMonitors()`` tells of it.
    func note(_ change: FlowChange) {
        guard !monitors.isEmpty else { return }
        let isOwn = change.origin?.connection == ObjectIdentifier(self)
        monitors.note(
            FlowMonitorTable.Change(change.flow, xid: change.origin?.xid ?? 0), isOwn: isOwn
        ) { change.sends(as: $0) }
    }

    /// Tells of the changes so far, and pauses if they are too many for the controller.
    func flushMonitors() {
        guard !monitors.isEmpty else { return }
        let updates = monitors.takeUpdates()
        guard !updates.isEmpty else { return }
        session.notify(.statsReply(StatsReply(.flowMonitor(updates))))
        guard monitors.pause(ifQueued: stream.queuedByteCount) else { return }
        notifyPause(.paused, .flowMonitorPaused)
        stream.onDrain = { [unowned self] in resumeMonitors() }
    }

    private func resumeMonitors() {
        guard monitors.isPaused else { return }
        stream.onDrain = nil
        let updates = monitors.resume()
        if !updates.isEmpty { session.notify(.statsReply(StatsReply(.flowMonitor(updates)))) }
        notifyPause(.resumed, .flowMonitorResumed)
        flush()
    }

    /// From OpenFlow 1.4 on an update says it, before that a message.
    private func notifyPause(_ update: FlowUpdate, _ message: OpenFlowMessage) {
        session.notify(
            session.dialect.version >= .v14
                ? .statsReply(StatsReply(.flowMonitor([update]))) : message)
    }
}
