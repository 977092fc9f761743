import CLinux

/// bpf(2): commands whose attributes are written by offset, as `union bpf_attr` has them.
enum BPFCall {
    /// As large as `union bpf_attr` was when the commands used here were made.
    private static let attributeByteCount = 128

    enum Command {
        static let createMap: Int32 = 0
        static let lookUpElement: Int32 = 1
        static let updateElement: Int32 = 2
        static let deleteElement: Int32 = 3
        static let loadProgram: Int32 = 5
        static let pin: Int32 = 6
        static let getPinned: Int32 = 7
        static let testProgram: Int32 = 10
        static let createLink: Int32 = 28
        static let updateLink: Int32 = 29
        static let detachLink: Int32 = 34
    }

    /// Calls bpf(2) with attributes that are zero but for what `fill` writes.
    ///
    /// - Parameter read: called with the attributes afterwards, where some commands answer.
    /// - Returns: -1 and an `errno` if the kernel refuses.
    static func call(
        _ command: Int32, _ fill: (UnsafeMutableRawPointer) -> Void,
        read: (UnsafeRawPointer) -> Void = { _ in }
    ) -> Int32 {
        withUnsafeTemporaryAllocation(byteCount: attributeByteCount, alignment: 8) { attributes in
            guard let base = attributes.baseAddress else { return -1 }
            memset(base, 0, attributeByteCount)
            fill(base)
            let result = clinux_bpf(command, base, UInt32(attributeByteCount))
            if result >= 0 { read(base) }
            return result
        }
    }
}

extension UnsafeMutableRawPointer {
    func store(_ value: UInt32, at offset: Int) {
        storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
    }

    func store(descriptor: Int32, at offset: Int) {
        storeBytes(of: descriptor, toByteOffset: offset, as: Int32.self)
    }

    func store(_ pointer: UnsafeRawPointer?, at offset: Int) {
        storeBytes(of: UInt64(UInt(bitPattern: pointer)), toByteOffset: offset, as: UInt64.self)
    }

    /// At most 15 octets of a name; the rest is zero already.
    func store(name: String, at offset: Int) {
        for (index, octet) in name.utf8.prefix(15).enumerated() {
            storeBytes(of: octet, toByteOffset: offset + index, as: UInt8.self)
        }
    }
}
