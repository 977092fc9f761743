import TestSupport
import Testing

/// The switch on devices of the kernel, in a namespace of its own.
@Suite(.enabled(if: Deployment.isAvailable && NetworkNamespace.isAvailable)) struct DeviceTests {
    let namespace: NetworkNamespace
    let deployment: Deployment

    init() throws {
        namespace = try NetworkNamespace()
        deployment = Deployment(namespace: namespace)
        deployment.startSwitch()
        deployment.vsctl("add-br br0")
    }

    @Test func `a device that does not exist gets genuine's sentence, and is opened when it comes`()
        throws
    {
        let printed = deployment.vsctl("add-port br0 eth9")
        #expect(
            printed.hasPrefix(
                "ovs-vsctl: Error detected while setting up 'eth9': could not open network device "
                    + "eth9 (No such device).  See ovs-vswitchd log for details.\n"))
        #expect(deployment.columns("Interface", "eth9", "ofport") == ["-1"])
        try namespace("ip link add eth9 type veth peer name far")
        #expect(deployment.vsctl("wait-until Interface eth9 ofport=1") == "")
        #expect(deployment.columns("Interface", "eth9", "error", "admin_state") == ["[]", "down"])
    }

    @Test func `links come and go, and are counted`() throws {
        try namespace("ip link add near type veth peer name far")
        try namespace("ip link set near up")
        #expect(deployment.vsctl("add-port br0 near") == "")
        #expect(
            deployment.columns(
                "Interface", "near", "admin_state", "link_state", "duplex", "link_speed",
                "link_resets", "status"
            ) == [
                "up", "down", "full", "10000000000", "0",
                "{driver_name=veth, driver_version=\"1.0\", firmware_version=\"\"}",
            ])
        try namespace("ip link set far up")
        #expect(
            deployment.vsctl("wait-until Interface near link_state=up link_resets=1") == "")
        try namespace("ip link set near address 00:11:22:33:44:55")
        #expect(
            deployment.vsctl("wait-until Bridge br0 datapath_id=0000001122334455") == "")
        #expect(
            deployment.columns("Interface", "br0", "mac_in_use") == ["\"00:11:22:33:44:55\""])
        deployment.vsctl("set Interface near mtu_request=1400")
        #expect(deployment.vsctl("wait-until Interface near mtu=1400") == "")
    }

    @Test func `a device that vanishes leaves its port, and comes back to it`() throws {
        try namespace("ip link add near type veth peer name far")
        deployment.vsctl("add-port br0 near")
        let shown = deployment.ofctl("show br0")
        #expect(shown.contains("     current:    10GB-FD COPPER\n"))
        #expect(shown.contains("     speed: 10000 Mbps now, 0 Mbps max\n"))
        try namespace("ip link del near")
        #expect(deployment.vsctl("wait-until Interface near mac_in_use=[] ifindex=0") == "")
        #expect(
            deployment.columns("Interface", "near", "ofport", "error", "link_state", "statistics")
                == ["1", "[]", "down", "{}"])
        try namespace("ip link add near type veth peer name far")
        try namespace("ip link set near up")
        try namespace("ip link set far up")
        #expect(deployment.vsctl("wait-until Interface near link_state=up") == "")
        #expect(deployment.columns("Interface", "near", "ofport") == ["1"])
    }
}
