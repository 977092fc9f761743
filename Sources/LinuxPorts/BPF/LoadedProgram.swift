import BPFProgram
import CLinux

/// Why a program is not in the kernel.
enum BPFLoadError: Error, CustomStringConvertible {
    /// The system call is refused.
    case system(SystemError)
    /// The verifier does not accept the program.
    case rejected(Rejection)
    /// The program is none.
    case assembly(AssemblyError)

    var description: String {
        switch self {
        case .system(let error): error.description
        case .rejected(let rejection): rejection.description
        case .assembly(let error): "a program cannot be put together: \(error)"
        }
    }
}

/// A program in the kernel, which goes with the last of its holders: this object, links, pins.
final class LoadedProgram {
    /// `enum bpf_prog_type`.
    enum Kind: UInt32 {
        case classifier = 3
        case xdp = 6
    }

    private static let logByteCount = 1 << 20

    let descriptor: Int32
    let program: Program

    /// Loads a program whose maps are `descriptors`.
    init(
        _ program: Program, _ descriptors: [String: Int32], kind: Kind = .classifier
    ) throws(BPFLoadError) {
        guard let words = program.encoded(descriptors) else {
            throw .system(
                SystemError(code: EBADF, call: "bpf(BPF_PROG_LOAD)", subject: program.name))
        }
        var loaded = Self.load(program, words, kind)
        guard loaded < 0 else {
            descriptor = loaded
            self.program = program
            return
        }
        let error = SystemError.last("bpf(BPF_PROG_LOAD)", program.name)
        guard error.code == EACCES || error.code == EINVAL || error.code == E2BIG else {
            throw .system(error)
        }
        // Once more, to hear why.
        let log = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.logByteCount, alignment: 8)
        defer { log.deallocate() }
        log.initializeMemory(as: UInt8.self, repeating: 0)
        loaded = Self.load(program, words, kind, log: log)
        if loaded >= 0 { close(loaded) }
        throw .rejected(
            Rejection(program, log: String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)))
    }

    deinit { close(descriptor) }

    private static func load(
        _ program: Program, _ words: [UInt64], _ kind: Kind,
        log: UnsafeMutableRawBufferPointer? = nil
    ) -> Int32 {
        let license: [CChar] = [71, 80, 76, 0]
        return words.withUnsafeBytes { octets in
            license.withUnsafeBufferPointer { license in
                BPFCall.call(BPFCall.Command.loadProgram) { attributes in
                    attributes.store(kind.rawValue, at: 0)
                    attributes.store(UInt32(words.count), at: 4)
                    attributes.store(octets.baseAddress, at: 8)
                    attributes.store(UnsafeRawPointer(license.baseAddress), at: 16)
                    attributes.store(name: program.name, at: 48)
                    guard let log else { return }
                    attributes.store(1, at: 24)
                    attributes.store(UInt32(log.count), at: 28)
                    attributes.store(UnsafeRawPointer(log.baseAddress), at: 32)
                }
            }
        }
    }

    /// What BPF_PROG_TEST_RUN made of a packet.
    struct Trial {
        let verdict: Int32
        let octets: [UInt8]
    }

    /// Runs the program on a packet that arrives at a device, without sending it anywhere.
    ///
    /// - Parameters:
    ///   - scratch: what the packet's scratch words hold.
    ///   - count: how often.
    func run(
        on packet: [UInt8], interface: UInt32, scratch: [UInt32] = [], count: UInt32 = 1
    ) throws(SystemError) -> Trial {
        // struct __sk_buff.
        var context = [UInt32](repeating: 0, count: 48)
        context[PacketContext.interface / 4] = interface
        for (index, word) in scratch.enumerated() {
            context[PacketContext.scratch(index) / 4] = word
        }
        var output = [UInt8](repeating: 0, count: packet.count + 256)
        let (room, contextByteCount) = (output.count, context.count * 4)
        var (verdict, length) = (Int32(0), 0)
        let descriptor = descriptor
        let code = output.withUnsafeMutableBytes { output in
            packet.withUnsafeBytes { packet in
                context.withUnsafeBytes { context in
                    let fill = { (attributes: UnsafeMutableRawPointer) in
                        attributes.store(descriptor: descriptor, at: 0)
                        attributes.store(UInt32(packet.count), at: 8)
                        attributes.store(UInt32(room), at: 12)
                        attributes.store(packet.baseAddress, at: 16)
                        attributes.store(UnsafeRawPointer(output.baseAddress), at: 24)
                        attributes.store(count, at: 32)
                        attributes.store(UInt32(contextByteCount), at: 40)
                        attributes.store(context.baseAddress, at: 48)
                    }
                    return BPFCall.call(BPFCall.Command.testProgram, fill) { attributes in
                        verdict = attributes.load(fromByteOffset: 4, as: Int32.self)
                        length = Int(attributes.load(fromByteOffset: 12, as: UInt32.self))
                    }
                }
            }
        }
        guard code == 0 else { throw .last("bpf(BPF_PROG_TEST_RUN)", program.name) }
        return Trial(verdict: verdict, octets: Array(output.prefix(length)))
    }
}
