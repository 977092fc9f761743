import CLinux

/// A program of six instructions that hands a device's packets to AF_XDP sockets.
///
///     r2 = ctx->rx_queue_index
///     r1 = the map of sockets by queue
///     r3 = XDP_PASS, for queues without a socket
///     return bpf_redirect_map(r1, r2, r3)
///
/// It is put together here and loaded by bpf(2), without a library, and goes with the link that
/// attaches it: with this object, or with the process.
final class XDPProgram {
    /// Queues that the map has room for.
    private static let queueCount: UInt32 = 64
    /// As large as `union bpf_attr` was when the commands used here were made.
    private static let attributeByteCount = 128

    private enum Command {
        static let createMap: Int32 = 0
        static let updateElement: Int32 = 2
        static let loadProgram: Int32 = 5
        static let createLink: Int32 = 28
        static let detachLink: Int32 = 34
    }

    private static let socketMapType: UInt32 = 17
    private static let programType: UInt32 = 6
    private static let attachType: UInt32 = 37

    private let map: Int32
    private let program: Int32
    private let link: Int32

    /// Loads the program and attaches it to a device.
    init(name: String, index: Int32, mode: XDPMode) throws(SystemError) {
        let map = try Self.makeMap(name)
        let program: Int32
        do throws(SystemError) {
            program = try Self.load(map, name)
        } catch {
            close(map)
            throw error
        }
        let link = Self.call(Command.createLink) { attributes in
            attributes.storeBytes(of: UInt32(program), as: UInt32.self)
            attributes.storeBytes(of: UInt32(index), toByteOffset: 4, as: UInt32.self)
            attributes.storeBytes(of: Self.attachType, toByteOffset: 8, as: UInt32.self)
            attributes.storeBytes(of: mode.programFlags, toByteOffset: 12, as: UInt32.self)
        }
        guard link >= 0 else {
            let error = SystemError.last("bpf(BPF_LINK_CREATE)", name)
            close(program)
            close(map)
            throw error
        }
        (self.map, self.program, self.link) = (map, program, link)
    }

    deinit {
        // To close the link does so too, but some time later, when another may want the place.
        _ = Self.call(Command.detachLink) { $0.storeBytes(of: UInt32(link), as: UInt32.self) }
        close(link)
        close(program)
        close(map)
    }

    /// Sends the packets of a queue to a socket.
    func redirect(queue: UInt32, to socket: Int32, _ name: String) throws(SystemError) {
        var (key, value) = (queue, UInt32(socket))
        let code = withUnsafePointer(to: &key) { key in
            withUnsafePointer(to: &value) { value in
                Self.call(Command.updateElement) { attributes in
                    attributes.storeBytes(of: UInt32(map), as: UInt32.self)
                    Self.store(key, in: attributes, at: 8)
                    Self.store(value, in: attributes, at: 16)
                }
            }
        }
        if code != 0 { throw .last("bpf(BPF_MAP_UPDATE_ELEM)", name) }
    }

    private static func makeMap(_ name: String) throws(SystemError) -> Int32 {
        let map = call(Command.createMap) { attributes in
            attributes.storeBytes(of: socketMapType, as: UInt32.self)
            attributes.storeBytes(of: UInt32(4), toByteOffset: 4, as: UInt32.self)
            attributes.storeBytes(of: UInt32(4), toByteOffset: 8, as: UInt32.self)
            attributes.storeBytes(of: queueCount, toByteOffset: 12, as: UInt32.self)
        }
        guard map >= 0 else { throw .last("bpf(BPF_MAP_CREATE)", name) }
        return map
    }

    /// One instruction: operation, registers, offset and constant (RFC 9669 §3).
    private static func instruction(
        _ code: UInt8, to target: UInt64 = 0, from source: UInt64 = 0, offset: Int16 = 0,
        _ constant: Int32 = 0
    ) -> UInt64 {
        UInt64(code) | target << 8 | source << 12 | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: constant)) << 32
    }

    private static func load(_ map: Int32, _ name: String) throws(SystemError) -> Int32 {
        let instructions = [
            // struct xdp_md: rx_queue_index is its fifth word.
            instruction(0x61, to: 2, from: 1, offset: 16),
            // A constant of 64 bits, which is the map of that descriptor.
            instruction(0x18, to: 1, from: 1, map), 0,
            instruction(0xb7, to: 3, 2),
            // bpf_redirect_map
            instruction(0x85, 51),
            instruction(0x95),
        ]
        let license: [CChar] = [71, 80, 76, 0]
        let program = instructions.withUnsafeBytes { octets in
            license.withUnsafeBufferPointer { license in
                call(Command.loadProgram) { attributes in
                    attributes.storeBytes(of: programType, as: UInt32.self)
                    attributes.storeBytes(
                        of: UInt32(instructions.count), toByteOffset: 4, as: UInt32.self)
                    store(octets.baseAddress, in: attributes, at: 8)
                    store(license.baseAddress, in: attributes, at: 16)
                }
            }
        }
        guard program >= 0 else { throw .last("bpf(BPF_PROG_LOAD)", name) }
        return program
    }

    private static func store(
        _ pointer: UnsafeRawPointer?, in attributes: UnsafeMutableRawPointer, at offset: Int
    ) {
        attributes.storeBytes(
            of: UInt64(UInt(bitPattern: pointer)), toByteOffset: offset, as: UInt64.self)
    }

    /// Calls bpf(2) with attributes that are zero but for what `fill` writes.
    private static func call(
        _ command: Int32, _ fill: (UnsafeMutableRawPointer) -> Void
    ) -> Int32 {
        withUnsafeTemporaryAllocation(byteCount: attributeByteCount, alignment: 8) { attributes in
            guard let base = attributes.baseAddress else { return -1 }
            memset(base, 0, attributeByteCount)
            fill(base)
            return clinux_bpf(command, base, UInt32(attributeByteCount))
        }
    }
}
