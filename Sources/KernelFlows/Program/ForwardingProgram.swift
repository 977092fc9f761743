public import BPFProgram

/// The programs that forward packets in the kernel, put together instruction by instruction.
///
/// One program serves each packet: it reads the headers into a key on its stack (`parse`), looks
/// for a flow (`search`), counts, and carries out the flow's steps (`act`). What it does not
/// understand goes up as it is: an unusual header costs speed and nothing else. A packet that its
/// flow sends round begins anew in the program that `programs` holds, with what is known of it in
/// the packet's scratch words.
///
/// The search tries the subtable that the last packet with an equal key was found in, which a table
/// of hints of each processor knows, and then all. A hint that is wrong costs one lookup; it cannot
/// lead to a wrong flow, and no change of flows has to tell the hints.
public struct ForwardingProgram {
    /// Where packets come from.
    public enum Hook: String, Sendable, CaseIterable {
        /// Received by a device.
        case ingress
        /// Sent by this host on an internal port's device.
        case egress
    }

    /// Whether the packet is new at the hook, or was sent round.
    public enum Stage: Int32, Sendable, CaseIterable {
        case first = 0
        case again = 1
    }

    /// The index of the program for packets that go round, in `programs`.
    public static func index(_ hook: Hook) -> Int32 { hook == .ingress ? 0 : 1 }

    /// How many hints each processor has.
    public static let hintCount = 4096
    /// How often a packet may go round, as in userspace.
    static let maximumRounds: Int32 = 6

    enum Scratch {
        static let recirculation = PacketContext.scratch(0)
        static let hash = PacketContext.scratch(1)
        static let rounds = PacketContext.scratch(2)
    }

    /// Places on the stack, below r10.
    enum Stack {
        static let key = -KernelKey.byteCount
        static let masked = key - 88
        static let subtable = masked + KernelKey.byteCount
        static let slot = -176
        static let action = -180
        static let hint = -184
        static let header = -208
        static let layer2 = -224
        static let network = -264
        static let old = -272
        static let new = -280
        static let place = -288
        static let checksum = -296
        static let checksumFlags = -304
        static let flags = -312
        static let offset = -320
        static let keyAddress = -328
    }

    /// What TC and tcx make of a program's result (linux/pkt_cls.h).
    enum Verdict {
        /// The next program's turn, or the host's.
        static let next: Int32 = -1
        static let drop: Int32 = 2
    }

    let hook: Hook
    let stage: Stage
    var code = Assembler()
    let up: Assembler.Label
    let search: Assembler.Label
    let hit: Assembler.Label
    let drop: Assembler.Label

    /// - Returns: the program for a hook and a stage.
    public static func make(_ hook: Hook, _ stage: Stage) throws(AssemblyError) -> Program {
        var program = ForwardingProgram(hook, stage)
        program.begin()
        program.parse()
        program.searchFlow()
        program.act()
        program.sendUp()
        let suffix = stage == .first ? "" : "_more"
        return try program.code.assemble("martlet_\(hook.rawValue.prefix(2))\(suffix)")
    }

    private init(_ hook: Hook, _ stage: Stage) {
        self.hook = hook
        self.stage = stage
        up = code.makeLabel()
        search = code.makeLabel()
        hit = code.makeLabel()
        drop = code.makeLabel()
    }

    /// r6 is the context, for good.
    private mutating func begin() {
        code.part("begin")
        code.move(.r6, .r1)
        if stage == .first {
            code.move(.r1, 0)
            for index in 0..<3 {
                code.store(.word, at: .r6, PacketContext.scratch(index), .r1)
            }
        }
        for place in stride(from: Stack.key, to: 0, by: 8) {
            code.store(.double, at: .r10, place, constant: 0)
        }
        code.load(.word, .r1, at: .r6, PacketContext.interface)
        code.store(.word, at: .r10, Stack.key + KernelKey.Place.interface, .r1)
        code.load(.word, .r1, at: .r6, Scratch.recirculation)
        code.store(.word, at: .r10, Stack.key + KernelKey.Place.recirculation, .r1)
        code.load(.word, .r1, at: .r6, Scratch.hash)
        code.store(.word, at: .r10, Stack.key + KernelKey.Place.hash, .r1)
    }

    // MARK: Going up

    /// Hands the packet to userspace, or to the device's other end where that is userspace too.
    private mutating func sendUp() {
        code.place(up)
        code.part("send up")
        if hook == .egress {
            let knows = code.makeLabel()
            code.load(.word, .r1, at: .r6, Scratch.recirculation)
            code.jump(if: .notEqual, .r1, 0, knows)
            code.exit(Verdict.next)
            code.place(knows)
        }
        code.loadMapValue(.r7, KernelMap.masks.rawValue)
        code.load(.word, .r8, at: .r7, MaskTable.upcallInterface)
        let failed = code.makeLabel()
        code.jump(if: .equal, .r8, 0, failed)
        composeHeader()
        code.move(.r1, .r6)
        code.move(.r2, Int32(UpcallHeader.byteCount))
        code.move(.r3, 0)
        code.call(.changeHead)
        code.jump(if: .notEqual, .r0, 0, failed)
        code.move(.r2, 0)
        code.storeOctets(
            .r6, at: .r2, fromStack: Stack.header, count: Int32(UpcallHeader.byteCount))
        code.jump(if: .notEqual, .r0, 0, failed)
        code.move(.r1, 1)
        code.addAtomically(.double, at: .r7, MaskTable.upcalls, .r1)
        code.move(.r1, .r8)
        code.move(.r2, 0)
        code.call(.redirect)
        code.exit()
        code.place(failed)
        code.move(.r1, 1)
        code.addAtomically(.double, at: .r7, MaskTable.failures, .r1)
        code.place(drop)
        code.part("drop")
        code.exit(Verdict.drop)
    }

    private mutating func composeHeader() {
        code.load(.word, .r1, at: .r6, PacketContext.interface)
        code.moveWide(.r2, UpcallHeader.magic)
        code.move(.r3, .r1)
        code.calculate(.shiftLeft, .r3, 48)
        code.calculate(.or, .r2, .r3)
        code.store(.double, at: .r10, Stack.header, .r2)
        code.calculate(.shiftRight, .r1, 16)
        code.moveWide(.r2, UInt64(UpcallHeader.type) << 32)
        code.calculate(.or, .r1, .r2)
        code.store(.double, at: .r10, Stack.header + 8, .r1)
        code.load(.word, .r1, at: .r6, Scratch.recirculation)
        code.store(.word, at: .r10, Stack.header + UpcallHeader.recirculation, .r1)
        code.load(.word, .r1, at: .r6, Scratch.hash)
        code.store(.word, at: .r10, Stack.header + UpcallHeader.hash, .r1)
    }
}
