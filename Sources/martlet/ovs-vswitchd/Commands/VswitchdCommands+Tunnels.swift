import Daemon
import Switch
import Transport

/// `ovs/route/...`, `tnl/...`: the networks below tunnels.
extension VswitchdCommands {
    func registerTunnels() {
        add("ofproto/list-tunnels") { $0.virtualSwitch.listTunnels() }
        add("ovs/route/add", "ip_addr/prefix_len out_br_name [gw] [pkt_mark=mark]", 2...4) {
            try $0.virtualSwitch.routeAdd($0.arguments)
        }
        add("ovs/route/show") { $0.virtualSwitch.routeShow() }
        add("ovs/route/del", "ip_addr/prefix_len [pkt_mark=mark]", 1...2) {
            try $0.virtualSwitch.routeDelete($0.arguments)
        }
        add("ovs/route/lookup", "ip_addr [pkt_mark=mark]", 1...2) {
            try $0.virtualSwitch.routeLookup($0.arguments)
        }
        for name in ["arp", "neigh"] { registerNeighbours(name) }
        add("tnl/ports/show", "-v", 0...1) { $0.virtualSwitch.tunnelPortsShow($0.arguments) }
        add("tnl/egress_port_range", "min max", 0...2) {
            $0.virtualSwitch.egressPortRange($0.arguments)
        }
    }

    func registerLiveness() {
        add("bfd/show", "[interface]", 0...1) {
            try $0.virtualSwitch.bfdShow($0.arguments, now: $0.now)
        }
        add("bfd/set-forwarding", "[interface] normal|false|true", 1...2) { [runtime] question in
            let text = try question.virtualSwitch.bfdSetForwarding(question.arguments)
            runtime.loop.soon { runtime.runLiveness() }
            return text
        }
    }

    private func registerNeighbours(_ name: String) {
        add("tnl/\(name)/show") { $0.virtualSwitch.neighbourShow() }
        add("tnl/\(name)/set", "BRIDGE IP MAC", 3...3) {
            try $0.virtualSwitch.neighbourSet($0.arguments, now: $0.now)
        }
        add("tnl/\(name)/flush") { $0.virtualSwitch.neighbourFlush() }
        add("tnl/\(name)/aging", "[SECS]", 0...1) {
            try $0.virtualSwitch.neighbourAging($0.arguments)
        }
    }
}
