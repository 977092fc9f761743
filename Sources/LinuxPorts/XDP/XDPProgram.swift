import BPFProgram
import CLinux

/// A program of six instructions that hands a device's packets to AF_XDP sockets.
///
///     r2 = ctx->rx_queue_index
///     r1 = the map of sockets by queue
///     r3 = XDP_PASS, for queues without a socket
///     return bpf_redirect_map(r1, r2, r3)
///
/// It goes with the link that attaches it: with this object, or with the process.
final class XDPProgram {
    /// Queues that the map has room for.
    private static let queueCount = 64
    /// BPF_XDP of `enum bpf_attach_type`.
    private static let attachType: UInt32 = 37
    private static let pass: Int32 = 2
    /// `rx_queue_index` is the fifth word of `struct xdp_md`.
    private static let queuePlace = 16

    private let map: BPFMap
    private let program: LoadedProgram
    private let link: Int32

    /// Loads the program and attaches it to a device.
    init(name: String, index: Int32, mode: XDPMode) throws(SystemError) {
        let form = BPFMap.Form(
            kind: .sockets, keyByteCount: 4, valueByteCount: 4, count: Self.queueCount)
        map = try BPFMap("martlet_sockets", form)
        program = try Self.load(map, name)
        let descriptor = program.descriptor
        link = BPFCall.call(BPFCall.Command.createLink) { attributes in
            attributes.store(descriptor: descriptor, at: 0)
            attributes.store(UInt32(index), at: 4)
            attributes.store(Self.attachType, at: 8)
            attributes.store(mode.programFlags, at: 12)
        }
        if link < 0 { throw .last("bpf(BPF_LINK_CREATE)", name) }
    }

    deinit {
        guard link >= 0 else { return }
        // To close the link does so too, but some time later, when another may want the place.
        _ = BPFCall.call(BPFCall.Command.detachLink) { $0.store(descriptor: link, at: 0) }
        close(link)
    }

    /// Sends the packets of a queue to a socket.
    func redirect(queue: UInt32, to socket: Int32, _ name: String) throws(SystemError) {
        let code = map.set(queue, descriptor: socket)
        guard code == 0 else {
            throw SystemError(code: code, call: "bpf(BPF_MAP_UPDATE_ELEM)", subject: name)
        }
    }

    private static func load(_ map: BPFMap, _ name: String) throws(SystemError) -> LoadedProgram {
        var code = Assembler()
        code.load(.word, .r2, at: .r1, queuePlace)
        code.loadMap(.r1, "sockets")
        code.move(.r3, pass)
        code.call(.redirectMap)
        code.exit()
        do {
            let program = try code.assemble("martlet_xdp")
            return try LoadedProgram(program, ["sockets": map.descriptor], kind: .xdp)
        } catch BPFLoadError.system(let error) {
            throw SystemError(code: error.code, call: error.call, subject: name)
        } catch {
            throw SystemError(code: EINVAL, call: "bpf(BPF_PROG_LOAD)", subject: name)
        }
    }
}
