import CLinux
import Glibc
import OVSDBEngine
import Transport

/// A thread that writes a snapshot and then ends.
final class CompactionWork: Sendable {
    /// What belongs to the loop, and is only carried along.
    struct References: @unchecked Sendable {
        weak var host: DatabaseHost?
        let database: Database
        /// Called on the loop, with what went wrong if anything did.
        let onEnd: (StorageError?) -> Void
    }

    private let compaction: Compaction
    private let loop: ControlLoop
    private let references: References

    init(_ compaction: Compaction, loop: ControlLoop, _ references: References) {
        self.compaction = compaction
        self.loop = loop
        self.references = references
    }

    /// Begins; a system that has no thread to give has the work done here and now.
    func start() {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                clinux_set_thread_name("compaction")
                Unmanaged<CompactionWork>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            argument.takeRetainedValue().run()
        }
    }

    private func run() {
        var failure: StorageError?
        do throws(StorageError) {
            try compaction.write()
        } catch {
            failure = error
        }
        let (compaction, references, result) = (compaction, references, failure)
        loop.post {
            guard let host = references.host else { return }
            references.onEnd(host.finish(compaction, of: references.database, result))
        }
    }
}
