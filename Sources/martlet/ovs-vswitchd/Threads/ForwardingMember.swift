import CLinux
import Datapath
import LinuxPorts

/// A forwarding thread with its datapath, as the control thread sees it.
///
/// Orders are carried out on the thread in the order in which they were given, between two batches.
final class ForwardingMember: @unchecked Sendable {
    /// The datapath, which the forwarding thread makes and alone touches.
    private final class Box: @unchecked Sendable {
        var datapath: UserspaceDatapath?
        var kernel: KernelDatapath?
    }

    /// The number under which packets come up that the kernel does not forward; no port has it.
    private static let upcallNumber = UInt32.max

    /// What all members are made with.
    struct Environment: Sendable {
        let clock: SwitchClock
        let commons: DatapathCommons
        let upcall: ForwardingPlane.UpcallHandler
        let portDidVanish: @Sendable (String) -> Void
    }

    /// The number of its datapath, which no other has had.
    let number: UInt16
    /// Its core; `nil` for the main thread.
    let core: ForwardingCore?
    let thread: ForwardingThread
    private let box: Box

    /// - Parameter isPinned: whether the thread is to run on its core alone.
    init(
        _ number: UInt16, _ core: ForwardingCore?, isPinned: Bool, _ environment: Environment
    ) throws(SystemError) {
        let box = Box()
        self.box = box
        self.number = number
        self.core = core
        let (clock, upcall) = (environment.clock, environment.upcall)
        thread = try ForwardingThread(
            name: core.map { "pmd-c\($0.core)/id:\(number)" } ?? "forwarding",
            core: isPinned ? core?.core : nil, isMeasured: core != nil
        ) { pool in
            let datapath = UserspaceDatapath(
                pool: pool, number: number, commons: environment.commons)
            box.datapath = datapath
            return ForwardingThread.Work(
                process: { batch, _, number in
                    if number == Self.upcallNumber, let kernel = box.kernel {
                        datapath.receive(fromOffload: batch, now: UInt64(clock.now)) {
                            kernel.origin(of: $0)
                        }
                    } else {
                        datapath.receive(batch, from: number, now: UInt64(clock.now))
                    }
                    // A batch that went up took as long as hundreds that did not.
                    let wentUp = datapath.hasPending
                    if wentUp {
                        let start = clinux_cycles()
                        upcall(datapath)
                        datapath.noteUpcalls(cycles: clinux_cycles() &- start)
                    }
                    datapath.flush()
                    return wentUp
                },
                portDidVanish: { port, _ in
                    if let kernel = box.kernel, port === kernel.upcallPort {
                        kernel.stop()
                        datapath.offloadAgain()
                    }
                    environment.portDidVanish(port.name)
                }
            )
        }
    }

    /// Calls `body` on the thread.
    func order(_ body: @escaping (UserspaceDatapath) -> Void) {
        nonisolated(unsafe) let body = body
        thread.execute { [box] in
            if let datapath = box.datapath { body(datapath) }
        }
    }

    /// Has the kernel forward packets of ports that are added from now on, where it can.
    func start(_ kernel: KernelDatapath, clock: SwitchClock) {
        nonisolated(unsafe) let kernel = kernel
        thread.execute { [box] in
            box.kernel = kernel
            box.datapath?.offload = kernel
            box.datapath?.offloadClock = { UInt64(clock.now) }
        }
        thread.add(kernel.upcallPort, number: Self.upcallNumber, queue: 0)
    }

    /// Calls `body` on the thread if the kernel forwards packets for it.
    func order(_ body: @escaping (KernelDatapath, UserspaceDatapath) -> Void) {
        nonisolated(unsafe) let body = body
        thread.execute { [box] in
            if let kernel = box.kernel, let datapath = box.datapath { body(kernel, datapath) }
        }
    }

    /// Calls `body` on the thread and waits for its answer.
    func ask<Answer>(_ body: @escaping (UserspaceDatapath) -> Answer) -> Answer {
        nonisolated(unsafe) let body = body
        let answer = thread.executeAndWait { [box] () -> Unchecked<Answer> in
            guard let datapath = box.datapath else {
                preconditionFailure("the forwarding thread made no datapath")
            }
            return Unchecked(body(datapath))
        }
        return answer.value
    }
}

/// A value that its maker gives away to another thread.
struct Unchecked<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
