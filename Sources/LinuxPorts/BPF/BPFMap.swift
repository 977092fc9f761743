import CLinux

/// A map of the kernel's, which goes with the last of its holders: this object, programs, pins.
///
/// *Thread safety*: the kernel's; the memory is the owner's business.
final class BPFMap {
    /// `enum bpf_map_type`.
    enum Kind: UInt32 {
        case hash = 1
        case array = 2
        case programs = 3
        case arrayPerProcessor = 6
        case sockets = 17
    }

    struct Form {
        let kind: Kind
        let keyByteCount: Int
        let valueByteCount: Int
        let count: Int

        /// How the kernel is to make it.
        ///
        /// `BPF_F_NO_PREALLOC` for hash tables: 200,000 flows take memory when they come.
        /// `BPF_F_MMAPABLE` for arrays: settings are written and counters read without a call.
        var flags: UInt32 {
            switch kind {
            case .hash: 1
            case .array: 1 << 10
            default: 0
            }
        }

        var mappedByteCount: Int {
            let page = 4096
            // Values of mapped arrays start at multiples of eight.
            let octets = (valueByteCount + 7) / 8 * 8 * count
            return kind == .array ? (octets + page - 1) / page * page : 0
        }
    }

    let descriptor: Int32
    let form: Form
    /// The values of an array, one behind the other.
    let memory: UnsafeMutableRawPointer?

    init(_ name: String, _ form: Form) throws(SystemError) {
        let created = BPFCall.call(BPFCall.Command.createMap) { attributes in
            attributes.store(form.kind.rawValue, at: 0)
            attributes.store(UInt32(form.keyByteCount), at: 4)
            attributes.store(UInt32(form.valueByteCount), at: 8)
            attributes.store(UInt32(form.count), at: 12)
            attributes.store(form.flags, at: 16)
            attributes.store(name: name, at: 28)
        }
        guard created >= 0 else { throw .last("bpf(BPF_MAP_CREATE)", name) }
        var mapped: UnsafeMutableRawPointer?
        if form.mappedByteCount > 0 {
            mapped = clinux_map_shared(created, form.mappedByteCount)
            guard mapped != nil else {
                let error = SystemError.last("mmap", name)
                close(created)
                throw error
            }
        }
        descriptor = created
        memory = mapped
        self.form = form
    }

    deinit {
        if let memory { munmap(memory, form.mappedByteCount) }
        close(descriptor)
    }

    /// Writes a value; 0, or an error number.
    func update(_ key: UnsafeRawPointer, _ value: UnsafeRawPointer) -> Int32 {
        let code = BPFCall.call(BPFCall.Command.updateElement) { attributes in
            attributes.store(descriptor: descriptor, at: 0)
            attributes.store(key, at: 8)
            attributes.store(value, at: 16)
        }
        return code == 0 ? 0 : clinux_errno()
    }

    /// Removes a key; 0, or an error number.
    @discardableResult
    func remove(_ key: UnsafeRawPointer) -> Int32 {
        let code = BPFCall.call(BPFCall.Command.deleteElement) { attributes in
            attributes.store(descriptor: descriptor, at: 0)
            attributes.store(key, at: 8)
        }
        return code == 0 ? 0 : clinux_errno()
    }

    /// Puts a descriptor into the map.
    func set(_ index: UInt32, descriptor value: Int32) -> Int32 {
        var (index, value) = (index, value)
        return update(&index, &value)
    }

    func pin(_ path: String) throws(SystemError) { try BPFFiles.pin(descriptor, path) }
}
