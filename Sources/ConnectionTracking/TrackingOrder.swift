public import FlowModel

/// What an action `ct` asks for, as plain memory.
public struct TrackingOrder {
    public var isCommitted = false
    public var isForced = false
    public var zone: UInt16 = 0
    var helper = ConnectionHelper.none
    var mark: UInt32 = 0
    var markMask: UInt32 = 0
    var label: UInt128 = 0
    var labelMask: UInt128 = 0
    /// Whether packets are translated, as their connection is.
    var translates = false
    /// How connections are translated that begin here.
    var translation = AddressRange()

    public init() {}

    public init(_ tracking: DatapathTracking) {
        isCommitted = tracking.isCommitted || tracking.isForced
        isForced = tracking.isForced
        zone = tracking.zone
        mark = tracking.mark
        markMask = tracking.markMask
        label = tracking.label
        labelMask = tracking.labelMask
        switch tracking.helper {
        case "ftp": helper = .ftp
        case "tftp": helper = .tftp
        default: break
        }
        guard let translation = tracking.translation else { return }
        translates = true
        self.translation = AddressRange(translation)
    }
}

/// Addresses and ports to choose from.
struct AddressRange {
    var kind: TranslationKind = []
    var flags: AddressTranslation.Flags = []
    /// No addresses stand for those that the packet has.
    var hasAddresses = false
    var first: UInt128 = 0
    var last: UInt128 = 0
    var hasPorts = false
    var firstPort: UInt16 = 0
    var lastPort: UInt16 = 0

    init() {}

    init(_ translation: AddressTranslation) {
        switch translation.kind {
        case .source: kind = .source
        case .destination: kind = .destination
        case nil: kind = []
        }
        flags = translation.flags
        switch translation.addresses {
        case .ipv4(let first, let last): setAddresses(UInt128(first), last.map { UInt128($0) })
        case .ipv6(let first, let last): setAddresses(first, last)
        case nil: break
        }
        if let ports = translation.ports {
            hasPorts = true
            firstPort = ports.first
            lastPort = max(ports.first, ports.last ?? ports.first)
        }
    }

    /// The address of all zeros stands for the packet's own.
    private mutating func setAddresses(_ first: UInt128, _ last: UInt128?) {
        hasAddresses = first != 0 || last ?? 0 != 0
        self.first = first
        self.last = max(first, last ?? first)
    }
}
