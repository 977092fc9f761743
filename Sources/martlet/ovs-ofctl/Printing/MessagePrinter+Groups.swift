import FlowModel
import FlowSyntax
import OpenFlow

/// Groups and meters.
extension MessagePrinter {
    private var groupPrinter: GroupPrinter {
        let hasIDs = dialect.version == .v10 || dialect.version >= .v15
        return GroupPrinter(names: names, showsBucketIDs: hasIDs, colors: colors)
    }

    func text(_ message: GroupMod) -> String {
        var text = "\n \(Self.name(of: message.command)) "
        let isPartial = message.command == .insertBucket || message.command == .removeBucket
        if isPartial, dialect.hasBucketIDs {
            text += "command_bucket_id:"
            text += GroupPrinter.text(ofBucketNumber: message.commandBucketID) + ","
        }
        return text
            + groupPrinter.text(
                id: message.id, type: message.type, showsType: !isPartial,
                selection: message.selection, buckets: message.buckets)
    }

    private static func name(of command: GroupMod.Command) -> String {
        switch command {
        case .add: "ADD"
        case .modify: "MOD"
        case .delete: "DEL"
        case .insertBucket: "INSERT_BUCKET"
        case .removeBucket: "REMOVE_BUCKET"
        case .addOrModify: "ADD_OR_MOD"
        }
    }

    func text(_ groups: [GroupDescription]) -> String {
        groups.map {
            "\n "
                + groupPrinter.text(
                    id: $0.id, type: $0.type, selection: $0.selection, buckets: $0.buckets)
        }.joined()
    }

    func text(_ groups: [GroupStats]) -> String {
        groups.map { "\n " + text($0) }.joined()
    }

    private func text(_ group: GroupStats) -> String {
        var text = "group_id=\(group.id),"
        if let duration = group.duration { text += "duration=\(Self.text(duration))," }
        text += "ref_count=\(group.referenceCount),\(Self.counts(group.count, "="))"
        for (index, bucket) in group.buckets.enumerated() {
            text += ",bucket\(index):" + Self.counts(bucket, "=")
        }
        return text
    }

    private static func counts(_ count: GroupStats.Count, _ sign: String) -> String {
        let separator = sign == "=" ? "," : " "
        return "packet_count\(sign)\(count.packets)\(separator)byte_count\(sign)\(count.bytes)"
    }

    // MARK: Meters

    func text(_ message: MeterMod) -> String {
        let name =
            switch message.command {
            case .add: "ADD"
            case .modify: "MOD"
            case .delete: "DEL"
            }
        return " \(name) " + MeterText.text(message.config)
    }

    func text(_ meters: [MeterConfig]) -> String {
        meters.map { "\n" + MeterText.text($0) }.joined()
    }

    func text(_ meters: [MeterStats]) -> String {
        meters.map { meter in
            var text =
                "\nmeter:\(MeterText.text(ofNumber: meter.id)) flow_count:\(meter.flowCount) "
                + "packet_in_count:\(meter.input.packets) byte_in_count:\(meter.input.bytes) "
                + "duration:\(Self.text(meter.duration)) bands:\n"
            for (index, band) in meter.bands.enumerated() {
                text += "\(index): " + Self.counts(band, ":") + "\n"
            }
            return text
        }.joined()
    }
}
