import Daemon
import Datapath
import FlowModel
import LinuxPorts
import Netlink
import OVSDBClient
import OVSDBModel
import OpenVSwitchRows
import Pipeline
import Switch
import Transport
import Tunnels

/// Composes what the database is to show of the switch.
///
/// What was shown of each interface is kept, so that a change of one costs no question to the
/// kernel about the others.
final class SwitchReporter {
    private struct Shown {
        let bridge: String
        var report: InterfaceReport
        var state: InterfaceState
        var link: LinkMessage?
        var isDetached: Bool
    }

    private let runtime: SwitchRuntime
    private let replica: DatabaseReplica
    private let writer: DatabaseWriter
    private var shown: [String: Shown] = [:]
    private var bridges: [String: Set<String>] = [:]
    private var datapathIDs: [String: UInt64] = [:]
    private var patches: Set<String> = []
    private var interfaceRows: [String: Reference<InterfaceRow>] = [:]
    private var bridgeRows: [String: Reference<BridgeRow>] = [:]
    private var linkCounters: [String: LinkStatistics] = [:]
    private var portCounters: [String: PortCounters] = [:]
    /// The device that was last tried for an interface that waits for one, so that what an attempt
    /// does to a device does not give rise to the next.
    private var tried: [String: Int32] = [:]
    private let links = try? LinkSocket()
    private let log = LogModule("bridge")

    init(runtime: SwitchRuntime, replica: DatabaseReplica, writer: DatabaseWriter) {
        self.runtime = runtime
        self.replica = replica
        self.writer = writer
    }

    /// Keeps the rows by the names that the switch knows.
    func note(_ notices: [RowNotice]) {
        for notice in notices {
            if let change = ChangeNotice<InterfaceRow>(notice) {
                Self.note(change.reference, change.old?.name, change.new?.name, &interfaceRows)
            } else if let change = ChangeNotice<BridgeRow>(notice) {
                Self.note(change.reference, change.old?.name, change.new?.name, &bridgeRows)
            }
        }
        for notice in notices where notice.old == nil {
            // A row made anew under an old name is to be told everything.
            if let name = ChangeNotice<InterfaceRow>(notice)?.new?.name { shown[name] = nil }
        }
    }

    private static func note<Owner>(
        _ reference: Reference<Owner>, _ old: String?, _ new: String?,
        _ rows: inout [String: Reference<Owner>]
    ) {
        if let new {
            rows[new] = reference
        } else if let old, rows[old] == reference {
            rows[old] = nil
        }
    }

    /// The OpenFlow port that the database shows of an interface.
    func formerNumber(_ interface: String) -> PortNumber? {
        interfaceRows[interface]
            .flatMap { replica[$0] }?.ofport
            .flatMap { $0 > 0 ? UInt16(exactly: $0) : nil }
            .map(PortNumber.init)
    }

    /// Forgets what was shown, as a new connection may lead to another database.
    func reset() {
        for (name, entry) in shown { showState(name, entry.state) }
        linkCounters = [:]
        portCounters = [:]
        for (name, id) in datapathIDs { show(name, datapathID: id) }
    }

    // MARK: The switch

    /// What does not change while the daemon runs.
    func reportIdentity() {
        guard var root = rootToSet() else { return }
        root.datapathTypes = runtime.devices.datapathTypes
        root.ifaceTypes = runtime.devices.types
        root.dpdkInitialized = false
        root.dpdkVersion = "none"
        writer.report(root)
    }

    /// Says that the configuration of that number is in force.
    func reportSerial(_ serial: Int64) {
        guard var root = rootToSet() else { return }
        root.curCfg = Int(serial)
        writer.report(root)
    }

    /// Tells what the machine and its daemons use; nothing, if the operator does not want it.
    func reportSystem(_ isWanted: Bool) {
        guard var root = rootToSet() else { return }
        let directory = InstallDirectories.current.run
        root.statistics = isWanted ? SystemStatistics(runDirectory: directory).collect() : [:]
        writer.report(root)
    }

