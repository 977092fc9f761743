import TestSupport
import Testing

/// What a controller may rely on when its barrier is answered (OpenFlow 1.3.5 §6.1.4).
@Suite(.enabled(if: Deployment.isAvailable)) struct BarrierTests {
    /// OFPT_FLOW_MOD: in table 1, IPv4 goes to the controller.
    private static func flowMod(cookie: Int) -> String {
        let digits = String(cookie, radix: 16)
        return "040e005800000001" + String(repeating: "0", count: 16 - digits.count) + digits
            + "0000000000000000" + "01000000000080" + "00ffffffffffffffffffffffff00000000"
            + "0001000a80000a0208000000000000000004001800000000"
            + "00000010fffffffdffff000000000000"
    }

    private static let barrier = "0414000800000002"

    /// OFPT_PACKET_OUT: IPv4 behind an MPLS label, to be looked up in table 0.
    private static let packetOut =
        "040d004e00000003fffffffffffffffd0010000000000000" + "ffff001000002320000efff800000000"
        + "222222222222121111111111884700064140450000140000000040060000c0a80a0ac0a81414"

    /// The label hides what table 1 looks at, so that the packet goes round, by a megaflow.
    @Test func `a packet behind it meets the rules before it`() {
        let deployment = Deployment()
        deployment.startSwitch("--enable-dummy=override")
        deployment.vsctl("add-br br0 -- set Bridge br0 fail-mode=secure")
        #expect(
            deployment.ofctl("-O OpenFlow13 add-flow br0 mpls,actions=pop_mpls:0x800,goto_table:1")
                == "")
        deployment.startMonitor("br0")
        let cookies = Array(1...20)
        let messages = cookies.flatMap {
            [Self.flowMod(cookie: $0), Self.barrier, Self.packetOut, Self.barrier]
        }
        var printed = deployment.monitor("ofctl/send " + messages.joined(separator: " "))
        func seen() -> [String] {
            printed.split(separator: "\n").filter { $0.contains("PACKET_IN") }.map { line in
                String(line.split(separator: " ").first { $0.hasPrefix("cookie=") } ?? "")
            }
        }
        // The answer to the last packet may come behind everything.
        for _ in 1...200 where seen().count < cookies.count {
            printed = deployment.monitor("ofctl/barrier")
        }
        #expect(seen() == cookies.map { "cookie=0x" + String($0, radix: 16) })
    }
}
