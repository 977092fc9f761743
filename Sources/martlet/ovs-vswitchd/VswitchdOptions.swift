/// What `ovs-vswitchd` was asked for on its command line.
struct VswitchdOptions {
    /// Which ports are made of memory and which of devices (`--enable-dummy`).
    enum DummyLevel {
        /// Types `dummy` exist, and nothing else changes.
        case available
        /// Ports of type `system` and the like become dummies too.
        case overrideAll
        /// Ports of type `system` become dummies.
        case overrideSystem
    }

    /// The database's connection method.
    var database = ""
    /// Nil without `--enable-dummy`.
    var dummy: DummyLevel?
    /// `--dummy-numa`: the processors that there are said to be.
    var processors: ProcessorList?
    /// `--disable-system`: no datapath of the kernel.
    var disablesSystem = false
    /// `--disable-system-route`: the kernel's routes are not read.
    var disablesSystemRoutes = false
    /// `--mlockall`.
    var locksMemory = false
}
