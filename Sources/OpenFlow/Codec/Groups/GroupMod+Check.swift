import FlowModel

extension GroupMod {
    /// Refuses what is wrong with the message itself, whatever groups there are.
    func check(_ version: OpenFlowVersion) throws(OpenFlowError) {
        try checkSelection()
        if command == .delete, !buckets.isEmpty, version != .v11, version != .v12 {
            throw .groupModInvalidGroup
        }
        if command == .removeBucket, !buckets.isEmpty { throw .groupModBadBucket }
        guard command != .delete && command != .removeBucket else { return }
        // Which type the group has that gets more buckets is not told.
        if command != .insertBucket {
            for bucket in buckets { try check(bucket) }
            if type == .indirect && buckets.count != 1 { throw .groupModInvalidGroup }
        }
        guard Set(buckets.map(\.id)).count == buckets.count else { throw .groupModBadBucket }
    }

    /// Only what changes single buckets names one.
    static func check(_ bucketID: UInt32, for command: Command?) throws(OpenFlowError) {
        guard bucketID != Bucket.all else { return }
        let isPartial = command == .insertBucket || command == .removeBucket
        let isPlace = bucketID == Bucket.first || bucketID == Bucket.last
        guard isPartial, isPlace || bucketID <= GroupMod.maximum else { throw .groupModBadBucket }
    }

    private func check(_ bucket: Bucket) throws(OpenFlowError) {
        if bucket.weight != 0 && type != .select { throw .groupModInvalidGroup }
        let watches = bucket.watchPort != .none || bucket.watchGroup != Bucket.anyGroup
        switch type {
        case .all, .indirect: if watches { throw .groupModWatchUnsupported }
        case .fastFailover: if !watches { throw .groupModInvalidGroup }
        case .select: break
        }
    }

    private func checkSelection() throws(OpenFlowError) {
        guard !selection.isDefault else { return }
        let setsUp = command == .add || command == .modify || command == .addOrModify
        guard type == .select, setsUp,
            selection.method == "hash" || selection.method == "dp_hash",
            selection.fields.isEmpty || selection.method == "hash"
        else { throw .propertyBadValue }
    }
}
