import TestSupport
import Testing

/// The rules of STYLE.md that neither the compiler nor the formatter checks.
@Suite
struct TidyTests {
    let root = packageRoot()

    /// Every Swift file of the package.
    let files: [SourceFile]

    /// Read once for all tests.
    private static let all = Result {
        let root = packageRoot()
        return try ["Sources", "Tests"].flatMap { folder in
            try filesBelow(root + "/" + folder, suffix: ".swift").map {
                let path = folder + "/" + $0
                return SourceFile(path: path, text: try readFile(root + "/" + path))
            }
        }
    }

    init() throws { files = try Self.all.get() }

    /// The targets from words to programs: each may import only those that stand before it.
    static let layers = [
        "Bytes", "Addresses",
        "PacketFormats", "FlowModel", "FlowSyntax", "OpenFlow", "JSONRPC", "OVSDBModel",
        "RowGenerator", "Netlink", "BPFProgram",
        "Classifier", "ConnectionTracking", "KernelFlows", "Liveness", "Tunnels", "Pipeline",
        "Datapath",
        "OpenFlowSession", "Switch",
        "OVSDBEngine",
        "OVSDBClient", "OpenVSwitchRows", "ControlCommands",
        "CLinux", "LinuxPorts", "Transport", "OVSDBConnection", "Daemon",
        "martlet", "generate-rows", "processing-cost",
        "TestSupport",
    ]

    /// The targets whose code may handle memory by hand: words, the hot path, the edges.
    static let unsafeTargets: Set = [
        "Bytes", "ConnectionTracking", "Datapath", "Switch", "LinuxPorts", "Transport", "Daemon",
        "martlet", "processing-cost", "TestSupport",
    ]

    static var hasArchitecture: Bool {
        (try? readFile(packageRoot() + "/ARCHITECTURE.md")) != nil
    }

    @Test
    func `no place exceeds a number of the style`() {
        var measured: [(rule: Rule, place: String, value: Int)] = []
        var folders: [String: Int] = [:]
        for file in files {
            measured.append((.fileLines, file.path, file.lines.count - 1))
            let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
            folders[folder, default: 0] += 1
            for function in file.functions {
                let place = file.path + ":" + function.name
                measured.append((.functionLines, place, function.lineCount))
                if !function.isMemberwise {
                    measured.append((.parameters, place, function.parameterCount))
                }
                measured.append((.nesting, place, function.nesting))
            }
        }
        measured += folders.map { (.folderFiles, $0.key, $0.value) }
        var used: Set<String> = []
        for (rule, place, value) in measured where value > rule.limit {
            let exception = exceptions.first { $0.rule == rule && $0.place == place }
            used.insert(rule.rawValue + place)
            #expect(
                value <= exception?.value ?? rule.limit,
                "\(place): \(value) \(rule.rawValue), and \(rule.limit) are allowed"
            )
        }
        for exception in exceptions {
            #expect(
                used.contains(exception.rule.rawValue + exception.place),
                "\(exception.place) no longer needs its exception: take it off the list"
            )
        }
    }

    @Test
    func `no line has more than 100 columns`() {
        for file in files {
            for (index, line) in file.lines.enumerated() where line.count > 100 {
                Issue.record("\(file.path):\(index + 1): \(line.count) columns")
            }
        }
    }

    @Test
    func `imports point downwards`() throws {
        for file in files where !file.isTest {
            let position = try #require(
                Self.layers.firstIndex(of: file.target), "\(file.target) is in no layer"
            )
            for name in file.imports {
                guard let imported = Self.layers.firstIndex(of: name) else { continue }
                #expect(imported < position, "\(file.path) imports \(name)")
            }
        }
    }

    @Test
    func `Foundation is imported nowhere`() {
        for file in files where !file.isTest {
            let found = file.imports.contains { $0.hasPrefix("Foundation") }
            #expect(!found, "\(file.path) imports Foundation")
        }
    }

    @Test
    func `memory is handled by hand only in words, the hot path and edges`() {
        for file in files where !file.isTest && !Self.unsafeTargets.contains(file.target) {
            for (index, line) in file.code.enumerated() {
                let words = line.split { !$0.isLetter && $0 != "_" }
                let found =
                    words.contains { $0.lowercased().hasPrefix("unsafe") }
                    || words.contains { $0.hasPrefix("withUnsafe") }
                #expect(!found, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test
    func `nothing outside tests traps for want of an error path`() {
        for file in files where !file.isTest {
            for (index, line) in file.code.enumerated() {
                let found = line.contains("try!") || line.contains("fatalError(")
                #expect(!found, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test
    func `a note of work left to do names its issue`() {
        let mark = "TO" + "DO"
        for file in files {
            for (index, line) in file.lines.enumerated() where line.contains(mark) {
                let named = line.contains(mark + " #") || line.contains(mark + "(#")
                #expect(named, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test(.enabled(if: hasArchitecture, "ARCHITECTURE.md is not written yet"))
    func `ARCHITECTURE says what every target is for`() throws {
        let text = try readFile(root + "/ARCHITECTURE.md")
        for target in namesInDirectory(root + "/Sources") {
            #expect(text.contains("`\(target)`"), "ARCHITECTURE.md does not name \(target)")
        }
    }

    @Test
    func `a long string and a comment are no code`() {
        var stripper = Stripper()
        #expect(stripper.strip(#"let a = "{ \(b("}")) }" // {"#) == #"let a = "" "#)
        #expect(stripper.strip(#"let b = """"#) == "let b = ")
        #expect(stripper.strip("{{{") == "")
        #expect(stripper.strip(#"""" + c"#) == " + c")
    }

    @Test
    func `functions are measured from the declaration to the closing brace`() {
        let text = """
            protocol P {
                func empty(a: Int)
            }
            public func f<T: P>(a: [Int: Int], b: (Int, T) -> Int) -> Int {
                if a {
                    b { }
                }
            }
            """
        let functions = SourceFile(path: "Sources/X/Y.swift", text: text).functions
        #expect(functions.map(\.name) == ["f"])
        #expect(functions.map(\.lineCount) == [5])
        #expect(functions.map(\.parameterCount) == [2])
        #expect(functions.map(\.nesting) == [2])
    }
}

extension SourceFile {
    /// The modules that the file imports.
    var imports: [String] {
        code.compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count, index < 3
            else { return nil }
            return String(words[index + 1])
        }
    }
}
