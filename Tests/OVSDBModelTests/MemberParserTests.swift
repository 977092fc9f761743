import JSONRPC
import OVSDBModel
import Testing

struct MemberParserTests {
    /// An object with more members than are counted in one word.
    private static func object(_ count: Int) -> JSON {
        .object(JSONObject((0..<count).map { ("m\($0)", JSON.integer(Int64($0))) }))
    }

    @Test(arguments: [1, 63, 64, 65, 100])
    func `members that were asked for are all allowed`(count: Int) throws {
        var members = try MemberParser(Self.object(count), subject: "object")
        for number in 0..<count { #expect(members.optional("m\(number)") != nil) }
        #expect(members.optional("other") == nil)
        try members.finish()
    }

    @Test(arguments: [1, 63, 64, 65, 100])
    func `the first member that nobody asked for is named`(count: Int) throws {
        var members = try MemberParser(Self.object(count + 1), subject: "object")
        for number in 0..<count { _ = members.optional("m\(number)") }
        let error = #expect(throws: OVSDBError.self) { try members.finish() }
        #expect(
            error?.details
                == "Parsing object failed: Member 'm\(count)' is present but not allowed here.")
    }

    @Test
    func `operations are named by their numbers`() throws {
        var members = try MemberParser([:], subject: .operation(2, count: 3))
        let error = #expect(throws: OVSDBError.self) { try members.required("op") }
        #expect(
            error?.details
                == "Parsing ovsdb operation 2 of 3 failed: Required 'op' member is missing.")
    }
}
