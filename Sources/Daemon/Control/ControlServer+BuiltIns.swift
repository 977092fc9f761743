import Transport

extension ControlServer {
    /// The commands that every daemon has.
    func registerBuiltIns() {
        registerText("list-commands") { [unowned self] _ in commandTable() }
        registerText("version") { [program] _ in ProgramVersion.line(for: program) }
        register("exit", program == "ovs-vswitchd" ? "[--cleanup]" : "", exitArgumentCount) {
            [unowned self] request in
            request.reply()
            onExit?(request.arguments.first == "--cleanup")
        }
        registerText("memory/show") { [unowned self] _ in
            (onMemoryUsage?() ?? []).sorted { $0.name < $1.name }
                .map { "\($0.name):\($0.count)" }.joined(separator: " ")
        }
        registerText("coverage/show") { _ in Coverage.shared.table() }
        registerText("coverage/read-counter", "COUNTER", 1...1) {
            arguments throws(ControlError) in
            guard let total = Coverage.shared.total(of: arguments[0]) else {
                throw ControlError("No such counter")
            }
            return String(total)
        }
        registerLogCommands()
    }

    private var exitArgumentCount: ClosedRange<Int> {
        program == "ovs-vswitchd" ? 0...1 : 0...0
    }

    private func registerLogCommands() {
        let log = LogSystem.shared
        registerText("vlog/list") { _ in log.levelTable() }
        registerText("vlog/list-pattern") { _ in log.patternTable() }
        registerText("vlog/set", "{spec | PATTERN:destination:pattern}", 0...Int.max) {
            arguments throws(ControlError) in
            for spec in arguments.isEmpty ? ["dbg"] : arguments {
                do throws(LogSpecError) {
                    try log.apply(spec: spec)
                } catch {
                    throw ControlError(error.description)
                }
            }
            return ""
        }
        registerText("vlog/reopen") { _ throws(ControlError) in
            do throws(TransportError) {
                try log.reopenFile()
            } catch {
                throw ControlError(error.reason)
            }
            return ""
        }
        registerText("vlog/close") { _ in
            log.closeFile()
            return ""
        }
        for (name, isLimited) in [
            ("vlog/enable-rate-limit", true), ("vlog/disable-rate-limit", false),
        ] {
            registerText(name, "[module]...", 0...Int.max) { arguments throws(ControlError) in
                do throws(LogSpecError) {
                    try log.setRateLimit(isLimited, modules: arguments)
                } catch {
                    throw ControlError(error.description)
                }
                return ""
            }
        }
    }
}
