import ConnectionTracking
import OVSDBClient
import OpenVSwitchRows

/// The zones of the connection tracker.
extension ConfigurationReader {
    /// What the tables `CT_Zone` and `CT_Timeout_Policy` say of each zone.
    ///
    /// There is one tracker for the datapaths of all types.
    func zoneTimeouts(_ root: OpenVSwitchRow) -> [UInt16: TrackingTimeouts] {
        var zones: [UInt16: TrackingTimeouts] = [:]
        for (_, datapath) in root.datapaths.sorted(by: { $0.key > $1.key }) {
            for (number, reference) in replica[datapath]?.ctZones ?? [:] {
                guard let zone = UInt16(exactly: number),
                    let policy = replica[reference]?.timeoutPolicy.flatMap({ replica[$0] })
                else { continue }
                zones[zone] = Self.timeouts(policy.timeouts)
            }
        }
        return zones
    }

    /// Seconds by their names, as Open vSwitch's userspace tracker takes them.
    private static func timeouts(
        _ seconds: [CTTimeoutPolicyRow.TimeoutsKey: Int]
    ) -> TrackingTimeouts {
        let kinds: [(CTTimeoutPolicyRow.TimeoutsKey, TimeoutKind)] = [
            (.tcpSynSent, .tcpFirst), (.tcpSynRecv, .tcpOpening),
            (.tcpEstablished, .tcpEstablished), (.tcpFinWait, .tcpClosing),
            (.tcpTimeWait, .tcpFinWait), (.tcpClose, .tcpClosed), (.udpFirst, .otherFirst),
            (.udpSingle, .otherMultiple), (.udpMultiple, .otherAnswered),
            (.icmpFirst, .icmpFirst), (.icmpReply, .icmpAnswered),
        ]
        var timeouts = TrackingTimeouts()
        for (name, kind) in kinds {
            if let value = seconds[name] { timeouts[kind] = UInt64(value) * 1000 }
        }
        return timeouts
    }
}
