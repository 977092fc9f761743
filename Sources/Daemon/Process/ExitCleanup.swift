import Glibc

/// Files that must not outlive the process: sockets and the pid file.
///
/// *Thread safety*: any thread.
public enum ExitCleanup {
    private static let paths = Guarded<Set<String>>([])

    public static func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    public static func remove(_ path: String) { paths.withLock { _ = $0.remove(path) } }

    /// Unlinks them all.
    public static func run() {
        let doomed = paths.withLock { paths in
            defer { paths = [] }
            return paths
        }
        for path in doomed { unlink(path) }
    }

    /// Forgets them; for a child process, which does not own them.
    static func forget() { paths.withLock { $0 = [] } }
}
