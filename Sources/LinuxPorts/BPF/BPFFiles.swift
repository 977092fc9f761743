import CLinux

/// Names in a bpf file system, which keep what they name while no process has it open.
enum BPFFiles {
    static func pin(_ descriptor: Int32, _ path: String) throws(SystemError) {
        let code = path.withCString { path in
            BPFCall.call(BPFCall.Command.pin) { attributes in
                attributes.store(UnsafeRawPointer(path), at: 0)
                attributes.store(descriptor: descriptor, at: 8)
            }
        }
        if code != 0 { throw .last("bpf(BPF_OBJ_PIN)", path) }
    }

    /// The descriptor of what is pinned at `path`, or `nil`.
    static func open(_ path: String) -> Int32? {
        let descriptor = path.withCString { path in
            BPFCall.call(BPFCall.Command.getPinned) { attributes in
                attributes.store(UnsafeRawPointer(path), at: 0)
            }
        }
        return descriptor >= 0 ? descriptor : nil
    }
}
