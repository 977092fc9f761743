import Glibc

/// `bpf(2)`, as far as it is needed here, and its numbers from `linux/bpf.h`.
enum BPF {
    static let loadProgram = 5
    static let testRun = 10
    static let createLink = 28
    static let typeClassifier: UInt32 = 3
    static let typeXDP: UInt32 = 6
    static let ingress: UInt32 = 46
    static let liveFrames: UInt32 = 2
    static let randomHelper: Int32 = 7
    static let redirectHelper: Int32 = 23
    /// Octets of `union bpf_attr`, as far as it is used here.
    static let attributeSize = 152

    /// The C library's `syscall`, which Swift does not import since it is variadic.
    private typealias SystemCall =
        @convention(c) (Int, Int, UnsafeMutableRawPointer, Int) -> Int

    /// One instruction: operation, destination and source register, offset, constant.
    static func instruction(
        _ code: UInt8, _ to: UInt8 = 0, _ from: UInt8 = 0, _ offset: Int16 = 0,
        _ constant: Int32 = 0
    ) -> UInt64 {
        UInt64(code) | UInt64(from << 4 | to) << 8
            | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: constant)) << 32
    }

    /// Loads a program; its descriptor.
    static func load(_ instructions: [UInt64], type: UInt32) -> Int32 {
        let license = Array("GPL\0".utf8)
        let descriptor = instructions.withUnsafeBytes { code in
            license.withUnsafeBytes { license in
                call(loadProgram) { attribute in
                    attribute.storeBytes(of: type, as: UInt32.self)
                    attribute.storeBytes(
                        of: UInt32(instructions.count), toByteOffset: 4, as: UInt32.self)
                    attribute.storeBytes(
                        of: UInt64(UInt(bitPattern: code.baseAddress)), toByteOffset: 8,
                        as: UInt64.self)
                    attribute.storeBytes(
                        of: UInt64(UInt(bitPattern: license.baseAddress)), toByteOffset: 16,
                        as: UInt64.self)
                }
            }
        }
        guard descriptor >= 0 else { fail("BPF_PROG_LOAD: errno \(errno)") }
        return Int32(descriptor)
    }

    /// Has all that arrives at `device` dropped before the host looks at it, until the process
    /// ends.
    static func sink(device: String) {
        let index = if_nametoindex(device)
        guard index != 0 else { fail("no device \(device)") }
        // return TCX_DROP
        let program = load(
            [instruction(0xb7, 0, 0, 0, 2), instruction(0x95)], type: typeClassifier)
        let link = call(createLink) { attribute in
            attribute.storeBytes(of: program, as: Int32.self)
            attribute.storeBytes(of: index, toByteOffset: 4, as: UInt32.self)
            attribute.storeBytes(of: ingress, toByteOffset: 8, as: UInt32.self)
        }
        guard link >= 0 else { fail("BPF_LINK_CREATE, which needs Linux 6.6: errno \(errno)") }
    }

    /// Calls `bpf(2)` with an attribute of zeros that `fill` has written to.
    static func call(_ command: Int, fill: (UnsafeMutableRawPointer) -> Void) -> Int {
        guard let symbol = dlsym(nil, "syscall") else { fail("there is no syscall") }
        let systemCall = unsafeBitCast(symbol, to: SystemCall.self)
        let attribute = UnsafeMutableRawPointer.allocate(byteCount: attributeSize, alignment: 8)
        defer { attribute.deallocate() }
        attribute.initializeMemory(as: UInt8.self, repeating: 0, count: attributeSize)
        fill(attribute)
        #if arch(x86_64)
            let number = 321
        #else
            let number = 280
        #endif
        return systemCall(number, command, attribute, attributeSize)
    }
}
