import BPFProgram

/// Looking for the flow of the key on the stack.
///
/// r7 is the number of the mask that is tried, r8 the table of masks, and r9 the place of the hint,
/// or 0.
extension ForwardingProgram {
    /// An odd number with bits all over, the golden ratio's.
    private static var multiplier: UInt64 { 0x9e37_79b9_7f4a_7c15 }

    mutating func searchFlow() {
        code.place(search)
        copyKey()
        code.part("search by hint")
        code.loadMapValue(.r8, KernelMap.masks.rawValue)
        code.move(.r9, 0)
        let walk = code.makeLabel()
        code.load(.word, .r1, at: .r8, MaskTable.end)
        // With one mask there is nothing to know.
        code.jump(if: .less, .r1, 2, walk)
        findHint()
        code.jump(if: .equal, .r0, 0, walk)
        code.move(.r9, .r0)
        code.load(.word, .r7, at: .r9, 0)
        code.jump(if: .equal, .r7, 0, walk)
        code.calculate(.subtract, .r7, 1)
        tryMask(else: walk)

        code.place(walk)
        code.part("search all masks")
        code.move(.r7, 0)
        let (next, again) = (code.makeLabel(), code.makeLabel())
        code.place(again)
        code.load(.word, .r1, at: .r8, MaskTable.end)
        code.jump(if: .greaterOrEqual, .r7, .r1, up)
        tryMask(else: next)
        code.place(next)
        code.calculate(.add, .r7, 1)
        code.jump(if: .less, .r7, Int32(MaskTable.maximumCount), again)
        code.jump(up)
        countHit()
    }

    /// Copies the key from the stack into a map's memory, of whose content the verifier knows
    /// nothing.
    ///
    /// Else it would follow the search once for each way through the parser, and give up.
    private mutating func copyKey() {
        code.part("copy the key")
        code.store(.word, at: .r10, Stack.slot, constant: 0)
        code.lookUp(KernelMap.key.rawValue, keyAt: Stack.slot)
        code.jump(if: .equal, .r0, 0, up)
        for place in stride(from: 0, to: KernelKey.byteCount, by: 8) {
            code.load(.double, .r1, at: .r10, Stack.key + place)
            code.store(.double, at: .r0, place, .r1)
        }
        code.store(.double, at: .r10, Stack.keyAddress, .r0)
    }

    /// r0 becomes the address of the number of the mask, counted from 1, by which an equal key was
    /// found last.
    private mutating func findHint() {
        code.moveWide(.r2, Self.multiplier)
        code.load(.double, .r5, at: .r10, Stack.keyAddress)
        code.load(.double, .r1, at: .r5, 0)
        for place in stride(from: 8, to: KernelKey.byteCount, by: 8) {
            code.calculate(.multiply, .r1, .r2)
            code.load(.double, .r3, at: .r5, place)
            code.move(.r4, .r1)
            code.calculate(.shiftRight, .r4, 32)
            code.calculate(.xor, .r1, .r4)
            code.calculate(.xor, .r1, .r3)
        }
        code.calculate(.multiply, .r1, .r2)
        code.calculate(.shiftRight, .r1, 52)
        code.store(.word, at: .r10, Stack.hint, .r1)
        code.lookUp(KernelMap.hints.rawValue, keyAt: Stack.hint)
    }

    /// Looks the key up under the mask that r7 names.
    private mutating func tryMask(else label: Assembler.Label) {
        code.jump(if: .greaterOrEqual, .r7, Int32(MaskTable.maximumCount), label)
        code.move(.r2, .r7)
        code.calculate(.multiply, .r2, Int32(KernelKey.byteCount))
        code.calculate(.add, .r2, .r8)
        code.load(.double, .r1, at: .r2, MaskTable.masks)
        code.jump(if: .equal, .r1, 0, label)
        code.load(.double, .r5, at: .r10, Stack.keyAddress)
        for place in stride(from: 0, to: KernelKey.byteCount, by: 8) {
            if place > 0 { code.load(.double, .r1, at: .r2, MaskTable.masks + place) }
            code.load(.double, .r3, at: .r5, place)
            code.calculate(.and, .r1, .r3)
            code.store(.double, at: .r10, Stack.masked + place, .r1)
        }
        code.store(.word, at: .r10, Stack.subtable, .r7)
        code.lookUp(KernelMap.flows.rawValue, keyAt: Stack.masked)
        code.jump(if: .notEqual, .r0, 0, hit)
    }

    /// r0 is the flow.
    private mutating func countHit() {
        code.place(hit)
        code.part("count")
        code.load(.word, .r1, at: .r0, 0)
        code.store(.word, at: .r10, Stack.slot, .r1)
        code.load(.word, .r1, at: .r0, 4)
        code.store(.word, at: .r10, Stack.action, .r1)
        let noHint = code.makeLabel()
        code.jump(if: .equal, .r9, 0, noHint)
        code.calculate(.add, .r7, 1)
        code.store(.word, at: .r9, 0, .r7)
        code.place(noHint)
        code.move(.r7, 0)
        code.lookUp(KernelMap.counters.rawValue, keyAt: Stack.slot)
        let uncounted = code.makeLabel()
        code.jump(if: .equal, .r0, 0, uncounted)
        code.move(.r8, .r0)
        code.move(.r1, 1)
        code.addAtomically(.double, at: .r8, 0, .r1)
        code.load(.word, .r1, at: .r6, PacketContext.byteCount)
        code.load(.word, .r2, at: .r6, PacketContext.hasVLAN)
        let untagged = code.makeLabel()
        code.jump(if: .equal, .r2, 0, untagged)
        code.calculate(.add, .r1, 4)
        code.place(untagged)
        code.addAtomically(.double, at: .r8, 8, .r1)
        code.call(.coarseTime)
        code.store(.double, at: .r8, 16, .r0)
        code.load(.double, .r5, at: .r10, Stack.keyAddress)
        code.load(.octet, .r1, at: .r5, KernelKey.Place.ipProtocol)
        code.jump(if: .notEqual, .r1, 6, uncounted)
        code.load(.half, .r1, at: .r5, KernelKey.Place.tcpFlags)
        code.load(.word, .r2, at: .r8, 24)
        code.calculate(.or, .r1, .r2)
        code.jump(if: .equal, .r1, .r2, uncounted)
        code.store(.word, at: .r8, 24, .r1)
        code.place(uncounted)
    }
}
