import FlowModel
import FlowSyntax
import Testing

/// Actions of the datapath, read as they are printed.
struct DatapathActionParserTests {
    private static let texts = [
        "1,2", "drop", "pop_vlan,3", "push_vlan(tpid=0x88a8,vid=5,pcp=3)", "recirc(0x5)",
        "set(ipv4(src=1.0.0.0/255.0.0.0,ttl=5)),1", "ct(commit,zone=5,nat(src=10.0.0.1))",
        "sample(sample=50.0%,actions(1,clone(2,3)))", "check_pkt_len(size=200,gt(drop),le(2,3))",
        "add_mpls(label=200,tc=7,ttl=64,bos=1,eth_type=0x8847)", "meter(5),trunc(100),1",
        "push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x5678,si=16,c1=0x1,c2=0x2,c3=0x3,c4=0x4)",
        "userspace(pid=0,slow_path(action))",
    ]

    @Test(arguments: texts)
    func `what is printed is what was read`(text: String) throws {
        let read = text.replacing("recirc(0x5)", with: "recirc(5)")
        #expect(DatapathActionPrinter.text(try DatapathActionParser.parse(read)) == text)
    }

    @Test(arguments: texts)
    func `a text that ends early is refused or shorter and never traps`(text: String) {
        for count in 0..<text.count {
            let actions = try? DatapathActionParser.parse(String(text.prefix(count)))
            #expect((actions?.count ?? 0) <= 3)
        }
    }

    @Test(arguments: [
        "drop,1", "foo", "1,foo", "pop_nsh", "push_vlan(vid=5)", "clone(drop)", "recirc(0x5)",
        "sample(sample=101%,actions(1))", "userspace(pid=5)", "set(foo(1))", "ct(foo)",
        "99999999999", "meter(x)", "add_mpls(label=1)",
    ])
    func `what is no action is refused`(text: String) {
        #expect(throws: SyntaxError.self) { try DatapathActionParser.parse(text) }
    }

    @Test func `lists within each other have an end`() {
        let text = String(repeating: "clone(", count: 40) + String(repeating: ")", count: 40)
        #expect(throws: SyntaxError.self) { try DatapathActionParser.parse(text) }
    }
}
