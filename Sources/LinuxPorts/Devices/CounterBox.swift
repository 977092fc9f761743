import Datapath

/// The counters of a port, which the thread that receives and the one that sends write at once.
///
/// Each field has one writer at a time; whoever reads sees each as it was some time.
final class CounterBox: @unchecked Sendable {
    let place: UnsafeMutablePointer<PortCounters>

    init() {
        place = .allocate(capacity: 1)
        place.initialize(to: PortCounters())
    }

    deinit { place.deallocate() }
}
