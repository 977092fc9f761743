import Testing

@testable import BPFProgram

struct DisassemblerTests {
    private static func program() throws -> Program {
        var code = Assembler()
        let end = code.makeLabel()
        code.part("begin")
        code.move(.r6, .r1)
        code.load(.word, .r7, at: .r6, 76)
        code.require(14, from: .r7, end: .r8, scratch: .r1, else: end)
        code.part("look up")
        code.store(.word, at: .r10, -4, constant: 0)
        code.lookUp("flows", keyAt: -4)
        code.jump(if: .equal, .r0, 0, end)
        code.addAtomically(.double, at: .r0, 8, .r7)
        code.calculate32(.xor, .r3, 5)
        code.toNetworkOrder(.r3, bits: 32)
        code.moveWide(.r2, 0x1_0000_0002)
        code.loadMapValue(.r9, "masks", 32)
        code.place(end)
        code.exit(-1)
        return try code.assemble("test")
    }

    @Test
    func `a program reads as the verifier prints it`() throws {
        let expected = """
            begin:
            0: r6 = r1
            1: r7 = *(u32 *)(r6 +76)
            2: r1 = r7
            3: r1 += 14
            4: if r1 > r8 goto pc+14
            look up:
            5: *(u32 *)(r10 -4) = 0
            6: r1 = map flows
            8: r2 = r10
            9: r2 += -4
            10: call bpf_map_lookup_elem#1
            11: if r0 == 0 goto pc+7
            12: lock *(u64 *)(r0 +8) += r7
            13: w3 ^= 5
            14: r3 = be32 r3
            15: r2 = 0x100000002 ll
            17: r9 = value of masks +32
            19: r0 = -1
            20: exit

            """
        #expect(Disassembler.text(of: try Self.program()) == expected)
    }

    @Test
    func `a verifier's log becomes an error about a part of the program`() throws {
        let log = """
            func#0 @0
            0: R1=ctx() R10=fp0
            0: (bf) r6 = r1                       ; R1=ctx() R6_w=ctx()
            1: (61) r7 = *(u32 *)(r6 +76)         ; R6_w=ctx() R7_w=pkt(r=0)
            ...
            12: (db) lock *(u64 *)(r0 +8) += r7
            R0 invalid mem access 'map_value_or_null'
            processed 11 insns (limit 1000000) max_states_per_insn 0 total_states 0
            """
        let rejection = Rejection(try Self.program(), log: log)
        #expect(rejection.part == "look up")
        #expect(rejection.instruction == 12)
        #expect(rejection.reason == "R0 invalid mem access 'map_value_or_null'")
        #expect(
            rejection.description
                == "the kernel refuses the program test, part look up, instruction 12 "
                + "(lock *(u64 *)(r0 +8) += r7): R0 invalid mem access 'map_value_or_null'")
    }

    @Test
    func `a log without an instruction still has a reason`() throws {
        let rejection = Rejection(try Self.program(), log: "unreachable insn 9\n")
        #expect(rejection.part == nil)
        #expect(rejection.reason == "unreachable insn 9")
        #expect(Rejection(try Self.program(), log: "").reason == "no reason given")
    }

    @Test
    func `unknown codes are told as such`() {
        let unknown = Instruction(code: 0xe6, destination: 0, source: 0, offset: 0, constant: 0)
        #expect(Disassembler.text(of: unknown) == "unknown 230")
    }
}
