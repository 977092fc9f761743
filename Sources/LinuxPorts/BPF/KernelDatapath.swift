import BPFProgram
import CLinux
public import Datapath
public import FlowModel
import KernelFlows

/// Forwards packets in the kernel, by programs of its own at the devices' hooks.
///
/// The userspace datapath holds all flows, and the kernel a copy of each that its programs can
/// carry out. Packets that find no flow there come up by ``upcallPort`` and are forwarded as any
/// others: so the two cannot disagree, and whatever the programs lack only costs speed.
///
/// *Thread safety*: made on any thread, then the forwarding thread's own.
public final class KernelDatapath: FlowOffload {
    /// As the kernel module's device is called, which scripts know.
    public static let deviceName = "ovs-system"
    /// Reasons that are remembered of flows that stay in userspace.
    static let maximumRefusals = 4096

    /// A port whose packets the kernel forwards.
    private struct Port {
        let port: any KernelServedPort
        let kernel: KernelPort
        var link: ProgramLink?
    }

    public let upcallPort: UpcallPort
    let tables: KernelTables
    private let programs: [ForwardingProgram.Hook: LoadedProgram]
    /// Those that a packet goes round in, which the map of programs holds too.
    private let rounds: [LoadedProgram]
    private var ports: [UInt32: Port] = [:]
    private var numbers: [UInt32: UInt32] = [:]
    private var refusals: [Int: KernelRefusal] = [:]
    /// Whether the device for packets that go up has gone.
    private var isStopped = false
    /// Called with a port whose packets stay with userspace, and why.
    public var onRefusal: ((String, SystemError) -> Void)?
    /// How many flows were refused since the start because a table was full.
    public private(set) var fullCount: UInt64 = 0

    /// Loads the programs; nothing is attached yet.
    ///
    /// - Throws: why this kernel, or this process, cannot.
    public init() throws(KernelDatapathError) {
        do throws(BPFLoadError) {
            (tables, programs, rounds) = try Self.load()
        } catch {
            throw KernelDatapathError(reason: error.description)
        }
        do throws(SystemError) {
            upcallPort = try UpcallPort(name: Self.deviceName)
        } catch {
            throw KernelDatapathError(reason: error.description)
        }
        tables.upcallInterface = upcallPort.interface
        tables.maximumTags = 2
    }

    private typealias Loaded = (
        KernelTables, [ForwardingProgram.Hook: LoadedProgram], [LoadedProgram]
    )

    private static func load() throws(BPFLoadError) -> Loaded {
        let tables: KernelTables
        do throws(SystemError) {
            tables = try KernelTables()
        } catch {
            throw .system(error)
        }
        var programs: [ForwardingProgram.Hook: LoadedProgram] = [:]
        var rounds: [LoadedProgram] = []
        for hook in ForwardingProgram.Hook.allCases {
            programs[hook] = try load(hook, .first, tables)
            let again = try load(hook, .again, tables)
            rounds.append(again)
            let index = UInt32(ForwardingProgram.index(hook))
            let code = tables.map(.programs)?.set(index, descriptor: again.descriptor) ?? EBADF
            guard code == 0 else {
                throw .system(
                    SystemError(code: code, call: "bpf(BPF_MAP_UPDATE_ELEM)", subject: "programs"))
            }
        }
        return (tables, programs, rounds)
    }

    private static func load(
        _ hook: ForwardingProgram.Hook, _ stage: ForwardingProgram.Stage, _ tables: KernelTables
    ) throws(BPFLoadError) -> LoadedProgram {
        let program: Program
        do throws(AssemblyError) {
            program = try ForwardingProgram.make(hook, stage)
        } catch {
            throw .assembly(error)
        }
        return try LoadedProgram(program, tables.descriptors)
    }

    func program(_ hook: ForwardingProgram.Hook) -> LoadedProgram? { programs[hook] }

    /// How many tags of a packet are looked at.
    public func setMaximumTags(_ count: Int) { tables.maximumTags = count }

    // MARK: Ports

