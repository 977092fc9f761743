public import FlowModel

/// Parses and prints meters (ovs-ofctl(8), "Meter Syntax").
public enum MeterText {
    /// A meter with its bands.
    public static func parse(_ text: String) throws(SyntaxError) -> MeterConfig {
        let piece = TextPiece(text)
        guard let place = bandsPlace(in: piece) else { throw SyntaxError("must specify bands") }
        var config = MeterConfig(id: 0)
        let hasID = try parseHead(piece[..<place.start], into: &config)
        guard hasID else { throw SyntaxError("must specify 'meter'") }
        guard !config.flags.isDisjoint(with: [.kbps, .pktps]) else {
            throw SyntaxError("meter must specify either 'kbps' or 'pktps'")
        }
        config.bands = try bands(piece[place.end...])
        guard !config.bands.isEmpty else { throw SyntaxError("meter must have bands") }
        for band in config.bands {
            if band.rate == 0 { throw SyntaxError("band must have 'rate'") }
            if band.burst != 0 && !config.flags.contains(.burst) {
                throw SyntaxError("band may have 'burst_size' only when 'burst' flag is set")
            }
        }
        return config
    }

    /// The meter that a text names, or all.
    public static func parseNumber(_ text: String) throws(SyntaxError) -> UInt32 {
        var config = MeterConfig(id: MeterConfig.all)
        _ = try parseHead(TextPiece(text), into: &config)
        return config.id
    }

    private static func bandsPlace(in text: TextPiece) -> (start: Int, end: Int)? {
        for word in ["bands=", "band="] {
            let octets = Array(word.utf8)
            var index = text.startIndex
            while index + octets.count <= text.endIndex {
                if text[index...].starts(with: octets) { return (index, index + octets.count) }
                index += 1
            }
        }
        return nil
    }

    /// - Returns: whether a number is given.
    private static func parseHead(
        _ text: TextPiece, into config: inout MeterConfig
    ) throws(SyntaxError) -> Bool {
        var hasID = false
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let name = pair.key.string
            switch name {
            case "kbps": config.flags.insert(.kbps)
            case "pktps": config.flags.insert(.pktps)
            case "burst": config.flags.insert(.burst)
            case "stats": config.flags.insert(.stats)
            case _ where pair.value.isEmpty: throw SyntaxError("field \(name) missing value")
            case "meter":
                hasID = true
                config.id = try number(pair.value)
            default: throw SyntaxError("unknown keyword \(name)")
            }
        }
        return hasID
    }

    private static func number(_ text: TextPiece) throws(SyntaxError) -> UInt32 {
        switch text.string {
        case "all": return MeterConfig.all
        case "controller": return MeterConfig.controller
        case "slowpath": return MeterConfig.slowPath
        default: break
        }
        let id = try FlowParser().number32(text)
        guard (1...MeterConfig.maximum).contains(id) else {
            throw SyntaxError("invalid value for meter")
        }
        return id
    }

    private static func bands(_ text: TextPiece) throws(SyntaxError) -> [MeterBand] {
        var bands: [MeterBand] = []
        var scanner = KeyValueScanner(text)
        while let pair = try scanner.next() {
            let (name, value) = (pair.key.string, pair.value)
            if value.isEmpty { throw SyntaxError("field \(name) missing value") }
            if name == "type" {
                switch value.string {
                case "drop": bands.append(MeterBand(kind: .drop, rate: 0))
                case "dscp_remark": bands.append(MeterBand(kind: .dscpRemark, rate: 0))
                default: throw SyntaxError("field type unknown value \(value.string)")
                }
                continue
            }
            guard !bands.isEmpty else {
                throw SyntaxError("band must start with the 'type' keyword")
            }
            let number = try FlowParser().number32(value)
            switch name {
            case "rate": bands[bands.count - 1].rate = number
            case "burst_size": bands[bands.count - 1].burst = number
            case "prec_level":
                guard let level = UInt8(exactly: number) else {
                    throw SyntaxError("invalid prec_level \"\(value.string)\"")
                }
                bands[bands.count - 1].precedenceLevel = level
            default: throw SyntaxError("unknown keyword \(name)")
            }
        }
        return bands
    }

    // MARK: Printing

    public static func text(ofNumber id: UInt32) -> String {
        switch id {
        case MeterConfig.all: "all"
        case MeterConfig.controller: "controller"
        case MeterConfig.slowPath: "slowpath"
        case ..<MeterConfig.all where id > MeterConfig.maximum: "unknown"
        default: String(id)
        }
    }

    /// The meter on one line, and each band on one of its own.
    public static func text(_ config: MeterConfig) -> String {
        var text = "meter=\(text(ofNumber: config.id)) "
        let words: [(MeterConfig.Flags, String)] = [
            (.kbps, "kbps"), (.pktps, "pktps"), (.burst, "burst"), (.stats, "stats"),
        ]
        for (flag, word) in words where config.flags.contains(flag) { text += word + " " }
        let unknown = config.flags.subtracting(.known)
        if !unknown.isEmpty { text += "flags:0x\(String(unknown.rawValue, radix: 16)) " }
        text += "bands=\n"
        for band in config.bands {
            text += "type=\(band.kind == .drop ? "drop" : "dscp_remark") rate=\(band.rate)"
            if config.flags.contains(.burst) { text += " burst_size=\(band.burst)" }
            if band.kind == .dscpRemark { text += " prec_level=\(band.precedenceLevel)" }
            text += "\n"
        }
        return text
    }
}
