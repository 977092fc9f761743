import CLinux
import Synchronization

/// A network namespace that a test makes, and that goes with everything in it at the test's end.
///
/// Needs root and `ip` of iproute2; a test asks ``unavailability`` first.
public final class NetworkNamespace: Sendable {
    private static let count = Atomic<Int>(0)

    /// Unique among the processes of this machine.
    public let name: String
    private let descriptor: Int32

    /// Why namespaces cannot be made here, or `nil` if they can.
    public static let unavailability: String? = {
        guard getuid() == 0 else { return "network namespaces need root" }
        let name = "mt-probe-\(getpid())"
        let result = run(["ip", "netns", "add", name])
        guard result.succeeded else { return "ip netns add: \(result.output)" }
        run(["ip", "netns", "del", name])
        return access("/dev/net/tun", R_OK | W_OK) == 0 ? nil : "/dev/net/tun cannot be opened"
    }()

    /// Whether namespaces can be made; prints why if they cannot.
    public static let isAvailable: Bool = {
        guard let unavailability else { return true }
        print("skipped: \(unavailability)")
        return false
    }()

    public init() throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        name = "mt-\(getpid())-\(number)"
        let result = run(["ip", "netns", "add", name])
        guard result.succeeded else {
            throw CommandFailure(command: "ip netns add", result: result)
        }
        descriptor = clinux_open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            run(["ip", "netns", "del", name])
            throw CommandFailure(
                command: "open(/run/netns/\(name))",
                result: CommandResult(status: clinux_errno(), output: "")
            )
        }
        try self("ip link set lo up")
    }

    deinit {
        close(descriptor)
        run(["ip", "netns", "del", name])
    }

    /// Runs a command of words between spaces within the namespace, and returns its output.
    @discardableResult
    public func callAsFunction(_ command: String) throws -> String {
        let words = command.split(separator: " ").map(String.init)
        let result = run(["ip", "netns", "exec", name] + words)
        guard result.succeeded else { throw CommandFailure(command: command, result: result) }
        return result.output
    }

    /// Calls `body` with the calling thread moved into the namespace.
    ///
    /// What it opens stays there.
    public func enter<Result>(_ body: () throws -> Result) throws -> Result {
        let home = clinux_open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC, 0)
        defer { close(home) }
        guard home >= 0, clinux_enter_network_namespace(descriptor) == 0 else {
            throw CommandFailure(
                command: "setns",
                result: CommandResult(status: clinux_errno(), output: name)
            )
        }
        defer {
            precondition(clinux_enter_network_namespace(home) == 0, "the thread cannot go back")
        }
        return try body()
    }
}

/// A command of a test that failed.
public struct CommandFailure: Error, CustomStringConvertible {
    public let command: String
    public let result: CommandResult

    public init(command: String, result: CommandResult) {
        self.command = command
        self.result = result
    }

    public var description: String { "\(command): status \(result.status): \(result.output)" }
}
