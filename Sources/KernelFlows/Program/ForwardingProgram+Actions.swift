import BPFProgram

/// Carrying out a flow's steps.
///
/// r8 is the list of steps, r9 the number of the one at hand, and r7 its address.
extension ForwardingProgram {
    mutating func act() {
        code.part("act")
        code.lookUp(KernelMap.actions.rawValue, keyAt: Stack.action)
        code.jump(if: .equal, .r0, 0, up)
        code.move(.r8, .r0)
        code.move(.r9, 0)
        let (again, next) = (code.makeLabel(), code.makeLabel())
        let (output, push, pop, set, round) = (
            code.makeLabel(), code.makeLabel(), code.makeLabel(), code.makeLabel(),
            code.makeLabel()
        )
        code.place(again)
        code.load(.word, .r1, at: .r8, 0)
        code.jump(if: .greaterOrEqual, .r9, .r1, drop)
        code.move(.r7, .r9)
        code.calculate(.multiply, .r7, Int32(KernelActions.stepByteCount))
        code.calculate(.add, .r7, .r8)
        code.calculate(.add, .r7, Int32(KernelActions.headerByteCount))
        code.load(.octet, .r1, at: .r7, 0)
        code.jump(if: .equal, .r1, Int32(KernelActions.Code.output), output)
        code.jump(if: .equal, .r1, Int32(KernelActions.Code.set), set)
        code.jump(if: .equal, .r1, Int32(KernelActions.Code.pushVLAN), push)
        code.jump(if: .equal, .r1, Int32(KernelActions.Code.popVLAN), pop)
        code.jump(if: .equal, .r1, Int32(KernelActions.Code.recirculate), round)
        code.jump(drop)

        code.place(output)
        emitOutput(next)
        code.place(push)
        emitPush(next)
        code.place(pop)
        code.part("pop a tag")
        code.move(.r1, .r6)
        code.call(.popVLAN)
        code.jump(next)
        code.place(round)
        emitRound()
        code.place(set)
        emitSet(next)

        code.place(next)
        code.calculate(.add, .r9, 1)
        code.jump(if: .less, .r9, Int32(KernelActions.maximumSteps), again)
        code.jump(drop)
    }

    private mutating func emitOutput(_ next: Assembler.Label) {
        code.part("output")
        let more = code.makeLabel()
        code.load(.octet, .r1, at: .r7, 1)
        code.jump(if: .equal, .r1, 0, more)
        code.load(.word, .r1, at: .r7, 4)
        code.load(.half, .r2, at: .r7, 2)
        code.call(.redirect)
        code.exit()
        code.place(more)
        code.move(.r1, .r6)
        code.load(.word, .r2, at: .r7, 4)
        code.load(.half, .r3, at: .r7, 2)
        code.call(.cloneRedirect)
        code.jump(next)
    }

    private mutating func emitPush(_ next: Assembler.Label) {
        code.part("push a tag")
        code.move(.r1, .r6)
        code.load(.half, .r2, at: .r7, 2)
        code.load(.word, .r3, at: .r7, 4)
        code.call(.pushVLAN)
        code.jump(if: .notEqual, .r0, 0, drop)
        code.jump(next)
    }

    private mutating func emitRound() {
        code.part("recirculate")
        code.load(.word, .r1, at: .r6, Scratch.rounds)
        code.jump(if: .greaterOrEqual, .r1, Self.maximumRounds, drop)
        code.calculate(.add, .r1, 1)
        code.store(.word, at: .r6, Scratch.rounds, .r1)
        code.load(.word, .r1, at: .r7, 4)
        code.store(.word, at: .r6, Scratch.recirculation, .r1)
        code.tailCall(.r6, KernelMap.programs.rawValue, Self.index(hook))
        code.jump(drop)
    }

    // MARK: Fields

    /// Replaces some bits of 32, and updates the checksums that cover them.
    private mutating func emitSet(_ next: Assembler.Label) {
        code.part("set a field")
        code.load(.octet, .r1, at: .r7, 1)
        code.store(.double, at: .r10, Stack.flags, .r1)
        code.load(.word, .r2, at: .r7, 4)
        code.move(.r3, .r2)
        code.calculate(.and, .r2, 0xff)
        code.store(.double, at: .r10, Stack.offset, .r2)
        code.calculate(.shiftRight, .r3, 8)
        code.store(.double, at: .r10, Stack.place, .r3)
        code.store(.double, at: .r10, Stack.checksum, constant: 0)
        let change = code.makeLabel()
        code.jump(if: .equal, .r1, 0, change)
        findNetwork(next)
        findTransport(next)
        code.place(change)
        emitChange(next)
        emitChecksums(next)
    }

