import Addresses
import FlowModel
import Pipeline
import Switch
import Testing

/// What the switch makes of configurations.
@Suite struct ConfigurationTests {
    let edge = FakeEdge()
    let machine: VirtualSwitch

    init() {
        machine = VirtualSwitch(link: edge, devices: edge)
        for (index, name) in ["br0", "br1", "a", "b", "c"].enumerated() {
            // Locally administered, as those of veth devices are.
            edge.addresses[name] = EthernetAddress(0x0200_0000_0000 + UInt64(index))
        }
    }

    private func bridge(
        _ name: String, _ interfaces: InterfaceConfiguration...
    ) -> BridgeConfiguration {
        var bridge = BridgeConfiguration(name: name)
        let local = InterfaceConfiguration(name: name, type: "internal")
        for interface in [local] + interfaces {
            var port = PortConfiguration(name: interface.name)
            port.interfaces = [interface]
            bridge.ports.append(port)
        }
        return bridge
    }

    private func apply(_ bridges: BridgeConfiguration...) {
        var configuration = SwitchConfiguration()
        configuration.bridges = bridges
        machine.apply(configuration, now: 0)
    }

    private func number(_ name: String, on bridge: String = "br0") -> Int? {
        machine.bridges[bridge]?.interfaces[name]?.report.number
    }

    @Test func `what is configured as before is left alone`() {
        let first = bridge("br0", .init(name: "a"), .init(name: "b"))
        apply(first)
        #expect(edge.takeCalls() == ["open br0", "open a", "open b"])
        apply(first)
        #expect(edge.takeCalls().isEmpty)
        apply(first, bridge("br1", .init(name: "c")))
        #expect(edge.takeCalls() == ["open br1", "open c"])
        #expect(Set(edge.ports.values) == ["br0", "a", "b", "br1", "c"])
        apply(bridge("br1", .init(name: "c")))
        #expect(Set(edge.takeCalls()) == ["close br0", "close a", "close b"])
    }

    @Test func `a device that is missing is tried again, and takes no number`() {
        let wanted = bridge("br0", .init(name: "a"), .init(name: "missing"), .init(name: "x"))
        edge.addresses["x"] = EthernetAddress(0x0200_0000_1234)
        apply(wanted)
        #expect(number("a") == 1)
        #expect(number("x") == 2)
        let report = machine.bridges["br0"]?.interfaces["missing"]?.report
        #expect(report?.number == -1)
        #expect(report?.error == "could not open network device missing (No such device)")
        #expect(machine.bridges["br0"]?.hasFailures == true)
        _ = edge.takeCalls()
        apply(wanted)
        #expect(edge.takeCalls() == ["no missing"])
        edge.addresses["missing"] = EthernetAddress(0x0200_0000_4321)
        apply(wanted)
        #expect(number("missing") == 3)
        #expect(machine.bridges["br0"]?.hasFailures == false)
    }

    @Test func `numbers are those asked for, else those of before, else the next`() {
        edge.formerNumbers = ["b": PortNumber(7), "a": PortNumber(9)]
        var asking = InterfaceConfiguration(name: "c")
        asking.requestedNumber = PortNumber(9)
        apply(bridge("br0", .init(name: "a"), .init(name: "b"), asking))
        #expect(number("br0") == 65534)
        #expect(number("c") == 9)
        #expect(number("b") == 7)
        #expect(number("a") == 1)
    }

