import OpenFlow
import OpenFlowSession
import Switch

/// Bundles of one channel (OpenFlow 1.4.1 §6.8).
extension OpenFlowConnection {
    func handle(_ control: BundleControl, at now: SessionTime) throws(OpenFlowError) {
        switch try bundles.handle(control, at: now) {
        case .reply(let reply): session.reply(.bundleControl(reply))
        case .commit(let bundle, let reply):
            try commit(bundle)
            session.reply(.bundleControl(reply))
        }
    }

    private func commit(_ bundle: BundleTable.Bundle) throws(OpenFlowError) {
        let version = session.dialect.version
        let failure = runtime.lock.withLock { () -> BundleFailure? in
            guard let managed = runtime.virtualSwitch.bridges[server.name] else { return nil }
            var index = 0
            let next = { () -> OpenFlowMessage? in
                defer { index += 1 }
                return bundle.message(index)
            }
            do throws(BundleFailure) {
                try runtime.virtualSwitch.commit(
                    next, version: version, for: managed, now: runtime.clock.now)
                return nil
            } catch {
                return error
            }
        }
        guard let failure else {
            guard bundle.changesGroups else { return }
            for index in bundle.octets.indices {
                if let message = bundle.message(index) { server.forward(message, from: self) }
            }
            return
        }
        // First what is wrong with the message, then that the bundle is not done.
        session.refuse(failure.error, with: bundle.octets[failure.index])
        throw .bundleMessageFailed
    }

    /// Drops bundles that nothing is heard of.
    func expireBundles(at now: SessionTime) {
        for id in bundles.expire(at: now, timeout: server.bundleIdleTimeout) {
            let request = BundleControl(bundleID: id, kind: .openRequest)
            session.refuse(
                .bundleTimeout,
                with: OpenFlowMessage.bundleControl(request).encoded(session.dialect))
        }
    }
}
