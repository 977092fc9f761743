import TestSupport
import Testing

/// Random packets through random `ct` actions of genuine Open vSwitch and of Martlet: both have to
/// send the same packets, with the same states in them, and remember the same connections.
///
/// `MARTLET_DIFFERENTIAL_SEEDS` says how many, as for ``DifferentialTests``. What is left out,
/// because Martlet does more than Open vSwitch 3.1: SCTP, whose ports and checksums 3.1 does not
/// look at. And connections in the place of others that were translated: 3.1 does not give their
/// ports away at once, and ends itself when it lists connections for which there were none.
struct TrackingDifferentialTests {
    @Test(
        .enabled(
            if: DifferentialTests.isPossible,
            "openvswitch-switch is not installed, or the program martlet is not built"),
        arguments: DifferentialTests.seeds)
    func `Martlet tracks and translates as Open vSwitch does`(seed: UInt64) throws {
        var conversation = RandomConversation(seed: seed, mayEnd: seed % 2 == 0)
        let script = Self.script(&conversation, seed: seed)
        let genuine = try Self.lines(of: script, by: .genuine)
        let martlet = try Self.lines(of: script, by: .martlet)
        #expect(genuine.count > 20)
        let agree = genuine == martlet
        #expect(agree, "\(difference(from: genuine, to: martlet))")
    }

    /// Writes what is known of a packet into its Ethernet addresses.
    private static let telling = """
        move:NXM_NX_CT_STATE[0..7]->NXM_OF_ETH_SRC[0..7],\
        move:NXM_NX_CT_MARK[0..7]->NXM_OF_ETH_SRC[8..15],\
        move:NXM_NX_CT_ZONE[0..7]->NXM_OF_ETH_SRC[16..23],\
        move:NXM_NX_CT_LABEL[64..71]->NXM_OF_ETH_SRC[24..31]
        """

    private static func rules(
        _ conversation: inout RandomConversation, isIPv6: Bool, translates: Bool
    ) -> [String] {
        let family = isIPv6 ? "ipv6" : "ip"
        let zone = conversation.number(below: 3)
        let back = translates ? ",nat" : ""
        let address = isIPv6 ? "[fd00::65]" : "10.0.0.101"
        let there = translates ? ",nat(src=\(address))" : ""
        let mark = "exec(load:\(zone + 1)->NXM_NX_CT_MARK[],load:9->NXM_NX_CT_LABEL[64..127])"
        // What is new from the server is refused, or is a connection too.
        let isOpen = !translates && conversation.isOne(of: 2)
        let server = isOpen ? "ct(commit,zone=\(zone)),\(telling),1" : "\(telling),4"
        let force = conversation.isOne(of: 6) && !translates ? ",force" : ""
        let rules = [
            "in_port=1,\(family),actions=ct(zone=\(zone)\(back),table=1)",
            "in_port=2,\(family),actions=ct(zone=\(zone)\(back),table=2)",
            "table=1,priority=3,ct_state=+new,\(family),"
                + "actions=ct(commit\(force),zone=\(zone)\(there),\(mark),table=3)",
            "table=1,priority=2,ct_state=+inv,\(family),actions=\(telling),4",
            "table=1,priority=1,ct_state=+trk,\(family),actions=\(telling),2",
            "table=2,priority=3,ct_state=+new,\(family),actions=\(server)",
            "table=2,priority=2,ct_state=+inv,\(family),actions=\(telling),4",
            "table=2,priority=1,ct_state=+trk,\(family),actions=\(telling),1",
            "table=3,\(family),actions=\(telling),2",
        ]
        return rules
    }

    private static func script(_ conversation: inout RandomConversation, seed: UInt64) -> String {
        let translates = seed % 2 == 1
        var script = """
            ovs-appctl time/stop >/dev/null
            ovs-vsctl add-br br0 -- set Bridge br0 fail-mode=secure
            for i in 1 2 3 4; do
                ovs-vsctl add-port br0 p$i -- set Interface p$i ofport_request=$i \
                    options:tx_pcap=$D/p$i-tx.pcap
            done
            ovs-ofctl add-flows br0 - <<END
            \(rules(&conversation, isIPv6: seed % 3 == 2, translates: translates)
                .joined(separator: "\n"))
            END

            """
        var earlier: [Bool: String] = [:]
        for step in 0..<80 {
            let isReply = conversation.isOne(of: 2)
            var frame = conversation.frame(
                isReply: isReply,
                outside: translates && isReply ? (101, UInt16(1000 + step % 4)) : nil)
            if let about = earlier[!isReply], !translates, conversation.isOne(of: 8) {
                frame = conversation.error(about: about, isReply: isReply, outside: nil)
            } else {
                earlier[isReply] = frame
            }
            script += "ovs-appctl netdev-dummy/receive p\(isReply ? 2 : 1) \(frame)\n"
            if !translates, conversation.isOne(of: 10) {
                let time = conversation.number(below: 40) * 1000 + 500
                script += "ovs-appctl time/warp \(time) \(time) >/dev/null\n"
            }
            if step % 20 == 19 { script += "ovs-appctl dpctl/dump-conntrack -m -s | sort\n" }
        }
        return script + "for i in 1 2 3 4; do echo p$i; ovs-pcap p$i-tx.pcap; done\n"
    }

    private static func lines(of script: String, by subject: Subject) throws -> [String] {
        let sandbox = try Sandbox(
            subject, switchOptions: "--enable-dummy=override --disable-system")
        return try sandbox.shell.run(script).output.split(separator: "\n").map(String.init)
    }
}
