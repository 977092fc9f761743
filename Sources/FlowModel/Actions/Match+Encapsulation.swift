/// What is known of packets behind actions that change their kind.
extension Match {
    /// Whether every packet is one of a connection that has been found valid.
    public var hasTrackedConnection: Bool {
        let tracked: UInt128 = 1 << 5
        let invalid: UInt128 = 1 << 4
        let relevant = tracked | invalid
        return mask(.ctState) & relevant == relevant && value(.ctState) & relevant == tracked
    }

    /// Takes note of a header before the packet.
    public mutating func encapsulate(_ encapsulation: Encapsulation) {
        guard encapsulation.packetType != PacketType.ethernet else {
            set(.packetType, to: 0)
            return
        }
        set(.packetType, to: UInt128(encapsulation.packetType))
        set(.etherType, to: UInt128(encapsulation.packetType & 0xffff))
        remove(.ipProtocol)
    }

    /// Forgets what the header that is taken off said of its contents.
    public mutating func decapsulate() {
        remove(.packetType)
        remove(.etherType)
        remove(.ipProtocol)
    }
}
