import CLinux
import KernelFlows

/// A program's place at a device's hook (tcx), before or behind those of others, which stay.
///
/// The link goes with this object, unless it is pinned.
final class ProgramLink {
    private let descriptor: Int32

    /// BPF_TCX_INGRESS and BPF_TCX_EGRESS of `enum bpf_attach_type`.
    private static func attachType(_ hook: ForwardingProgram.Hook) -> UInt32 {
        hook == .ingress ? 46 : 47
    }

    init(
        _ program: LoadedProgram, interface: UInt32, hook: ForwardingProgram.Hook
    ) throws(SystemError) {
        let created = BPFCall.call(BPFCall.Command.createLink) { attributes in
            attributes.store(descriptor: program.descriptor, at: 0)
            attributes.store(interface, at: 4)
            attributes.store(Self.attachType(hook), at: 8)
        }
        guard created >= 0 else { throw .last("bpf(BPF_LINK_CREATE)", "interface \(interface)") }
        descriptor = created
    }

    /// Takes over the link that is pinned at `path`, for another program.
    ///
    /// - Returns: `nil` if there is none, or its device has gone.
    init?(pinned path: String, for program: LoadedProgram) {
        guard let opened = BPFFiles.open(path) else { return nil }
        let code = BPFCall.call(BPFCall.Command.updateLink) { attributes in
            attributes.store(descriptor: opened, at: 0)
            attributes.store(descriptor: program.descriptor, at: 4)
        }
        guard code == 0 else {
            close(opened)
            return nil
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Takes the program away from the hook at once, pinned or not.
    func detach() {
        _ = BPFCall.call(BPFCall.Command.detachLink) { attributes in
            attributes.store(descriptor: descriptor, at: 0)
        }
    }

    func pin(_ path: String) throws(SystemError) { try BPFFiles.pin(descriptor, path) }
}
