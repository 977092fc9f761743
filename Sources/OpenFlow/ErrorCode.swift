/// The numbers of an error on the wire.
///
/// Errors that the standards lack carry an experimenter's identifier. In OpenFlow 1.0 and 1.1 Open
/// vSwitch sends them with type 0xb0c2, its identifier and a type and code of its own; from 1.2 on
/// as OFPET_EXPERIMENTER with one number.
public struct ErrorCode: Hashable, Sendable {
    /// The type that announces Open vSwitch's errors in 1.0 and 1.1.
    static var vendorType: UInt16 { 0xb0c2 }
    /// OFPET_EXPERIMENTER.
    static var experimenterType: UInt16 { 0xffff }

    /// 0 for an error of the standard.
    public var experimenter: UInt32
    /// For an experimenter's error from 1.2 on: 0.
    public var type: UInt16
    public var code: UInt16

    public init(experimenter: UInt32 = 0, type: UInt16, code: UInt16) {
        self.experimenter = experimenter
        self.type = type
        self.code = code
    }

    static func standard(_ type: UInt16, _ code: UInt16) -> Self {
        .init(type: type, code: code)
    }

    static func nicira(_ type: UInt16, _ code: UInt16) -> Self {
        .init(experimenter: ExperimenterID.nicira, type: type, code: code)
    }

    static func nicira(_ code: UInt16) -> Self { nicira(0, code) }

    static func onf(_ code: UInt16) -> Self {
        .init(experimenter: ExperimenterID.onf, type: 0, code: code)
    }
}

/// Organisations whose extensions are known here.
public enum ExperimenterID {
    public static var nicira: UInt32 { 0x0000_2320 }
    public static var onf: UInt32 { 0x4f4e_4600 }
}