    @Test func `a device that vanishes keeps its port, and gets its successor`() {
        let wanted = bridge("br0", .init(name: "a"), .init(name: "b"))
        apply(wanted)
        _ = edge.takeCalls()
        machine.noteVanished("a")
        #expect(edge.takeCalls() == ["close a"])
        #expect(Set(edge.ports.values) == ["br0", "b"])
        #expect(machine.bridges["br0"]?.bridge.port(named: "a")?.isLinkDown == true)
        edge.addresses["a"] = nil
        apply(wanted)
        #expect(edge.takeCalls() == ["no a"])
        #expect(number("a") == 1)
        edge.addresses["a"] = EthernetAddress(0x0200_0000_00aa)
        apply(wanted)
        #expect(edge.takeCalls() == ["open a"])
        #expect(number("a") == 1)
        let port = machine.bridges["br0"]?.bridge.port(named: "a")
        #expect(port?.hardwareAddress == EthernetAddress(0x0200_0000_00aa))
        #expect(port?.isLinkDown == false)
        #expect(Set(edge.ports.values) == ["br0", "a", "b"])
    }

    @Test func `the local port has the lowest address that IEEE assigned`() {
        var wanted = bridge("br0", .init(name: "a"), .init(name: "b"))
        wanted.fallbackAddress = EthernetAddress(0x0200_0000_ffff)
        apply(wanted)
        #expect(machine.bridges["br0"]?.datapathID == 0x0200_0000_ffff)
        edge.addresses["b"] = EthernetAddress(0x0011_2233_4455)
        machine.noteAddress("b", EthernetAddress(0x0011_2233_4455))
        #expect(machine.bridges["br0"]?.datapathID == 0x0011_2233_4455)
        #expect(
            machine.bridges["br0"]?.interfaces["br0"]?.report.hardwareAddress
                == EthernetAddress(0x0011_2233_4455))
        #expect(edge.takeCalls().last == "address br0 00:11:22:33:44:55")
        wanted.hardwareAddress = EthernetAddress(7)
        wanted.datapathID = 0x1234
        apply(wanted)
        #expect(machine.bridges["br0"]?.hardwareAddress == EthernetAddress(7))
        #expect(machine.bridges["br0"]?.datapathID == 0x1234)
    }

    @Test func `an MTU is set on the open device, options need another`() {
        apply(bridge("br0", .init(name: "a")))
        _ = edge.takeCalls()
        var changed = InterfaceConfiguration(name: "a")
        changed.requestedMTU = 1400
        apply(bridge("br0", changed))
        #expect(edge.takeCalls() == ["reconfigure a"])
        changed.options = ["pcap": "x"]
        apply(bridge("br0", changed))
        #expect(edge.takeCalls() == ["close a", "open a"])
    }

    @Test func `an interface moves to another bridge`() {
        apply(bridge("br0", .init(name: "a")), bridge("br1"))
        _ = edge.takeCalls()
        apply(bridge("br0"), bridge("br1", .init(name: "a")))
        #expect(edge.takeCalls() == ["close a", "open a"])
        #expect(number("a", on: "br1") == 1)
        #expect(number("a") == nil)
    }

    @Test func `a patch port needs a peer`() {
        apply(bridge("br0", .init(name: "p", type: "patch")))
        #expect(
            machine.bridges["br0"]?.interfaces["p"]?.report.error
                == "p: patch type requires valid 'peer' argument")
        apply(bridge("br0", .init(name: "p", type: "patch", options: ["peer": "q"])))
        #expect(number("p") == 1)
    }

    @Test func `many ports come and go`() {
        let names = (0..<40).map { "n\($0)" }
        for name in names { edge.addresses[name] = EthernetAddress(0x0200_0001_0000) }
        var wanted = bridge("br0")
        for (index, name) in names.enumerated() {
            var interface = InterfaceConfiguration(name: name)
            interface.requestedNumber = PortNumber(UInt16(1 + index * 17 % 40))
            var port = PortConfiguration(name: name)
            port.interfaces = [interface]
            wanted.ports.append(port)
        }
        apply(wanted)
        let all = machine.bridges["br0"]?.bridge.ports.keys.map(\.value).sorted()
        #expect(all == (1...40) + [65534])
        wanted.ports.removeAll { $0.name.hasSuffix("3") }
        apply(wanted)
        #expect(machine.bridges["br0"]?.bridge.ports.count == 37)
        #expect(machine.bridges["br0"]?.bridge.bundles.count == 37)
    }
}