    private func rootToSet() -> OpenVSwitchRow? {
        replica[OpenVSwitchRow.self].first.map {
            OpenVSwitchRow(settingColumnsOf: $0.reference)
        }
    }

    // MARK: Bridges

    /// Bridges of which some interface waits for its device.
    var failingBridges: Set<String> {
        runtime.lock.withLock {
            Set(runtime.virtualSwitch.bridges.values.filter(\.hasFailures).map(\.name))
        }
    }

    /// Shows the bridges of those names as they are now.
    func report(bridges names: Set<String>) {
        for name in names.union(bridges.keys.filter { bridgeRows[$0] == nil }) { report(name) }
        for name in patches { reportPatch(name) }
    }

    private struct Snapshot {
        var interfaces: [(name: String, report: InterfaceReport, isDetached: Bool)]
        var datapathID: UInt64
    }

    private func report(_ name: String) {
        let snapshot = runtime.lock.withLock { () -> Snapshot? in
            guard let managed = runtime.virtualSwitch.bridges[name] else { return nil }
            return Snapshot(
                interfaces: managed.interfaces.map { ($0, $1.report, $1.isDetached) },
                datapathID: managed.datapathID)
        }
        let before = bridges[name] ?? []
        guard let snapshot else {
            for interface in before { forget(interface, of: name) }
            bridges[name] = nil
            datapathIDs[name] = nil
            return
        }
        let present = Set(snapshot.interfaces.map(\.name))
        for interface in before where !present.contains(interface) {
            forget(interface, of: name)
        }
        bridges[name] = present
        for (interface, report, isDetached) in snapshot.interfaces {
            if let entry = shown[interface], entry.report == report,
                entry.isDetached == isDetached, entry.bridge == name
            {
                if let error = report.error { log.warning(error) }
                continue
            }
            show(interface, of: name, report, isDetached)
        }
        if datapathIDs[name] != snapshot.datapathID {
            log.info("bridge \(name): using datapath ID \(Self.text(snapshot.datapathID))")
            datapathIDs[name] = snapshot.datapathID
        }
        show(name, datapathID: snapshot.datapathID)
    }

    private func forget(_ interface: String, of bridge: String) {
        guard let entry = shown[interface], entry.bridge == bridge else { return }
        if entry.report.number >= 0 {
            log.info(
                "bridge \(bridge): deleted interface \(interface) on port \(entry.report.number)")
        }
        shown[interface] = nil
        tried[interface] = nil
        patches.remove(interface)
        linkCounters[interface] = nil
        portCounters[interface] = nil
    }

    private func show(_ bridge: String, datapathID: UInt64) {
        guard let reference = bridgeRows[bridge] else { return }
        var row = BridgeRow(settingColumnsOf: reference)
        row.datapathID = Self.text(datapathID)
        row.datapathVersion = "<built-in>"
        writer.report(row)
    }

