public import FlowModel

/// Parses the texts of groups (ovs-ofctl(8), "Group Syntax").
extension FlowParser {
    /// A group as an argument of the command that `command` carries out.
    public mutating func group(
        _ text: String, for command: GroupMod.Command
    ) throws(SyntaxError) -> (message: GroupMod, formats: FlowFormats) {
        try group(TextPiece(text), for: command)
    }

    /// A line of a file, where a word such as `delete` can stand in front.
    public mutating func groupLine(
        _ line: ArraySlice<UInt8>, default command: GroupMod.Command
    ) throws(SyntaxError) -> (message: GroupMod, formats: FlowFormats) {
        let line = line.trimmed
        for (word, command) in Self.groupWords where line.starts(with: word.utf8) {
            let rest = line.dropFirst(word.utf8.count)
            guard let next = rest.first, Separator.isSpace(next) else { continue }
            return try group(rest, for: command)
        }
        return try group(line, for: command)
    }

    private static var groupWords: [(String, GroupMod.Command)] {
        [
            ("add", .add), ("delete", .delete), ("modify", .modify),
            ("add_or_mod", .addOrModify), ("insert_bucket", .insertBucket),
            ("remove_bucket", .removeBucket),
        ]
    }

    private mutating func group(
        _ text: ArraySlice<UInt8>, for command: GroupMod.Command
    ) throws(SyntaxError) -> (message: GroupMod, formats: FlowFormats) {
        var message = GroupMod(command: command)
        var formats = FlowFormats.all
        let (head, buckets) = Self.cutAtBuckets(text)
        let found = try groupHead(head, into: &message)
        let hasBuckets = ![.delete, .removeBucket].contains(command)
        guard found.contains("group_id") || command == .delete && head.isBlank else {
            throw SyntaxError("must specify a group_id")
        }
        if !found.contains("group_id") { message.id = GroupMod.all }
        if Self.hasType(command) && !found.contains("type") {
            throw SyntaxError("must specify a type")
        }
        if command == .insertBucket && !found.contains("command_bucket_id") {
            throw SyntaxError("must specify a command bucket id")
        }
        if !buckets.isEmpty && !hasBuckets { throw SyntaxError("bucket is not needed") }
        for piece in buckets {
            let bucket = try bucket(piece, in: message, formats: &formats)
            message.buckets.append(bucket)
        }
        numberBuckets(&message)
        try Self.check(message)
        return (message, formats)
    }

    private static func hasType(_ command: GroupMod.Command) -> Bool {
        command == .add || command == .modify || command == .addOrModify
    }

