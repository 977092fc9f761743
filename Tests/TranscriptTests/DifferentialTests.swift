import Glibc
import TestSupport
import Testing

/// Random pipelines and packets, asked of genuine Open vSwitch and of Martlet: both have to
/// explain the same, send the same packets, and count the same.
///
/// `MARTLET_DIFFERENTIAL_SEEDS=500` asks for more than the usual few, and
/// `MARTLET_DIFFERENTIAL_SEEDS=17-17` for one; `Scripts/differential` does so.
struct DifferentialTests {
    static var seeds: ClosedRange<UInt64> {
        let text = getenv("MARTLET_DIFFERENTIAL_SEEDS").map { String(cString: $0) } ?? "2"
        let parts = text.split(separator: "-").compactMap { UInt64($0) }
        guard let first = parts.first else { return 0...1 }
        return parts.count > 1 ? first...max(first, parts[1]) : 0...max(first, 1) - 1
    }

    private static let masks = [
        Mask("recirc\\(0x[0-9a-f]+\\)", "recirc(<n>)"),
        Mask("recirc_id=0x[0-9a-f]+", "recirc_id=<n>"),
        Mask("recirc_id=[1-9][0-9]*", "recirc_id=<n>"),
        Mask("score [0-9]+", "score <n>"),
        Mask("[0-9-]+T[0-9:]+Z\\|", "<time>|"),
        Mask("duration=[0-9.]+s", "duration=<time>"),
        Mask("\\(xid=0x[0-9a-f]+\\)", "(xid=<xid>)"),
    ]

    static var isPossible: Bool {
        Subject.genuine.isInstalled && Subject.martlet.isInstalled
    }