    /// Sixteen digits.
    private static func text(_ datapathID: UInt64) -> String {
        let digits = String(datapathID, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    // MARK: Interfaces

    private func show(
        _ name: String, of bridge: String, _ report: InterfaceReport, _ isDetached: Bool
    ) {
        let before = shown[name]
        if let error = report.error {
            log.warning(error)
        } else if before == nil || before?.report.number != report.number {
            log.info("bridge \(bridge): added interface \(name) on port \(report.number)")
        }
        var state = InterfaceState(number: report.number, error: report.error)
        var link: LinkMessage?
        if report.error == nil {
            state.address = report.hardwareAddress
            state.resets = before?.state.resets ?? 0
            if isDetached {
                state.address = nil
                state.setGone()
            } else if Self.isVirtual(report) {
                state.setVirtual(isUp: true, index: 0, mtu: nil)
                patches.insert(name)
                state.status = tunnelStatus(of: name, on: bridge)
                show(name, PortCounters(), report)
            } else if let facts = runtime.devices.dummyFacts(name) {
                state.setVirtual(isUp: facts.isUp, index: facts.index, mtu: facts.mtu)
                show(name, PortCounters(), report)
            } else if let device = try? links?.link(named: name) {
                link = device
                state.set(device, Device(name).facts())
                if let counters = device.statistics { show(name, counters, report) }
            }
        }
        count(&state, since: before?.state)
        shown[name] = Shown(
            bridge: bridge, report: report, state: state, link: link, isDetached: isDetached)
        showState(name, state)
        if report.error != nil || isDetached { showCounters(name, [:]) }
    }

    /// Whether the port has no device of its own: the end of a patch cable, or a tunnel.
    private static func isVirtual(_ report: InterfaceReport) -> Bool {
        report.type == "patch" || TunnelType(rawValue: report.type) != nil
    }

    /// By which device a tunnel's packets leave.
    private func tunnelStatus(of name: String, on bridge: String) -> [String: String] {
        let device = runtime.lock.withLock {
            runtime.virtualSwitch.egressDevice(ofTunnel: name, on: bridge)
        }
        guard let device else { return [:] }
        let isRunning =
            runtime.devices.dummyFacts(device)?.isUp
            ?? (try? links?.link(named: device))?.canPass ?? false
        return [
            "tunnel_egress_iface": device,
            "tunnel_egress_iface_carrier": isRunning ? "up" : "down",
        ]
    }

    /// Shows the device again by which each tunnel's packets leave.
    func noteRoutes() {
        for (name, entry) in shown
        where TunnelType(rawValue: entry.report.type) != nil && entry.report.error == nil {
            let status = tunnelStatus(of: name, on: entry.bridge)
            guard status != entry.state.status else { continue }
            shown[name]?.state.status = status
            if let state = shown[name]?.state { showState(name, state) }
        }
    }

    /// Shows what watches the paths of interfaces.
    func noteLiveness(_ changes: [(name: String, status: [String: String])]) {
        for (name, status) in changes {
            guard let reference = interfaceRows[name] else { continue }
            var row = InterfaceRow(settingColumnsOf: reference)
            row.bfdStatus = status
            writer.report(row)
        }
    }

    /// Counts the link's going up and down.
    private func count(_ state: inout InterfaceState, since before: InterfaceState?) {
        guard let wasRunning = before?.isRunning, let isRunning = state.isRunning,
            wasRunning != isRunning
        else { return }
        state.resets = (state.resets ?? 0) + 1
    }

    private func showState(_ name: String, _ state: InterfaceState) {
        guard let reference = interfaceRows[name] else { return }
        var row = InterfaceRow(settingColumnsOf: reference)
        state.set(in: &row)
        writer.report(row)
    }

    /// A patch port without its other end forwards nothing, which its row says.
    private func reportPatch(_ name: String) {
        guard var entry = shown[name], entry.report.error == nil, entry.report.type == "patch"
        else { return }
        let error = runtime.lock.withLock { () -> String? in
            guard let managed = runtime.virtualSwitch.bridges[entry.bridge],
                let interface = managed.interfaces[name], let port = interface.port,
                runtime.virtualSwitch.network.peer(of: port) == nil
            else { return nil }
            let peer = interface.configuration.options["peer"] ?? ""
            let type = managed.configuration.datapathType
            let datapath = type.isEmpty ? "system" : type
            return "No usable peer '\(peer)' exists in '\(datapath)' datapath."
        }
        guard entry.state.error != error else { return }
        entry.state.error = error
        shown[name] = entry
        showState(name, entry.state)
    }

    // MARK: Links

    /// Shows what the kernel tells anew of a device.
    ///
    /// - Returns: whether an interface waits for that device.
    func note(_ link: LinkMessage) -> Bool {
        guard var entry = shown[link.name] else { return false }
        if entry.report.error != nil || entry.isDetached {
            guard ["", "system"].contains(entry.report.type), tried[link.name] != link.index else {
                return false
            }
            tried[link.name] = link.index
            return true
        }
        guard !Self.isVirtual(entry.report), !runtime.devices.isDummy(link.name) else {
            return false
        }
        // Counters alone are read with all others'.
        var (old, new) = (entry.link, link)
        old?.statistics = nil
        new.statistics = nil
        guard old != new else { return false }
        var state = entry.state
        let before = state.address
        let facts = Device(link.name).facts()
        state.set(link, facts)
        count(&state, since: entry.state)
        entry.link = new
        let isChanged = state != entry.state
        entry.state = state
        entry.report.hardwareAddress = link.address
        shown[link.name] = entry
        guard isChanged else { return false }
        runtime.withSwitch { virtualSwitch in
            virtualSwitch.noteLink(
                link.name, isUp: link.flags.contains(.up), isRunning: link.canPass,
                modes: facts.modes)
            if let address = link.address { virtualSwitch.noteAddress(link.name, address) }
        }
        showState(link.name, state)
        // An address may give the bridge another identity.
        if state.address != before { report(entry.bridge) }
        return false
    }

    /// Shows a port of memory that has gone up or down, or has another MTU.
    func noteDummy(_ name: String) {
        guard var entry = shown[name], let facts = runtime.devices.dummyFacts(name) else { return }
        entry.state.setVirtual(isUp: facts.isUp, index: facts.index, mtu: facts.mtu)
        shown[name] = entry
        runtime.withSwitch { $0.noteLink(name, isUp: facts.isUp, isRunning: facts.isUp) }
        showState(name, entry.state)
    }

    /// The bridge of an interface.
    func bridge(of interface: String) -> String? { shown[interface]?.bridge }

    // MARK: Counters

    /// Shows what ports have counted.
    func reportStatistics() {
        runtime.devices.refreshCounters()
        if runtime.devices.hasDevices, let all = try? links?.links() {
            for link in all {
                guard let entry = shown[link.name], var counters = link.statistics,
                    entry.report.error == nil, !entry.isDetached
                else { continue }
                // The kernel has handed these to the switch, which had no room for them.
                if entry.report.type != "internal" {
                    counters.receiveDrops &+=
                        runtime.devices.counters(link.name)?.receiveDrops ?? 0
                }
                show(link.name, counters, entry.report)
            }
        }
        for (name, entry) in shown where runtime.devices.isDummy(name) {
            if let counters = runtime.devices.counters(name) {
                show(name, counters, entry.report)
            }
        }
        for name in patches {
            guard let entry = shown[name] else { continue }
            let counters = runtime.lock.withLock {
                runtime.virtualSwitch.bridges[entry.bridge]?.interfaces[name]?.patchCounters
            }
            if let counters { show(name, counters, entry.report) }
        }
    }

    private func show(_ name: String, _ counters: LinkStatistics, _ report: InterfaceReport) {
        guard linkCounters[name] != counters else { return }
        linkCounters[name] = counters
        let seen = report.type == "internal" ? counters.seenFromSwitch : counters
        showCounters(name, Self.map(seen.columns))
    }

    private func show(_ name: String, _ counters: PortCounters, _ report: InterfaceReport) {
        guard portCounters[name] != counters else { return }
        portCounters[name] = counters
        showCounters(name, Self.map(counters.columns))
    }

    private static func map(_ columns: [(key: String, value: UInt64)]) -> [String: Int] {
        Dictionary(
            columns.map { ($0.key, Int(clamping: $0.value)) }, uniquingKeysWith: { $1 })
    }

    private func showCounters(_ name: String, _ counters: [String: Int]) {
        guard let reference = interfaceRows[name] else { return }
        var row = InterfaceRow(settingColumnsOf: reference)
        row.statistics = counters
        writer.report(row)
    }
}

extension PortCounters {
    /// Keys of the `statistics` column that ports without a device have.
    fileprivate var columns: [(key: String, value: UInt64)] {
        [
            ("rx_bytes", receivedOctets), ("rx_packets", receivedPackets),
            ("tx_bytes", sentOctets), ("tx_packets", sentPackets),
        ]
    }
}
