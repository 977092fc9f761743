public import FlowModel

/// Prints groups as `ovs-ofctl` does.
public struct GroupPrinter {
    private let names: FlowNames
    /// Whether the version tells numbers of buckets.
    private let showsBucketIDs: Bool
    private let colors: FlowColors?

    public init(
        names: FlowNames = FlowNames(), showsBucketIDs: Bool, colors: FlowColors? = nil
    ) {
        self.names = names
        self.showsBucketIDs = showsBucketIDs
        self.colors = colors
    }

    /// `group_id=1,type=all,bucket=actions=output:1`.
    public func text(
        id: UInt32, type: GroupType, showsType: Bool = true, selection: GroupSelection,
        buckets: [Bucket]
    ) -> String {
        var text = "group_id=\(id)"
        if showsType { text += ",type=" + Self.name(of: type) }
        if !selection.isDefault {
            text += ",selection_method=" + selection.method
            if selection.parameter != 0 {
                text += ",selection_method_param=\(selection.parameter)"
            }
            text += fields(selection.fields)
        }
        let isSelect = type == .select
        return text + buckets.map { ",bucket=" + self.text($0, isSelect: isSelect) }.joined()
    }

    public static func name(of type: GroupType) -> String {
        switch type {
        case .all: "all"
        case .select: "select"
        case .indirect: "indirect"
        case .fastFailover: "ff"
        }
    }

    private func fields(_ fields: [GroupSelection.FieldMask]) -> String {
        let texts = fields.map { field -> String in
            let row = field.field.descriptor
            if field.mask == row.location.ones { return row.name }
            let value = FieldText.text(row, field.mask, mask: row.location.ones, names: names)
            return row.name + "=" + value
        }
        switch texts.count {
        case 0: return ""
        case 1: return ",fields=" + texts[0]
        default: return ",fields(" + texts.joined(separator: ",") + ")"
        }
    }

    private func text(_ bucket: Bucket, isSelect: Bool) -> String {
        var text = ""
        if showsBucketIDs && bucket.id <= GroupMod.maximum { text += "bucket_id:\(bucket.id)," }
        // One is what a bucket of a select group weighs, and others weigh nothing.
        if bucket.weight != 1 && (bucket.weight != 0 || isSelect) {
            text += "weight:\(bucket.weight),"
        }
        if bucket.watchPort != .none {
            text += "watch_port:\(names.text(of: bucket.watchPort)),"
        }
        if bucket.watchGroup != Bucket.anyGroup { text += "watch_group:\(bucket.watchGroup)," }
        let actions = ActionPrinter.text(bucket.actions, names: names)
        return text + "actions=" + (colors?.actions(actions) ?? actions)
    }

    /// `first`, `last`, `all`, or a bucket's number.
    public static func text(ofBucketNumber id: UInt32) -> String {
        switch id {
        case Bucket.first: "first"
        case Bucket.last: "last"
        case Bucket.all: "all"
        default: String(id)
        }
    }
}
