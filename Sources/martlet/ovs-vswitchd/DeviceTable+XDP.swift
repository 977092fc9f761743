import CLinux
import Daemon
import LinuxPorts
import Switch

/// Interfaces of the types `afxdp` and `afxdp-nonpmd`.
extension DeviceTable {
    func openXDP(_ interface: InterfaceConfiguration) throws(SystemError) -> OpenedDevice {
        let text = interface.options["xdp-mode"] ?? "best-effort"
        guard let mode = XDPModeRequest(text) else {
            log.error("\(interface.name): Incorrect xdp-mode (\(text)).")
            throw SystemError(code: EPROTO, call: "xdp-mode", subject: interface.name)
        }
        let queues = interface.options["n_rxq"].flatMap { Int($0) } ?? 1
        guard queues <= 1 else {
            log.error("\(interface.name): n_rxq=\(queues) is not supported, one queue is")
            throw SystemError(code: EINVAL, call: "n_rxq", subject: interface.name)
        }
        let device = Device(interface.name)
        let flags = try device.flags()
        guard flags & Int32(IFF_LOOPBACK) == 0 else {
            log.error("\(interface.name): cannot add a loopback device")
            throw SystemError(code: EINVAL, call: "open", subject: interface.name)
        }
        if let wanted = interface.hardwareAddress { try device.setAddress(wanted) }
        if let mtu = interface.requestedMTU { try device.setMTU(mtu) }
        let port = try XDPPort(name: interface.name, mode: mode)
        log.info("\(interface.name): \(port.mode.rawValue) XDP mode will be in use.")
        var opened = remember(
            port, interface.name, try device.address(), interface.type, flags: flags)
        opened.linkModes = device.facts().modes
        opened.shownOptions = [
            "n_rxq": "1", "use-need-wakeup": "true", "xdp-mode": text,
            "xdp-mode-in-use": port.mode.rawValue,
        ]
        return opened
    }

    /// OVS's sentence about an interface that it could open and not configure.
    func refuseXDP(_ interface: InterfaceConfiguration, _ error: SystemError) -> DeviceError {
        if error.call == "xdp-mode" {
            return DeviceError("\(interface.name): could not set configuration (Invalid argument)")
        }
        log.error("\(interface.name): \(error.call) failed (\(error.reason))")
        return DeviceError(
            "could not add network device \(interface.name) to ofproto (Invalid argument)")
    }
}
