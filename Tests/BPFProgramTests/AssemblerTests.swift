import Testing

@testable import BPFProgram

struct AssemblerTests {
    /// Octets as RFC 9669 §3 lays them out.
    private static func octets(_ build: (inout Assembler) -> Void) throws -> [[UInt8]] {
        var code = Assembler()
        build(&code)
        return try code.assemble("test").instructions.map { instruction in
            (0..<8).map { UInt8(truncatingIfNeeded: instruction.encoded >> UInt64(8 * $0)) }
        }
    }

    @Test
    func `arithmetic is encoded as the standard says`() throws {
        let octets = try Self.octets { code in
            code.move(.r6, .r1)
            code.move(.r0, -1)
            code.calculate(.add, .r2, .r3)
            code.calculate(.and, .r2, 0xff)
            code.calculate32(.and, .r4, .r5)
            code.calculate32(.shiftRight, .r4, 7)
            code.toNetworkOrder(.r3, bits: 16)
            code.moveWide(.r9, 0x0102_0304_0506_0708)
        }
        let expected: [[UInt8]] = [
            [0xbf, 0x16, 0, 0, 0, 0, 0, 0],
            [0xb7, 0x00, 0, 0, 0xff, 0xff, 0xff, 0xff],
            [0x0f, 0x32, 0, 0, 0, 0, 0, 0],
            [0x57, 0x02, 0, 0, 0xff, 0, 0, 0],
            [0x5c, 0x54, 0, 0, 0, 0, 0, 0],
            [0x74, 0x04, 0, 0, 7, 0, 0, 0],
            [0xdc, 0x03, 0, 0, 16, 0, 0, 0],
            [0x18, 0x09, 0, 0, 8, 7, 6, 5],
            [0x00, 0x00, 0, 0, 4, 3, 2, 1],
        ]
        #expect(octets == expected)
    }

    @Test
    func `memory is addressed as the standard says`() throws {
        let octets = try Self.octets { code in
            code.load(.word, .r7, at: .r6, 76)
            code.load(.half, .r1, at: .r7, 12)
            code.load(.octet, .r1, at: .r7, 0)
            code.load(.double, .r1, at: .r10, -8)
            code.store(.word, at: .r10, -16, .r1)
            code.store(.double, at: .r10, -24, constant: 0)
            code.addAtomically(.double, at: .r8, 8, .r1)
        }
        let expected: [[UInt8]] = [
            [0x61, 0x67, 76, 0, 0, 0, 0, 0],
            [0x69, 0x71, 12, 0, 0, 0, 0, 0],
            [0x71, 0x71, 0, 0, 0, 0, 0, 0],
            [0x79, 0xa1, 0xf8, 0xff, 0, 0, 0, 0],
            [0x63, 0x1a, 0xf0, 0xff, 0, 0, 0, 0],
            [0x7a, 0x0a, 0xe8, 0xff, 0, 0, 0, 0],
            [0xdb, 0x18, 8, 0, 0, 0, 0, 0],
        ]
        #expect(octets == expected)
    }

    @Test
    func `jumps go forth and back, and calls name helpers`() throws {
        let octets = try Self.octets { code in
            let (start, end) = (code.makeLabel(), code.makeLabel())
            code.place(start)
            code.jump(if: .notEqual, .r1, 8, end)
            code.jump(if: .greater, .r2, .r8, end)
            code.call(.mapLookup)
            code.jump(start)
            code.place(end)
            code.exit(2)
        }
        let expected: [[UInt8]] = [
            [0x55, 0x01, 3, 0, 8, 0, 0, 0],
            [0x2d, 0x82, 2, 0, 0, 0, 0, 0],
            [0x85, 0x00, 0, 0, 1, 0, 0, 0],
            [0x05, 0x00, 0xfc, 0xff, 0, 0, 0, 0],
            [0xb7, 0x00, 0, 0, 2, 0, 0, 0],
            [0x95, 0x00, 0, 0, 0, 0, 0, 0],
        ]
        #expect(octets == expected)
    }

    @Test
    func `maps are named until they have descriptors`() throws {
        var code = Assembler()
        code.loadMap(.r1, "flows")
        code.loadMapValue(.r2, "masks", 16)
        let program = try code.assemble("test")
        #expect(program.encoded(["flows": 5]) == nil)
        let words = try #require(program.encoded(["flows": 5, "masks": 6]))
        #expect(words == [0x0000_0005_0000_1118, 0, 0x0000_0006_0000_2218, 0x10_0000_0000])
    }

    @Test
    func `a label that is not placed, or too far away, is an error`() {
        var code = Assembler()
        code.jump(code.makeLabel())
        #expect(throws: AssemblyError.labelNotPlaced(instruction: 0)) {
            _ = try code.assemble("test")
        }
        var long = Assembler()
        let end = long.makeLabel()
        long.jump(end)
        for _ in 0..<32768 { long.move(.r0, 0) }
        long.place(end)
        long.exit()
        #expect(throws: AssemblyError.jumpTooFar(instruction: 0)) {
            _ = try long.assemble("test")
        }
    }

    @Test
    func `every instruction survives encoding`() throws {
        for code in UInt8.min...UInt8.max {
            let instruction = Instruction(
                code: code, destination: 9, source: 10, offset: -2, constant: .min)
            #expect(Instruction(encoded: instruction.encoded) == instruction)
        }
    }
}