    /// What stands before the first `bucket=`, and behind each.
    private static func cutAtBuckets(_ text: TextPiece) -> (TextPiece, [TextPiece]) {
        let word = Array("bucket=".utf8)
        var pieces: [TextPiece] = []
        var start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            let isStart = index == text.startIndex || Separator.isBetweenFields(text[index - 1])
            if isStart && text[index...].starts(with: word) {
                pieces.append(text[start..<index])
                start = index + word.count
                index = start
            } else {
                index += 1
            }
        }
        pieces.append(text[start...])
        return (pieces[0], Array(pieces.dropFirst()))
    }

    /// - Returns: which keys there are.
    private func groupHead(
        _ text: TextPiece, into message: inout GroupMod
    ) throws(SyntaxError) -> Set<String> {
        var found: Set<String> = []
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let name = pair.key.string
            found.insert(name)
            switch name {
            case "group_id": message.id = try groupID(pair.value)
            case "type":
                guard Self.hasType(message.command) else {
                    throw SyntaxError("type is not needed")
                }
                message.type = try Self.groupType(pair.value)
            case "command_bucket_id":
                guard message.command == .insertBucket || message.command == .removeBucket
                else { throw SyntaxError("command bucket id is not needed") }
                message.commandBucketID = try commandBucket(pair.value)
            case "selection_method": message.selection.method = pair.value.string
            case "selection_method_param":
                message.selection.parameter = try number64(pair.value)
            case "fields": message.selection.fields = try hashFields(pair.value)
            default: throw SyntaxError("unknown keyword \(name)")
            }
        }
        return found
    }

    private func groupID(_ text: TextPiece) throws(SyntaxError) -> UInt32 {
        if text.isEqual(to: "all") { return GroupMod.all }
        let id = try number32(text)
        guard id <= GroupMod.maximum else { throw SyntaxError("invalid group id \(id)") }
        return id
    }

    private static func groupType(_ text: TextPiece) throws(SyntaxError) -> GroupType {
        switch text.string {
        case "all": return .all
        case "select": return .select
        case "indirect": return .indirect
        case "fast_failover", "ff": return .fastFailover
        default: throw SyntaxError("invalid group type \(text.string)")
        }
    }

    private func commandBucket(_ text: TextPiece) throws(SyntaxError) -> UInt32 {
        switch text.string {
        case "first": return Bucket.first
        case "last": return Bucket.last
        case "all": return Bucket.all
        default: break
        }
        let id = try number32(text)
        guard id <= GroupMod.maximum else {
            throw SyntaxError("invalid command bucket id \(id)")
        }
        return id
    }

    private func hashFields(
        _ text: TextPiece
    ) throws(SyntaxError) -> [GroupSelection.FieldMask] {
        var fields: [GroupSelection.FieldMask] = []
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let name = pair.key.string
            guard let field = FieldTable.field(named: name) else {
                throw SyntaxError(": unknown field \(name)")
            }
            let row = field.descriptor
            var mask = row.location.ones
            if pair.hasValue && !pair.value.isEmpty {
                mask &= try FieldValueParser(row: row, names: names).parse(pair.value).value
                if mask == 0 {
                    throw SyntaxError("\(name): wildcarding all bits is not allowed")
                }
            }
            fields.append(.init(field: field, mask: mask))
        }
        return fields
    }

    // MARK: Buckets

    private mutating func bucket(
        _ text: TextPiece, in message: GroupMod, formats: inout FlowFormats
    ) throws(SyntaxError) -> Bucket {
        var bucket = Bucket(weight: message.type == .select ? 1 : 0)
        var actionText: [UInt8] = []
        var hasActions = false
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let value = pair.value
            switch pair.key.string {
            case "weight": bucket.weight = try unsigned(value, "weight")
            case "watch_port":
                guard let port = port(value) else {
                    throw SyntaxError("\(value.string): invalid watch_port")
                }
                bucket.watchPort = port
            case "watch_group":
                bucket.watchGroup = try number32(value)
                guard bucket.watchGroup <= GroupMod.maximum else {
                    throw SyntaxError("invalid watch_group id \(bucket.watchGroup)")
                }
            case "bucket_id":
                bucket.id = try number32(value)
                guard bucket.id <= GroupMod.maximum else {
                    throw SyntaxError("invalid bucket_id id \(bucket.id)")
                }
            case "action", "actions":
                hasActions = true
                actionText += value + [0x2c]
            default:
                hasActions = true
                actionText += text[pair.key.startIndex..<scanner.rest.startIndex] + [0x2c]
            }
        }
        guard hasActions else { throw SyntaxError("bucket must specify actions") }
        bucket.actions = try plainActions(actionText[...], formats: &formats)
        return bucket
    }

    /// Gives buckets without a number the lowest ones that are free.
    private func numberBuckets(_ message: inout GroupMod) {
        var used = Set(message.buckets.map(\.id))
        var next: UInt32 = 0
        for index in message.buckets.indices where message.buckets[index].id == Bucket.all {
            while used.contains(next) { next += 1 }
            used.insert(next)
            message.buckets[index].id = next
        }
    }

    private static func check(_ message: GroupMod) throws(SyntaxError) {
        if !message.selection.fields.isEmpty && message.selection.method != "hash" {
            throw SyntaxError("fields may only be specified with \"selection_method=hash\"")
        }
        guard hasType(message.command) else { return }
        if message.type == .indirect && message.buckets.count > 1 {
            throw SyntaxError("Indirect groups can have at most one bucket.")
        }
        for bucket in message.buckets {
            if bucket.weight != 0 && message.type != .select {
                throw SyntaxError("Only select groups can have bucket weights.")
            }
            let watches = bucket.watchPort != .none || bucket.watchGroup != Bucket.anyGroup
            if message.type == .fastFailover && !watches {
                throw SyntaxError("fast failover bucket requires watch_port or watch_group")
            }
        }
    }
}

extension ArraySlice<UInt8> {
    /// Whether there is nothing but white space.
    var isBlank: Bool { allSatisfy { Separator.isSpace($0) } }
}
