import Daemon
import FlowSyntax
import OpenFlow

/// Commands about which tunnel options have fields.
enum TunnelOptionCommands {
    static func add(_ context: OfctlContext) throws {
        let mappings = try parse(context.arguments[1])
        try change(context, TLVTableMod(command: .add, mappings: mappings))
    }

    static func delete(_ context: OfctlContext) throws {
        guard context.arguments.count > 1 else {
            return try change(context, TLVTableMod(command: .clear))
        }
        let mappings = try parse(context.arguments[1])
        try change(context, TLVTableMod(command: .delete, mappings: mappings))
    }

    private static func change(_ context: OfctlContext, _ mod: TLVTableMod) throws {
        let connection = try context.connect()
        try connection.adopt(.nxm)
        try connection.transactQuietly(.tlvTableMod(mod))
    }

    static func dump(_ context: OfctlContext) throws {
        try context.printReplies(try context.connect(), to: .tlvTableRequest)
    }

    /// Mappings as `{class=0xffff,type=0,len=4}->tun_metadata0`, with commas between them.
    private static func parse(_ text: String) throws -> [TLVMapping] {
        var mappings: [TLVMapping] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let mapping = mapping(&rest) else { throw ProgramError("invalid tlv mapping") }
            mappings.append(mapping)
            while rest.first == "," || rest.first == " " { rest.removeFirst() }
        }
        return mappings
    }

    private static func mapping(_ text: inout Substring) -> TLVMapping? {
        guard take("{class=", &text), let optionClass = number(&text), take(",type=", &text),
            let type = number(&text), take(",len=", &text), let byteCount = number(&text),
            take("}->tun_metadata", &text), let index = number(&text)
        else { return nil }
        return TLVMapping(
            optionClass: UInt16(truncatingIfNeeded: optionClass),
            type: UInt8(truncatingIfNeeded: type),
            byteCount: UInt8(truncatingIfNeeded: byteCount),
            index: UInt16(truncatingIfNeeded: index))
    }

    private static func take(_ prefix: String, _ text: inout Substring) -> Bool {
        guard text.hasPrefix(prefix) else { return false }
        text.removeFirst(prefix.count)
        return true
    }

    /// A number in decimal, or in hexadecimal behind `0x`.
    private static func number(_ text: inout Substring) -> UInt64? {
        let isHexadecimal = take("0x", &text)
        let digits = text.prefix { isHexadecimal ? $0.isHexDigit : $0.isNumber }
        text.removeFirst(digits.count)
        return UInt64(digits, radix: isHexadecimal ? 16 : 10)
    }
}