    /// Loads octets of the packet onto the stack, or goes on to the next step.
    ///
    /// - Parameter offset: a register that is not destroyed before.
    private mutating func loadOctets(
        _ place: Int, from offset: Register, count: Int32, else label: Assembler.Label
    ) {
        code.move(.r1, .r6)
        if offset != .r2 { code.move(.r2, offset) }
        code.move(.r3, .r10)
        code.calculate(.add, .r3, Int32(place))
        code.move(.r4, count)
        code.call(.loadOctets)
        code.jump(if: .notEqual, .r0, 0, label)
    }

    /// Finds and loads the network header, which has to be of the step's type.
    ///
    /// Stack.place becomes where it is, and what it held, the protocol that the step asks for,
    /// moves to Stack.checksumFlags.
    private mutating func findNetwork(_ next: Assembler.Label) {
        code.load(.double, .r1, at: .r10, Stack.place)
        code.store(.double, at: .r10, Stack.checksumFlags, .r1)
        code.move(.r2, 12)
        loadOctets(Stack.layer2, from: .r2, count: 12, else: next)
        code.move(.r2, 14)
        let found = code.makeLabel()
        for offset in [0, 4, 8] {
            let isTag = code.makeLabel()
            code.load(.half, .r1, at: .r10, Stack.layer2 + offset)
            if offset == 8 { break }
            code.jump(if: .equal, .r1, 0x0081, isTag)
            code.jump(if: .notEqual, .r1, 0xa888, found)
            code.place(isTag)
            code.calculate(.add, .r2, 4)
        }
        code.place(found)
        code.store(.double, at: .r10, Stack.place, .r2)
        // The type has to be the step's, if it names one.
        let isRight = code.makeLabel()
        code.load(.half, .r3, at: .r7, 2)
        code.jump(if: .equal, .r3, 0, isRight)
        code.jump(if: .notEqual, .r1, .r3, next)
        code.place(isRight)
        let (ipv6, loaded) = (code.makeLabel(), code.makeLabel())
        code.jump(if: .equal, .r1, 0xdd86, ipv6)
        code.jump(if: .notEqual, .r1, 0x0008, next)
        loadOctets(Stack.network, from: .r2, count: 20, else: next)
        code.jump(loaded)
        code.place(ipv6)
        loadOctets(Stack.network, from: .r2, count: 40, else: next)
        code.place(loaded)
    }

    /// Stack.checksum becomes where the transport checksum is, or 0; r1 is its protocol.
    private mutating func findTransport(_ next: Assembler.Label) {
        let (ipv6, none, known) = (code.makeLabel(), code.makeLabel(), code.makeLabel())
        code.load(.double, .r2, at: .r10, Stack.place)
        code.load(.octet, .r1, at: .r10, Stack.network)
        code.calculate(.shiftRight, .r1, 4)
        code.jump(if: .equal, .r1, 6, ipv6)
        code.load(.half, .r1, at: .r10, Stack.network + 6)
        code.calculate(.and, .r1, 0xff1f)
        code.jump(if: .notEqual, .r1, 0, none)
        code.load(.octet, .r1, at: .r10, Stack.network + 9)
        code.load(.half, .r3, at: .r10, Stack.network + 2)
        code.toNetworkOrder(.r3, bits: 16)
        code.calculate(.subtract, .r3, 20)
        code.calculate(.add, .r2, 20)
        code.jump(known)
        code.place(ipv6)
        code.load(.octet, .r1, at: .r10, Stack.network + 6)
        code.load(.half, .r3, at: .r10, Stack.network + 4)
        code.toNetworkOrder(.r3, bits: 16)
        code.calculate(.add, .r2, 40)
        code.place(known)
        findChecksum(none)
        let end = code.makeLabel()
        code.jump(end)
        code.place(none)
        // Ports need their header.
        code.load(.double, .r1, at: .r10, Stack.flags)
        code.jump(if: .equal, .r1, Int32(KernelActions.Flag.isTransport), next)
        code.store(.double, at: .r10, Stack.checksumFlags, constant: 0)
        code.place(end)
        // From here on Stack.place is what Stack.offset is counted from.
        let isNetwork = code.makeLabel()
        code.load(.double, .r1, at: .r10, Stack.flags)
        code.calculate(.and, .r1, Int32(KernelActions.Flag.isTransport))
        code.jump(if: .equal, .r1, 0, isNetwork)
        code.store(.double, at: .r10, Stack.place, .r2)
        code.place(isNetwork)
    }

