/// What is known of packets behind actions that change their kind.
extension Match {
    /// Whether every packet is one of a connection that has been found valid.
    public var hasTrackedConnection: Bool {
        let tracked: UInt128 = 1 << 5
        let invalid: UInt128 = 1 << 4
        let relevant = tracked | invalid
        // What only a packet of a known connection can be: new, of one, or translated.
        let implying: UInt128 = 0xcf
        if value(.ctState) & implying != 0 { return true }
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

    /// Takes note of the outer header's end: behind Ethernet there is what its type says, behind
    /// another header something of which no action may say anything before it is looked at again.
    public mutating func decapsulate() {
        guard isBare else {
            set(.packetType, to: 1 << 16 | UInt128(networkType))
            return
        }
        forgetHeaders()
        set(.packetType, to: UInt128(PacketType.unknown))
    }

    /// Forgets what the header that is taken off said of its contents.
    public mutating func forgetHeaders() {
        remove(.packetType)
        remove(.etherType)
        remove(.ipProtocol)
    }
}
