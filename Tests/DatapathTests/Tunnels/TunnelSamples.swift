import Addresses
import FlowModel
import TestSupport
import Tunnels

/// Headers that genuine Open vSwitch 3.1 was seen to put before one frame.
struct Sample: Sendable {
    let type: TunnelType
    let options: [String: String]
    let key: UInt64?
    /// The outer headers alone.
    let header: [UInt8]

    init(_ type: TunnelType, _ options: [String: String], key: UInt64?, _ header: String) {
        self.type = type
        self.options = options
        self.key = key
        self.header = octets(header)
    }

    /// Every sample has this frame within.
    static let frame = octets(
        """
        50540000000a505400000009 0800 4500005c000000004011668f0a0000010a000002 0001000200480755
        000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
        202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
        """)

    /// The source port of UDP in all samples.
    static let sourcePort: UInt16 = 0xd839

    var isIPv6: Bool { header[12] == 0x86 }

    var settings: TunnelSettings {
        get throws {
            var options = options
            options["remote_ip"] = isIPv6 ? "2001:cafe::92" : "1.1.2.92"
            if let key { options["key"] = "\(key)" }
            return try TunnelOptionsParser.parse(options, of: "t", type: type).settings
        }
    }

    /// What the settings and one frame lead to.
    var fields: OuterFields {
        get throws {
            let settings = try settings
            var fields = OuterFields()
            fields.source = IPAddress(isIPv6 ? "2001:cafe::88" : "1.1.2.88") ?? .none
            fields.destination = settings.remote.value ?? .none
            fields.id = key ?? 0
            fields.ttl = 64
            fields.isUnfragmented = settings.isUnfragmented
            fields.hasChecksum = settings.hasChecksum
            fields.hasKey = key != nil
            fields.erspanVersion = settings.erspanVersion.value ?? 0
            fields.erspanIndex = settings.erspanIndex.value ?? 0
            fields.erspanDirection = settings.erspanDirection.value ?? 0
            fields.erspanHardwareID = settings.erspanHardwareID.value ?? 0
            return fields
        }
    }

    /// The header before a packet has filled it in.
    var template: [UInt8]? {
        get throws {
            OuterHeader.build(
                try settings, try fields,
                OuterHeader.Link(
                    source: EthernetAddress(0xaa55_aa55_0000),
                    destination: EthernetAddress(isIPv6 ? 0xf8bc_1244_34b7 : 0xf8bc_1244_34b6)))
        }
    }

    static let all: [Sample] = [
        Sample(
            .vxlan,
            [:],
            key: 123,
            """
                f8bc124434b6aa55aa55000008004500008e00004000401133aa010102580101
                025cd83912b5007a00000800000000007b00
            """),
        Sample(
            .gre,
            [:],
            key: 456,
            """
                f8bc124434b6aa55aa55000008004500008600004000402f3394010102580101
                025c20006558000001c8
            """),
        Sample(
            .geneve,
            ["csum": "true"],
            key: 123,
            """
                f8bc124434b6aa55aa55000008004500008e00004000401133aa010102580101
                025cd83917c1007a93910000655800007b00
            """),
        Sample(
            .erspan,
            ["erspan_ver": "1", "erspan_idx": "3"],
            key: 22,
            """
                f8bc124434b6aa55aa55000008004500008e00004000402f338c010102580101
                025c100088be000000001000001600000003
            """),
        Sample(
            .erspan,
            ["erspan_ver": "2", "erspan_dir": "1", "erspan_hwid": "4"],
            key: 23,
            """
                f8bc124434b6aa55aa55000008004500009200004000402f3388010102580101
                025c100022eb0000000120000017e60317cc00000048
            """),
        Sample(
            .ip6gre,
            [:],
            key: nil,
            """
                f8bc124434b7aa55aa55000086dd60000000006e2f402001cafe000000000000
                0000000000882001cafe00000000000000000000009200006558
            """),
        Sample(
            .vxlan,
            ["dst_port": "4790", "df_default": "false"],
            key: nil,
            """
                f8bc124434b7aa55aa55000086dd60000000007a11402001cafe000000000000
                0000000000882001cafe000000000000000000000092d83912b6007aa0910800
                000000000000
            """),
        Sample(
            .gre,
            ["csum": "true", "seq": "true"],
            key: nil,
            """
                f8bc124434b6aa55aa55000008004500008a00004000402f3390010102580101
                025c900065587647000000000000
            """),
        Sample(
            .vxlan,
            ["exts": "gpe", "packet_type": "ptap", "dst_port": "4791"],
            key: 6,
            """
                f8bc124434b6aa55aa55000008004500008e00004000401133aa010102580101
                025cd83912b7007a00000c00000300000600
            """),
    ]
}
