// swift-tools-version: 6.3
import PackageDescription

/// What every target is compiled with.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// Words, formats and machines: memory safety is checked by the compiler.
let strict = common + [.strictMemorySafety()]

/// Relocations as a bit map: every start of a tool reads a megabyte less.
let compactRelocations = ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The hot path, the edges and the programs may say `unsafe` without marking each place.
func edge(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: common)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.target(name: name), "TestSupport"] + dependencies,
        swiftSettings: common
    )
}

/// The test targets to build: all, or those that `MARTLET_TESTS` names, such as
/// `MARTLET_TESTS=OpenFlow,Tidy swift test`, for a quick look at one part.
func chosen(_ targets: [Target]) -> [Target] {
    guard let names = Context.environment["MARTLET_TESTS"]?.split(separator: ",") else {
        return targets
    }
    let chosen = Set(names.map { $0.hasSuffix("Tests") ? String($0) : $0 + "Tests" })
    return targets.filter { !$0.isTest || chosen.contains($0.name) }
}

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        // A database of OVSDB for any Swift program: Documentation/database-client.md.
        .library(
            name: "OVSDBClient",
            targets: ["OVSDBClient", "OVSDBConnection", "OVSDBModel", "OpenVSwitchRows"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    ],
    targets: chosen([
        // Words.
        module("Bytes"),
        module("Addresses", ["Bytes"]),

        // Formats.
        module("PacketFormats", ["Bytes", "Addresses"]),
        module("FlowModel", ["Bytes", "Addresses", "PacketFormats"]),
        module("FlowSyntax", ["Addresses", "FlowModel"]),
        module("OpenFlow", ["Bytes", "Addresses", "FlowModel"]),
        module("JSONRPC", ["Bytes"]),
        module("OVSDBModel", ["Bytes", "JSONRPC"]),
        module("RowGenerator", ["JSONRPC", "OVSDBModel"]),
        module("Netlink", ["Bytes", "Addresses"]),
        module("BPFProgram"),

        // Machines.
        module("Classifier", ["FlowModel"]),
        edge("ConnectionTracking", ["Bytes", "Addresses", "FlowModel"]),
        module("Liveness", ["Bytes", "Addresses"]),
        module("Tunnels", ["Bytes", "Addresses", "FlowModel", "Classifier"]),
        edge(
            "Datapath",
            ["Bytes", "Addresses", "PacketFormats", "FlowModel", "ConnectionTracking"]),
        module("KernelFlows", ["FlowModel", "BPFProgram"]),
        module(
            "Pipeline",
            [
                "Bytes", "Addresses", "PacketFormats", "FlowModel", "FlowSyntax", "Classifier",
                "Tunnels",
            ]
        ),
        module("OpenFlowSession", ["Bytes", "FlowModel", "OpenFlow"]),
        edge(
            "Switch",
            [
                "Bytes", "Addresses", "PacketFormats", "FlowModel", "FlowSyntax", "Classifier",
                "OpenFlow", "OpenFlowSession", "Pipeline", "Datapath", "ConnectionTracking",
                "Tunnels", "Liveness",
            ]
        ),
        module("OVSDBEngine", ["Bytes", "JSONRPC", "OVSDBModel"]),
        module("OVSDBClient", ["JSONRPC", "OVSDBModel"]),
        module("OpenVSwitchRows", ["OVSDBClient", "OVSDBModel"]),
        module("ControlCommands", ["JSONRPC", "OVSDBModel"]),

        // Edges.
        .target(name: "CLinux"),
        edge(
            "LinuxPorts",
            [
                "CLinux", "Bytes", "Addresses", "PacketFormats", "FlowModel", "Netlink",
                "Datapath", "BPFProgram", "KernelFlows",
            ]
        ),
        edge(
            "Transport",
            nio + [
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"), "CLinux", "JSONRPC",
            ]
        ),
        edge(
            "OVSDBConnection", nio + ["JSONRPC", "OVSDBModel", "OVSDBClient", "Transport"]
        ),
        edge("Daemon", nio + ["CLinux", "JSONRPC", "Transport"]),

        // Programs.
        .executableTarget(
            name: "martlet",
            dependencies: [
                "Addresses", "Classifier", "FlowModel", "FlowSyntax", "OpenFlow", "OpenFlowSession",
                "JSONRPC",
                "OVSDBModel", "OVSDBEngine", "OVSDBClient", "OpenVSwitchRows", "ControlCommands",
                "PacketFormats", "Pipeline", "ConnectionTracking", "Datapath", "Switch",
                "LinuxPorts", "Transport",
                "OVSDBConnection",
                "Daemon", "CLinux", "Tunnels",
            ] + nio,
            swiftSettings: common,
            linkerSettings: [.unsafeFlags(compactRelocations, .when(configuration: .release))]
        ),
        .executableTarget(
            name: "processing-cost",
            dependencies: [
                "CAllocations", "Addresses", "ConnectionTracking", "Datapath", "FlowModel",
                "OpenFlow", "Pipeline", "Switch",
            ],
            swiftSettings: common
        ),
        .executableTarget(
            name: "generate-rows", dependencies: ["JSONRPC", "OVSDBModel", "RowGenerator"],
            swiftSettings: common
        ),

        // Test support.
        .target(name: "CAllocations"),
        edge("TestSupport", ["Bytes", "CLinux"]),

        // Tests of the whole: what the programs print, and how the sources look.
        .testTarget(
            name: "TranscriptTests", dependencies: ["FlowModel", "FlowSyntax", "TestSupport"],
            swiftSettings: common
        ),
        .testTarget(
            name: "PythonTests", dependencies: ["TestSupport"], exclude: ["Scripts"],
            swiftSettings: common
        ),
        .testTarget(
            name: "MachineTests", dependencies: ["TestSupport"], exclude: ["Scripts"],
            swiftSettings: common
        ),
        .testTarget(
            name: "VswitchdTests", dependencies: ["TestSupport", "martlet"],
            swiftSettings: common
        ),
        .testTarget(
            name: "VsctlTests",
            dependencies: ["JSONRPC", "OVSDBModel", "TestSupport", "martlet"],
            swiftSettings: common
        ),
        .testTarget(
            name: "OfctlTests", dependencies: ["TestSupport", "martlet"], exclude: ["Messages"],
            swiftSettings: common
        ),
        .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: common),

        tests("Bytes", []),
        tests("Addresses", []),
        tests("PacketFormats", ["Bytes", "Addresses"]),
        tests("FlowModel", ["Bytes", "Addresses", "PacketFormats"]),
        tests("FlowSyntax", ["Addresses", "FlowModel"]),
        tests("OpenFlow", ["Bytes", "Addresses", "FlowModel", "FlowSyntax"]),
        tests("JSONRPC", []),
        tests("OVSDBModel", ["JSONRPC"]),
        tests("OVSDBEngine", ["JSONRPC", "OVSDBModel"]),
        tests("OVSDBClient", ["JSONRPC", "OVSDBModel", "OVSDBEngine", "OpenVSwitchRows"]),
        tests("RowGenerator", ["JSONRPC", "OVSDBModel"]),
        tests("ControlCommands", ["JSONRPC", "OVSDBModel"]),
        tests("Netlink", ["Bytes", "Addresses"]),
        tests("Classifier", ["FlowModel"]),
        tests("Pipeline", ["Addresses", "FlowModel", "FlowSyntax", "PacketFormats"]),
        tests(
            "Switch",
            [
                "Addresses", "FlowModel", "FlowSyntax", "OpenFlow", "Pipeline",
                "ConnectionTracking", "Datapath",
            ]
        ),
        tests("ConnectionTracking", ["FlowModel"]),
        tests("Liveness", ["Addresses"]),
        tests("Tunnels", ["Addresses", "FlowModel"]),
        tests(
            "Datapath",
            [
                "CAllocations", "Bytes", "Addresses", "FlowModel", "PacketFormats",
                "ConnectionTracking", "Tunnels",
            ]
        ),
        tests("OpenFlowSession", ["Bytes", "FlowModel", "OpenFlow"]),
        tests("BPFProgram", []),
        tests("KernelFlows", ["BPFProgram", "FlowModel"]),
        tests(
            "LinuxPorts",
            [
                "Addresses", "Bytes", "Datapath", "PacketFormats", "CLinux", "BPFProgram",
                "FlowModel", "KernelFlows",
            ]),
        tests(
            "OVSDBConnection",
            ["OVSDBModel", "OVSDBClient", "OpenVSwitchRows", "Transport", "martlet"]
        ),
        tests("Transport", nio + ["JSONRPC"]),
        tests("Daemon", nio + ["CLinux", "JSONRPC", "Transport", "martlet"]),
    ])
)
