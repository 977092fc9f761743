import OpenFlow

/// Prints the counters of IPFIX (NXST_IPFIX_BRIDGE, NXST_IPFIX_FLOW).
enum ExportStatistics {
    /// Ten counters, the collector set and four octets more.
    private static let byteCount = 88

    /// What follows the title; `nil` for other messages.
    static func text(_ octets: [UInt8], _ form: MessageForm) -> String? {
        let body = octets[form.headerByteCount...]
        switch form.name {
        case "NXST_IPFIX_BRIDGE request", "NXST_IPFIX_FLOW request": return ""
        case "NXST_IPFIX_BRIDGE reply":
            return "\n  bridge ipfix: " + counters(body, indentation: 16)
        case "NXST_IPFIX_FLOW reply":
            let entries = stride(from: body.startIndex, to: body.endIndex, by: byteCount).map {
                body[$0..<($0 + byteCount)]
            }
            let lines = entries.map { entry in
                let id = String(number(entry.dropFirst(80).prefix(4)))
                let padding = String(repeating: " ", count: max(0, 3 - id.count))
                return "  id \(padding)\(id): " + counters(entry, indentation: 10)
            }
            return " \(entries.count) ids\n" + lines.joined()
        default: return nil
        }
    }

    private static func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
        octets.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func counters(_ octets: ArraySlice<UInt8>, indentation: Int) -> String {
        let values = (0..<10).map { number(octets.dropFirst(8 * $0).prefix(8)) }
        let margin = String(repeating: " ", count: indentation)
        return "flows=\(values[0]), current flows=\(values[1]), sampled pkts=\(values[2]), "
            + "ipv4 ok=\(values[3]), ipv6 ok=\(values[4]), tx pkts=\(values[8])\n"
            + "\(margin)pkts errs=\(values[5]), ipv4 errs=\(values[6]), "
            + "ipv6 errs=\(values[7]), tx errs=\(values[9])\n"
    }
}