    /// Has the kernel send to a port, and forward what comes in by it if the port asks for that.
    ///
    /// A port that is no device of the kernel, or whose hook is refused, goes on as it was.
    public func add(_ number: UInt32, _ port: any PacketPort) {
        guard let port = port as? any KernelServedPort else { return }
        let place = port.kernelPort
        guard place.interface > 0 else { return }
        ports[number] = Port(port: port, kernel: place)
        numbers[place.interface] = number
        setServed(number, true)
    }

    /// Has the kernel forward what comes in by a port, or leaves it to userspace.
    ///
    /// - Returns: whether that has changed.
    @discardableResult
    public func setServed(_ number: UInt32, _ isServed: Bool) -> Bool {
        guard let port = ports[number], port.port.isServedByKernel,
            isServed != (port.link != nil), !(isServed && isStopped)
        else { return false }
        guard isServed else {
            port.link?.detach()
            ports[number]?.link = nil
            port.port.setHearing(true)
            return true
        }
        let hook: ForwardingProgram.Hook = port.kernel.isHost ? .egress : .ingress
        guard let program = programs[hook] else { return false }
        port.port.setHearing(false)
        do throws(SystemError) {
            ports[number]?.link = try ProgramLink(
                program, interface: port.kernel.interface, hook: hook)
        } catch {
            port.port.setHearing(true)
            onRefusal?(port.port.name, error)
            return false
        }
        return true
    }

    public func removePort(_ number: UInt32) {
        guard let port = ports.removeValue(forKey: number) else { return }
        numbers[port.kernel.interface] = nil
        port.link?.detach()
    }

    /// Where a packet of ``upcallPort`` comes from; `nil` if the port has gone.
    public func origin(of packet: PacketBuffer) -> OffloadedOrigin? {
        guard let number = numbers[packet.inPort] else { return nil }
        ports[number]?.port.creditReceived(
            OffloadedCounts(
                packets: 1, octets: UInt64(packet.byteCount), tcpFlags: 0, age: 0))
        return UpcallPort.origin(of: packet, port: number)
    }

    /// Leaves all ports to userspace for good, since nothing can come up any more.
    public func stop() {
        isStopped = true
        let error = SystemError(code: ENODEV, call: "read", subject: Self.deviceName)
        for (number, port) in ports where setServed(number, false) {
            onRefusal?(port.port.name, error)
        }
    }

    // MARK: Flows

    public func put(_ slot: Int, key: SparseKey, mask: SparseKey, actions: [DatapathAction]) {
        refusals[slot] = nil
        do throws(KernelRefusal) {
            guard !isStopped else { throw .system(ENODEV) }
            let number = key.expanded.inPort
            guard let port = ports[number], port.port.isServedByKernel else {
                throw .port(number)
            }
            guard port.link != nil else { throw .policed(number) }
            let list = try KernelActions(actions) { ports[$0]?.kernel }
            if tables.contains(slot) { return try tables.update(slot, list) }
            let (key, mask) = try KernelKey.convert(
                key: key, mask: mask, interface: port.kernel.interface)
            try tables.insert(slot, key, mask, list)
        } catch {
            tables.remove(slot)
            if case .full = error { fullCount += 1 }
            if refusals.count < Self.maximumRefusals { refusals[slot] = error }
        }
    }

    public func remove(_ slot: Int) {
        refusals[slot] = nil
        tables.remove(slot)
    }

    public func collect(_ slot: Int) -> OffloadedCounts? {
        guard let counts = tables.collect(slot) else { return nil }
        let now = UInt64(clinux_monotonic_nanoseconds())
        return OffloadedCounts(
            packets: counts.packets, octets: counts.octets, tcpFlags: counts.flags,
            age: now > counts.used ? (now - counts.used) / 1_000_000 : 0)
    }

    public func refusal(of slot: Int) -> String? { refusals[slot]?.description }

    /// How many flows the kernel holds.
    public var flowCount: Int { tables.flowCount }
    /// Packets that the kernel could not hand up.
    public var failureCount: UInt64 { tables.failures }
}

/// Why packets are forwarded in userspace although the kernel was asked.
public struct KernelDatapathError: Error, CustomStringConvertible {
    public let reason: String
    public var description: String { reason }
}
