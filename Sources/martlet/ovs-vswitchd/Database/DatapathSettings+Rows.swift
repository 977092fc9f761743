import Datapath
import OVSDBClient
import OpenVSwitchRows

extension CacheSettings {
    /// What `other_config` of the table `Open_vSwitch` says.
    init(_ other: [String: String]) {
        self.init()
        insertion = other["emc-insert-inv-prob"].flatMap(UInt32.init) ?? Self.defaultInsertion
        usesSignatures = other["smc-enable"] == "true"
    }
}

extension PortSettings {
    init(_ row: InterfaceRow) {
        self.init()
        usesExactMatches = row.otherConfig["emc-enable"] != "false"
        pinnedCores =
            row.otherConfig["pmd-rxq-affinity"].flatMap(ThreadSettings.affinity) ?? [:]
        policing.kilobitRate = row.ingressPolicingRate
        policing.kilobitBurst = row.ingressPolicingBurst
        policing.kilopacketRate = row.ingressPolicingKpktsRate
        policing.kilopacketBurst = row.ingressPolicingKpktsBurst
    }
}
