import Addresses
import CLinux
import Daemon
import LinuxPorts
import Switch
import Transport

/// Ports of virtual machines: interfaces of the types `dpdkvhostuser` and `dpdkvhostuserclient`.
extension DeviceTable {
    /// The longest frame's MTU that such a port may be asked for, as Open vSwitch's have it.
    static let maximumVhostMTU = 9702

    func openVhost(_ interface: InterfaceConfiguration) throws(SystemError) -> OpenedDevice {
        let isClient = interface.type == "dpdkvhostuserclient"
        let path: String
        if isClient {
            guard let server = interface.options["vhost-server-path"] else {
                log.error("\(interface.name): vhost-server-path is not set")
                throw SystemError(code: EINVAL, call: "vhost-server-path", subject: interface.name)
            }
            path = server
        } else {
            guard !interface.name.contains("/") else {
                log.error("\(interface.name): a socket's name cannot be a path")
                throw SystemError(code: EINVAL, call: "bind", subject: interface.name)
            }
            path = "\(InstallDirectories.current.run)/\(interface.name)"
        }
        let port = try VhostPort(
            name: interface.name, path: path, role: isClient ? .client : .server)
        if isClient {
            log.info("\(interface.name): vhost-user client: connects to \(path)")
        } else {
            log.info("\(interface.name): vhost-user server: the socket is \(path)")
        }
        let opened = remember(
            port, interface.name, interface.hardwareAddress ?? .zero, interface.type)
        if let mtu = interface.requestedMTU {
            guard (68...Self.maximumVhostMTU).contains(mtu) else {
                log.warning("\(interface.name): an MTU of \(mtu) is not supported")
                return opened
            }
            setMTU(UInt32(mtu), of: interface.name)
        }
        return opened
    }
}
