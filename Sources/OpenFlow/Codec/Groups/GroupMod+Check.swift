import FlowModel

extension GroupMod {
    /// Refuses what is wrong with the message itself, whatever groups there are.
    func check() throws(OpenFlowError) {
        guard command != .delete && command != .removeBucket else { return }
        // Which type the group has that gets more buckets is not told.
        if command != .insertBucket {
            for bucket in buckets { try check(bucket) }
            if type == .indirect && buckets.count != 1 { throw .groupModInvalidGroup }
        }
        guard Set(buckets.map(\.id)).count == buckets.count else { throw .groupModBadBucket }
        try checkSelection()
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
        guard type == .select || command == .insertBucket,
            selection.method == "hash" || selection.method == "dp_hash",
            selection.fields.isEmpty || selection.method == "hash"
        else { throw .propertyBadValue }
    }
}