    /// r1 is the protocol, r2 where its header is, and r3 how much there is of it.
    private mutating func findChecksum(_ none: Assembler.Label) {
        let (wanted, any) = (code.makeLabel(), code.makeLabel())
        code.load(.double, .r4, at: .r10, Stack.checksumFlags)
        code.jump(if: .equal, .r4, 0, any)
        code.jump(if: .notEqual, .r1, .r4, none)
        code.place(any)
        let (udp, icmp) = (code.makeLabel(), code.makeLabel())
        code.store(.double, at: .r10, Stack.checksumFlags, constant: 0)
        code.move(.r5, .r2)
        code.jump(if: .equal, .r1, 17, udp)
        code.jump(if: .equal, .r1, 58, icmp)
        code.jump(if: .notEqual, .r1, 6, none)
        code.jump(if: .less, .r3, 20, none)
        code.calculate(.add, .r5, 16)
        code.jump(wanted)
        code.place(udp)
        code.jump(if: .less, .r3, 8, none)
        code.calculate(.add, .r5, 6)
        // BPF_F_MARK_MANGLED_0: a checksum of 0 is none.
        code.store(.double, at: .r10, Stack.checksumFlags, constant: 0x20)
        code.jump(wanted)
        code.place(icmp)
        code.jump(if: .less, .r3, 4, none)
        code.load(.octet, .r4, at: .r10, Stack.network)
        code.calculate(.shiftRight, .r4, 4)
        code.jump(if: .notEqual, .r4, 6, none)
        code.calculate(.add, .r5, 2)
        code.place(wanted)
        code.store(.double, at: .r10, Stack.checksum, .r5)
    }

    /// Stack.old and Stack.new are what was there and what is there now.
    private mutating func emitChange(_ next: Assembler.Label) {
        // Ethernet addresses are counted from the packet's start.
        let isRelative = code.makeLabel()
        code.load(.double, .r1, at: .r10, Stack.flags)
        code.load(.double, .r2, at: .r10, Stack.offset)
        code.jump(if: .equal, .r1, 0, isRelative)
        code.load(.double, .r3, at: .r10, Stack.place)
        code.calculate(.add, .r2, .r3)
        code.store(.double, at: .r10, Stack.offset, .r2)
        code.place(isRelative)
        loadOctets(Stack.old, from: .r2, count: 4, else: next)
        code.load(.word, .r1, at: .r10, Stack.old)
        code.load(.word, .r3, at: .r7, 12)
        code.move(.r2, -1)
        code.calculate(.xor, .r2, .r3)
        code.calculate32(.and, .r2, .r1)
        code.load(.word, .r3, at: .r7, 8)
        code.calculate(.or, .r2, .r3)
        code.jump(if: .equal, .r1, .r2, next)
        code.store(.word, at: .r10, Stack.new, .r2)
        code.load(.double, .r2, at: .r10, Stack.offset)
        code.storeOctets(.r6, at: .r2, fromStack: Stack.new, count: 4)
        code.jump(if: .notEqual, .r0, 0, drop)
    }

    private mutating func emitChecksums(_ next: Assembler.Label) {
        let noHeader = code.makeLabel()
        code.load(.double, .r1, at: .r10, Stack.flags)
        code.calculate(.and, .r1, Int32(KernelActions.Flag.coveredByIP))
        code.jump(if: .equal, .r1, 0, noHeader)
        code.move(.r1, .r6)
        code.load(.double, .r2, at: .r10, Stack.place)
        code.calculate(.add, .r2, 10)
        loadChange()
        code.move(.r5, 4)
        code.call(.replaceL3Checksum)
        code.place(noHeader)
        let covered = KernelActions.Flag.coveredByPseudoHeader | KernelActions.Flag.isTransport
        code.load(.double, .r1, at: .r10, Stack.flags)
        code.move(.r2, .r1)
        code.calculate(.and, .r1, Int32(covered))
        code.jump(if: .equal, .r1, 0, next)
        // BPF_F_PSEUDO_HDR: the sum of a partial checksum covers it too.
        code.calculate(.and, .r2, Int32(KernelActions.Flag.coveredByPseudoHeader))
        code.calculate(.shiftLeft, .r2, 3)
        code.load(.double, .r5, at: .r10, Stack.checksumFlags)
        code.calculate(.or, .r5, .r2)
        code.calculate(.or, .r5, 4)
        code.load(.double, .r2, at: .r10, Stack.checksum)
        code.jump(if: .equal, .r2, 0, next)
        code.move(.r1, .r6)
        loadChange()
        code.call(.replaceL4Checksum)
        code.jump(next)
    }

    private mutating func loadChange() {
        code.load(.word, .r3, at: .r10, Stack.old)
        code.load(.word, .r4, at: .r10, Stack.new)
    }
}
