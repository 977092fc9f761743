/// How packets come from a device's driver to an AF_XDP socket.
public enum XDPMode: String, Sendable {
    /// The driver writes into the socket's memory.
    case zeroCopy = "native-with-zerocopy"
    /// The driver runs the program, and the kernel copies.
    case native
    /// The kernel runs the program on packets that it has taken up already: any device can.
    case generic

    /// `BPF_LINK_CREATE` for XDP: XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE (linux/if_link.h).
    var programFlags: UInt32 { self == .generic ? 1 << 1 : 1 << 2 }

    /// XDP_COPY, XDP_ZEROCOPY and XDP_USE_NEED_WAKEUP (linux/if_xdp.h).
    var socketFlags: UInt32 { self == .zeroCopy ? 1 << 2 | 1 << 3 : 1 << 1 | 1 << 3 }
}

/// What `options:xdp-mode` asks for.
public enum XDPModeRequest: Sendable {
    /// The fastest that the device has.
    case bestEffort
    case exactly(XDPMode)

    /// - Returns: `nil` if `text` is none of the option's values.
    public init?(_ text: String) {
        if text == "best-effort" {
            self = .bestEffort
        } else if let mode = XDPMode(rawValue: text) {
            self = .exactly(mode)
        } else {
            return nil
        }
    }

    /// The modes to try, in order.
    var modes: [XDPMode] {
        switch self {
        case .bestEffort: [.zeroCopy, .native, .generic]
        case .exactly(let mode): [mode]
        }
    }
}
