import Synchronization

/// Why a log level was not set, in the words of `vlog/set`.
struct LogSpecError: Error, Hashable, CustomStringConvertible {
    let description: String
}

extension LogSystem {
    /// Obeys what follows `-v` or `vlog/set` (ovs-appctl(8)).
    func apply(spec: String) throws(LogSpecError) {
        let words = spec.split(maxSplits: 1) { $0 == ":" }
        switch words.first?.uppercased() {
        case "PATTERN" where spec.uppercased().hasPrefix("PATTERN"):
            try applyPattern(spec.dropFirst("PATTERN".count).drop { $0 == ":" })
        case "FACILITY":
            try applyFacility(spec.dropFirst("FACILITY".count).drop { $0 == ":" })
        default:
            try applyLevels(spec)
        }
    }

    private func applyPattern(_ text: Substring) throws(LogSpecError) {
        let name = text.prefix { $0 != ":" }
        guard !name.isEmpty else { throw LogSpecError(description: "missing destination") }
        let pattern = LogPattern(String(text[name.endIndex...].dropFirst()))
        if name.uppercased() == "ANY" {
            state.withLock { state in
                for destination in LogDestination.allCases {
                    state.patterns[destination.rawValue] = pattern
                }
            }
            return
        }
        guard let destination = LogDestination(text: name) else {
            throw LogSpecError(description: "unknown destination \"\(name)\"")
        }
        state.withLock { $0.patterns[destination.rawValue] = pattern }
    }

    private func applyFacility(_ text: Substring) throws(LogSpecError) {
        guard let facility = LogFacility(text: text) else {
            throw LogSpecError(description: "invalid facility")
        }
        state.withLock { $0.facility = facility }
    }

    private func applyLevels(_ spec: String) throws(LogSpecError) {
        var level: LogLevel?
        var destination: LogDestination?
        var module: String?
        for word in spec.split(whereSeparator: { " ,:\t".contains($0) }) {
            if word.uppercased() == "ANY" { continue }
            if let found = LogDestination(text: word) {
                guard destination == nil else {
                    throw LogSpecError(description: "cannot specify multiple destinations")
                }
                destination = found
            } else if let found = LogLevel(text: word) {
                guard level == nil else {
                    throw LogSpecError(description: "cannot specify multiple levels")
                }
                level = found
            } else if let found = moduleName(word) {
                guard module == nil else {
                    throw LogSpecError(description: "cannot specify multiple modules")
                }
                module = found
            } else {
                throw LogSpecError(
                    description: "no destination, level, or module \"\(word)\"")
            }
        }
        setLevels(
            modules: module, destinations: destination.map { [$0] } ?? LogDestination.allCases,
            level: level ?? .debug)
    }

    /// The module of that name, in whatever case.
    func moduleName(_ word: some StringProtocol) -> String? {
        let wanted = word.lowercased()
        return state.withLock { state in state.modules[wanted] == nil ? nil : wanted }
    }

    // MARK: What the commands print

    /// The answer to `vlog/list`.
    func levelTable() -> String {
        var text =
            "                 console    syslog    file\n"
            + "                 -------    ------    ------\n"
        let modules = state.withLock { $0.modules }
        for (name, module) in modules.sorted(by: { $0.key < $1.key }) {
            text += pad(name, 16) + "  " + padLeft(module.level(.console).text, 4)
            text += "       " + padLeft(module.level(.syslog).text, 4)
            text += "       " + padLeft(module.level(.file).text, 4) + "\n"
        }
        return text
    }

    /// The answer to `vlog/list-pattern`.
    func patternTable() -> String {
        let patterns = state.withLock { $0.patterns }
        var text = "         prefix                            format\n"
        text += "         ------                            ------\n"
        for destination in LogDestination.allCases {
            let prefix = destination == .syslog ? LogPattern.syslogPrefix : "none"
            text += pad(destination.text, 7) + "  " + pad(prefix, 32) + "  "
            text += patterns[destination.rawValue].text + "\n"
        }
        return text
    }

    /// Lets lines of a module through however many there are, or of all modules.
    func setRateLimit(_ isLimited: Bool, modules names: [String]) throws(LogSpecError) {
        let modules = state.withLock { $0.modules }
        for name in names {
            if name.uppercased() == "ANY" { continue }
            guard modules[name.lowercased()] != nil else {
                throw LogSpecError(description: "unknown module")
            }
        }
        let isForAll = names.isEmpty || names.contains { $0.uppercased() == "ANY" }
        for (name, module) in modules where isForAll || names.contains(name) {
            module.isRateLimited.store(isLimited, ordering: .relaxed)
        }
    }
}

/// Pads on the right.
func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// Pads on the left.
func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}