    @Test(
        .enabled(
            if: isPossible,
            "openvswitch-switch is not installed, or the program martlet is not built"),
        arguments: seeds)
    func `Martlet explains as Open vSwitch and looks at no further bits`(seed: UInt64) throws {
        var pipeline = RandomPipeline(seed: seed, hasTracking: true)
        var script = Self.setUp(&pipeline)
        let packets = (0..<12).map { _ in pipeline.packet() }
        for packet in packets { script += "ovs-appctl ofproto/trace br0 '\(packet)'; echo @@\n" }
        let genuine = try Self.parts(of: script, by: .genuine)
        let martlet = try Self.parts(of: script, by: .martlet)
        try #require(genuine.count == packets.count + 2 && martlet.count == genuine.count)
        #expect(genuine[0] == martlet[0])
        for (packet, (theirs, ours)) in zip(packets, zip(genuine, martlet).dropFirst()) {
            // A tracked packet with an action set ends genuine Open vSwitch 3.1 itself.
            if theirs.contains(where: { $0.hasSuffix("(End of file)") }) { break }
            let (theirs, ours) = (Self.withFinalFlows(theirs), Self.withFinalFlows(ours))
            let isMegaflow = { (line: String) in line.hasPrefix("Megaflow: ") }
            let decision = theirs.filter { !isMegaflow($0) }
            let own = ours.filter { !isMegaflow($0) }
            #expect(
                decision == own,
                "\(packet)\n\(difference(from: decision, to: own))")
            // Open vSwitch hashes the addresses of a packet without IP and does not look at them,
            // so that its megaflow takes in packets that should go another way.
            let hasIP = ![",arp,", ",mpls,", "dl_type=0x894f"].contains { packet.contains($0) }
            if !hasIP, ours.contains(where: { $0.contains("symmetric_l3l4") }) {
                continue
            }
            for (wide, narrow) in zip(theirs.filter(isMegaflow), ours.filter(isMegaflow)) {
                let isNarrow = try MegaflowTests.looksNoFurther(
                    String(narrow.dropFirst(10)), than: String(wide.dropFirst(10)))
                #expect(isNarrow, "\(packet): \(narrow) but \(wide)")
            }
        }
    }

    @Test(
        .enabled(
            if: isPossible,
            "openvswitch-switch is not installed, or the program martlet is not built"),
        arguments: seeds)
    func `Martlet sends the packets and counts what Open vSwitch does`(seed: UInt64) throws {
        var pipeline = RandomPipeline(seed: seed, hasTracking: false)
        var script = Self.setUp(&pipeline)
        for _ in 0..<16 {
            let packet = pipeline.packet()
            let port = packet.dropFirst("in_port=".count).prefix(1)
            let rest = packet.drop { $0 != "," }.dropFirst()
            for _ in 0..<2 { script += "ovs-appctl netdev-dummy/receive p\(port) '\(rest)'\n" }
        }
        script += """
            echo @@
            ovs-appctl revalidator/purge
            ovs-ofctl -O OpenFlow13 dump-flows br0 | sort
            ovs-ofctl -O OpenFlow13 dump-group-stats br0 | sort
            ovs-appctl fdb/show br0 | sort
            echo @@
            for i in 1 2 3 4; do echo p$i; ovs-pcap p$i-tx.pcap; done
            """
        let genuine = try Self.parts(of: script, by: .genuine)
        let martlet = try Self.parts(of: script, by: .martlet)
        try #require(genuine.count == 4 && martlet.count == 4)
        for (theirs, ours) in zip(genuine, martlet) {
            #expect(theirs == ours, "\(difference(from: theirs, to: ours))")
        }
    }

    /// Says that a final flow is unchanged where its text is: an output that an action set has held
    /// changes a field that OVS compares and does not show.
    private static func withFinalFlows(_ lines: [String]) -> [String] {
        var flow = ""
        return lines.map { line in
            if line.hasPrefix("Flow: ") { flow = String(line.dropFirst(6)) }
            return line == "Final flow: " + flow ? "Final flow: unchanged" : line
        }
    }

    /// A bridge with the pipeline; what the tools say of it is the first part of the output.
    private static func setUp(_ pipeline: inout RandomPipeline) -> String {
        """
        ovs-appctl time/stop >/dev/null
        ovs-vsctl add-br br0 -- set Bridge br0 fail-mode=secure
        for i in 1 2 3 4; do
            ovs-vsctl add-port br0 p$i -- set Interface p$i ofport_request=$i \
                options:tx_pcap=$D/p$i-tx.pcap
        done
        ovs-vsctl -- --id=@b get Bridge br0 -- --id=@i create IPFIX targets='"127.0.0.1:9"' \
            -- create Flow_Sample_Collector_Set id=1 bridge=@b ipfix=@i >/dev/null
        for m in 1 2; do
            ovs-ofctl -O OpenFlow13 add-meter br0 meter=$m,pktps,bands=type=drop,rate=1000
        done
        ovs-ofctl add-tlv-map br0 \
            '{class=0xffff,type=0,len=4}->tun_metadata0,{class=0xffff,type=1,len=8}->tun_metadata1'
        ovs-ofctl -O OpenFlow15 add-groups br0 - <<END
        \(pipeline.groups().joined(separator: "\n"))
        END
        while read -r flow; do
            ovs-ofctl -O OpenFlow15 add-flow br0 "$flow" || echo "$flow"
        done <<END
        \(pipeline.rules(36).joined(separator: "\n"))
        END
        echo @@

        """
    }

    /// What the script shows, cut where it says `@@`, in lines.
    private static func parts(of script: String, by subject: Subject) throws -> [[String]] {
        let sandbox = try Sandbox(
            subject, switchOptions: "--enable-dummy=override --disable-system")
        var text = try sandbox.shell.run(script).output
        for mask in masks { text = try mask.apply(to: text) }
        return text.replacing(sandbox.shell.directory, with: "<dir>").split(
            separator: "@@\n", omittingEmptySubsequences: false
        ).map { $0.split(separator: "\n").map(String.init) }
    }
}
