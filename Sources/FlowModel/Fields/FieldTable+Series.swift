/// Rows of the field table that differ in nothing but number and place.
extension FieldTable {
    /// OVS has half as many of each kind.
    ///
    /// The further ones are named and numbered as those, but for
    /// single registers: NXM's numbers behind the first sixteen belong to other fields.
    static var registers: [FieldDescriptor] {
        words + doubles + quadruples
    }

    private static var access: FieldDescriptor.Access { [.maskable, .writable] }

    /// The field that is `index` behind `first`.
    private static func field(_ first: Field, _ index: Int) -> Field {
        Field.allCases[Int(first.rawValue) + index]
    }

    /// Registers that NXM has numbers for.
    private static var commonRegisterCount: Int { 16 }
    /// The number of `NXOXM_ET_REG16`.
    private static var firstHighRegister: Int { 32 }

    /// The word of the key in which a register of 64 bits lies.
    private static func word(ofDouble index: Int) -> Int {
        index < commonRegisterCount / 2
            ? KeyWord.registers + index
            : KeyWord.highRegisters + index - commonRegisterCount / 2
    }

    private static var words: [FieldDescriptor] {
        (0..<32).map { index in
            let wire: WireName =
                index < commonRegisterCount
                ? .init("NXM_NX_REG\(index)", .nxm1, UInt8(index))
                : .init(
                    "NXOXM_ET_REG\(index)", .nxET,
                    UInt8(firstHighRegister + index - commonRegisterCount))
            return row(
                field(.reg0, index), "reg\(index)", 4, .hexadecimal,
                .at(word(ofDouble: index / 2), index % 2 == 0 ? 32 : 0, 32), access, .none, [wire])
        }
    }

    private static var doubles: [FieldDescriptor] {
        (0..<16).map { index in
            row(
                field(.xreg0, index), "xreg\(index)", 8, .hexadecimal,
                .at(word(ofDouble: index), 0, 64), access, .none,
                [.init("OXM_OF_PKT_REG\(index)", .packetRegisters, UInt8(index))])
        }
    }

    private static var quadruples: [FieldDescriptor] {
        (0..<8).map { index in
            row(
                field(.xxreg0, index), "xxreg\(index)", 16, .hexadecimal,
                .at(word(ofDouble: 2 * index), 0, 128), access, .none,
                [.init("NXM_NX_XXREG\(index)", .nxm1, UInt8(111 + index))])
        }
    }

    /// Options of tunnels that a bridge's map gives fields to (ovs-fields(7), "Tunnel Metadata").
    ///
    /// The values have at most 16 octets here, where OVS has up to 124.
    static var tunnelOptions: [FieldDescriptor] {
        (0..<Field.tunnelOptionCount).map { index in
            row(
                .tunnelOption(index), "tun_metadata\(index)", 16, .tunnelOption,
                .at(KeyWord.options + 2 * index, 0, 128), access, .none,
                [.init("NXM_NX_TUN_METADATA\(index)", .nxm1, UInt8(40 + index))])
        }
    }
}
