import Daemon
import Datapath
import LinuxPorts
import Switch

/// What the kernel's programs forward.
///
/// It is the main thread's alone: packets that they hand up are its.
extension ForwardingPlane {
    /// Has the kernel forward packets of ports that are added from now on, where it can.
    func start(_ kernel: KernelDatapath) {
        let log = LogModule("dpif_ebpf")
        kernel.onRefusal = { name, error in
            log.warning("\(name): is served by the userspace datapath: \(error)")
        }
        if let maximumTags { kernel.setMaximumTags(maximumTags) }
        main.start(kernel, clock: environment.clock)
    }

    func addToKernel(_ number: UInt32, _ port: any PacketPort) {
        main.order { kernel, datapath in
            if datapath.port(number) === port { kernel.add(number, port) }
        }
    }

    func removeFromKernel(_ number: UInt32) {
        main.order { kernel, _ in kernel.removePort(number) }
    }

    /// Leaves a port whose rate is limited to userspace.
    func setInKernel(_ number: UInt32, _ settings: PortSettings) {
        main.order { kernel, datapath in
            if kernel.setServed(number, settings.policing.isOff) { datapath.offloadAgain() }
        }
    }

    func setMaximumTagsInKernel(_ count: Int) {
        main.order { kernel, _ in kernel.setMaximumTags(count) }
    }
}
