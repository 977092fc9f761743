internal import FlowModel

/// The texts of `bundle(...)`, `bundle_load(...)` and `multipath(...)`.
///
/// Their parts stand in a fixed order without names, and numbers are read as C's `atoi` reads them.
extension FlowParser {
    mutating func bundle(
        _ text: TextPiece, hasDestination: Bool
    ) throws(SyntaxError) -> Action {
        var rest = text
        var parts: [TextPiece] = []
        for _ in 0..<(hasDestination ? 5 : 4) {
            if let part = Self.token(&rest, Separator.isBetweenFields) { parts.append(part) }
        }
        guard parts.count == (hasDestination ? 5 : 4),
            let word = Self.token(&rest, { $0 == 0x3a })
        else {
            throw SyntaxError("\(text.string): not enough arguments to bundle action")
        }
        if !word.isEqual(to: "members") && !word.isEqual(to: "slaves") {
            throw SyntaxError(
                "\(text.string): missing member delimiter, expected `members', got "
                    + "`\(word.string)'")
        }
        let fields = try Self.hashFields(parts[0], of: text)
        guard
            let algorithm = PortSelection.Algorithm.allCases.first(where: {
                parts[2].isEqual(to: SelectionText.name($0))
            })
        else { throw SyntaxError("\(text.string): unknown algorithm `\(parts[2].string)'") }
        let kind = parts[3]
        if !kind.isEqual(to: "ofport") && !kind.isEqual(to: "NXM_OF_IN_PORT")
            && !kind.isEqual(to: "NXM_OF_IN_PORT[]")
        {
            throw SyntaxError("\(text.string): unknown member_type `\(kind.string)'")
        }
        var bundle = PortSelection(
            fields: fields, basis: UInt16(truncatingIfNeeded: Self.leadingNumber(parts[1])),
            algorithm: algorithm, members: [])
        while let member = Self.token(&rest, { Separator.isBetweenFields($0) }) {
            guard let port = port(member) else {
                throw SyntaxError("\(member.string): bad port number")
            }
            bundle.members.append(port)
        }
        if hasDestination {
            bundle.destination = try destination(parts[4], of: text)
        }
        return .bundle(bundle)
    }

    func multipath(_ text: TextPiece) throws(SyntaxError) -> Action {
        var rest = text
        var parts: [TextPiece] = []
        while parts.count < 6, let part = Self.token(&rest, Separator.isBetweenFields) {
            parts.append(part)
        }
        guard parts.count == 6 else {
            throw SyntaxError("\(text.string): not enough arguments to multipath action")
        }
        let fields = try Self.hashFields(parts[0], of: text)
        guard
            let algorithm = Multipath.Algorithm.allCases.first(where: {
                parts[2].isEqual(to: SelectionText.name($0))
            })
        else { throw SyntaxError("\(text.string): unknown algorithm `\(parts[2].string)'") }
        let count = Self.leadingNumber(parts[3])
        guard (1...65536).contains(count) else {
            throw SyntaxError(
                "\(text.string): n_links \(count) is not in valid range 1 to 65536")
        }
        var multipath = Multipath(
            fields: fields, basis: UInt16(truncatingIfNeeded: Self.leadingNumber(parts[1])),
            algorithm: algorithm, lastLink: UInt16(count - 1),
            destination: try destination(parts[5], of: text))
        multipath.argument = UInt32(truncatingIfNeeded: Self.leadingNumber(parts[4]))
        if !multipath.fits {
            let width = multipath.destination.width
            throw SyntaxError(
                "\(text.string): \(width)-bit destination field has \(1 << width) possible "
                    + "values, less than specified n_links \(count)")
        }
        return .multipath(multipath)
    }

    private func destination(
        _ text: TextPiece, of whole: TextPiece
    ) throws(SyntaxError) -> Subfield {
        let destination = try SubfieldText.parse(text)
        let row = destination.field.descriptor
        if row.wireNames.first?.wireClass.experimenter != nil || row.wireNames.isEmpty {
            throw SyntaxError(
                "\(whole.string): experimenter OXM field '\(row.name)' not supported")
        }
        return destination
    }

    private static func hashFields(
        _ text: TextPiece, of whole: TextPiece
    ) throws(SyntaxError) -> HashFields {
        guard
            let fields = HashFields.allCases.first(where: {
                text.isEqual(to: SelectionText.name($0))
            })
        else { throw SyntaxError("\(whole.string): unknown fields `\(text.string)'") }
        return fields
    }

    /// Cuts the next part off `rest`, as C's `strtok` does.
    private static func token(
        _ rest: inout TextPiece, _ isBetween: (UInt8) -> Bool
    ) -> TextPiece? {
        while let first = rest.first, isBetween(first) { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(where: isBetween) ?? rest.endIndex
        let part = rest[rest.startIndex..<end]
        rest = rest[min(end + 1, rest.endIndex)...]
        return part
    }

    /// The number that the text begins with, or 0.
    static func leadingNumber(_ text: TextPiece) -> Int {
        let isNegative = text.first == 0x2d
        let digits = (isNegative ? text.dropFirst() : text).prefix { $0 >= 0x30 && $0 <= 0x39 }
        let value = Int(String(decoding: digits, as: UTF8.self)) ?? 0
        return isNegative ? -value : value
    }
}

/// Prints the actions that choose one of several links.
enum SelectionText {
    static func name(_ fields: HashFields) -> String {
        switch fields {
        case .ethernetSource: "eth_src"
        case .symmetricL4: "symmetric_l4"
        case .symmetricL3L4: "symmetric_l3l4"
        case .symmetricL3L4UDP: "symmetric_l3l4+udp"
        case .networkSource: "nw_src"
        case .networkDestination: "nw_dst"
        case .symmetricL3: "symmetric_l3"
        }
    }

    static func name(_ algorithm: PortSelection.Algorithm) -> String {
        switch algorithm {
        case .activeBackup: "active_backup"
        case .highestRandomWeight: "hrw"
        }
    }

    static func name(_ algorithm: Multipath.Algorithm) -> String {
        switch algorithm {
        case .moduloN: "modulo_n"
        case .hashThreshold: "hash_threshold"
        case .highestRandomWeight: "hrw"
        case .iterativeHash: "iter_hash"
        }
    }

    static func text(_ bundle: PortSelection, names: FlowNames) -> String {
        let members = bundle.members.map { names.text(of: $0) }.joined(separator: ",")
        var parts = [
            name(bundle.fields), String(bundle.basis), name(bundle.algorithm), "ofport",
        ]
        if let destination = bundle.destination { parts.append(SubfieldText.text(destination)) }
        parts.append("members:" + members)
        let word = bundle.destination == nil ? "bundle" : "bundle_load"
        return word + "(" + parts.joined(separator: ",") + ")"
    }

    static func text(_ multipath: Multipath) -> String {
        "multipath(\(name(multipath.fields)),\(multipath.basis),\(name(multipath.algorithm)),"
            + "\(multipath.linkCount),\(multipath.argument),"
            + SubfieldText.text(multipath.destination) + ")"
    }
}
