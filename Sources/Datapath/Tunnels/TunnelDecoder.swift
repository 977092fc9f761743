public import FlowModel

/// What a datapath port of tunnels takes.
public struct TunnelDevice: Hashable, Sendable {
    public var kind: TunnelPush.Kind
    /// Whether VXLAN's generic protocol extension is understood.
    public var isGeneric = false
    public var hasGroupPolicy = false
    /// The Ethernet type of what Bareudp carries.
    public var bareType: UInt16 = 0

    public init(kind: TunnelPush.Kind) { self.kind = kind }
}

/// Reads the headers of a tunnel that stand before a packet.
///
/// No length field is believed beyond the frame's end; what is cut off, of another version, or
/// means something that is not understood is refused.
struct TunnelDecoder {
    /// What was read.
    struct Result {
        var metadata = TunnelMetadata()
        /// Where the packet within begins.
        var start = 0
        /// Its Ethernet type, or 0 for a frame.
        var innerType: UInt16 = 0
        /// What the headers were, if that differs from what was asked for.
        var kind: TunnelPush.Kind
        /// The options of Geneve.
        var options = 0..<0
    }

    private let packet: PacketBuffer
    private let device: TunnelDevice
    private let layers: FrameLayers
    /// Where the outer packet ends.
    private let end: Int
    private var result: Result

    private init(_ packet: PacketBuffer, _ device: TunnelDevice, _ layers: FrameLayers) {
        self.packet = packet
        self.device = device
        self.layers = layers
        // A super-packet's own length may be missing.
        end = packet.offload.segmentation == .none ? layers.end : packet.byteCount
        result = Result(kind: device.kind)
    }

    static func decode(_ packet: PacketBuffer, as device: TunnelDevice) -> Result? {
        let layers = FrameLayers(packet)
        guard layers.transport > 0 else { return nil }
        var decoder = TunnelDecoder(packet, device, layers)
        guard decoder.readNetwork(), decoder.readTunnel() else { return nil }
        return decoder.result
    }

    /// Whether so many octets lie behind `place`.
    private func holds(_ count: Int, at place: Int) -> Bool { place &+ count <= end }

    private mutating func readNetwork() -> Bool {
        let place = layers.network
        let tos: UInt8
        let ttl: UInt8
        if layers.etherType == EtherType.ipv4 {
            var checksum = InternetChecksumReader()
            guard checksum.isRight(packet, place..<layers.transport) else { return false }
            tos = packet.octet(at: place &+ 1)
            ttl = packet.octet(at: place &+ 8)
            result.metadata.ipv4 = packet.load(UInt64.self, at: place &+ 12)
        } else {
            tos = UInt8(truncatingIfNeeded: packet.load(UInt16.self, at: place) &>> 4)
            ttl = packet.octet(at: place &+ 7)
            result.metadata.ipv6Source = packet.load(UInt128.self, at: place &+ 8)
            result.metadata.ipv6Destination = packet.load(UInt128.self, at: place &+ 24)
        }
        result.metadata.flags = UInt64(tos) &<< 40 | UInt64(ttl) &<< 32
        return true
    }

    private mutating func readTunnel() -> Bool {
        switch device.kind {
        case .vxlan: readUDP() && readVXLAN()
        case .geneve: readUDP() && readGeneve()
        case .gtpu: readUDP() && readGTPU()
        case .bareudp: readUDP() && readBare()
        case .lisp: readUDP() && readLISP()
        case .gre, .ip6gre, .erspan, .ip6erspan: readGRE()
        case .srv6: readSegments()
        default: false
        }
    }

    // MARK: Over UDP

    private mutating func readUDP() -> Bool {
        let place = layers.transport
        guard layers.ipProtocol == IPProtocol.udp, holds(8, at: place) else { return false }
        result.metadata.ports = packet.load(UInt32.self, at: place)
        let checksum = packet.load(UInt16.self, at: place &+ 6)
        if checksum != 0 {
            result.metadata.flags |= TunnelMetadata.checksumFlag
            guard isChecksumRight(place) else { return false }
        }
        result.start = place &+ 8
        return true
    }

    /// Whether the checksum of UDP is right, or not yet made by a sender of this host.
    private func isChecksumRight(_ place: Int) -> Bool {
        let offload = packet.offload
        if !offload.isComplete || offload.flags.contains(.checksumIsValid) { return true }
        let addresses =
            layers.etherType == EtherType.ipv4
            ? layers.network &+ 12..<layers.network &+ 20
            : layers.network &+ 8..<layers.network &+ 40
        let length = Int(packet.load(UInt16.self, at: place &+ 4))
        guard length >= 8, holds(length, at: place) else { return false }
        return InternetChecksumReader.isRight(
            packet, place..<place &+ length, addresses, IPProtocol.udp)
    }

    private mutating func readVXLAN() -> Bool {
        let place = result.start
        guard holds(8, at: place) else { return false }
        let flags = packet.load(UInt32.self, at: place)
        guard flags & 0x0800_0000 != 0 else { return false }
        if device.isGeneric {
            // The version and the flag for messages of management have to be 0.
            guard flags & 0x3100_0000 == 0 else { return false }
            if flags & 0x0400_0000 != 0 {
                switch flags & 0xff {
                case 1: result.innerType = EtherType.ipv4
                case 2: result.innerType = EtherType.ipv6
                case 3: break
                case 4: result.innerType = EtherType.nsh
                default: return false
                }
            }
        } else if device.hasGroupPolicy, flags & 0x8000_0000 != 0 {
            let policy = UInt64(flags & 0xffff)
            result.metadata.flags |= policy &<< 16 | UInt64(flags &>> 16 & 0xff) &<< 8
        } else if flags & 0xf7ff_ffff != 0 {
            return false
        }
        takeKey(packet.load(UInt32.self, at: place &+ 4) &>> 8)
        result.start = place &+ 8
        return true
    }

    private mutating func takeKey(_ key: UInt32) {
        result.metadata.id = UInt64(key)
        result.metadata.flags |= TunnelMetadata.keyFlag
    }

    /// RFC 8926 §3.4.
    private mutating func readGeneve() -> Bool {
        let place = result.start
        guard holds(8, at: place) else { return false }
        let first = packet.octet(at: place)
        guard first &>> 6 == 0, packet.load(UInt16.self, at: place &+ 2) == EtherType.bridging
        else { return false }
        if packet.octet(at: place &+ 1) & 0x80 != 0 {
            result.metadata.flags |= TunnelMetadata.oamFlag
        }
        let byteCount = Int(first & 0x3f) &* 4
        guard holds(8 &+ byteCount, at: place) else { return false }
        takeKey(packet.load(UInt32.self, at: place &+ 4) &>> 8)
        result.start = place &+ 8 &+ byteCount
        result.options = place &+ 8..<result.start
        return true
    }

    /// 3GPP TS 29.281 §5.1.
    private mutating func readGTPU() -> Bool {
        let place = result.start
        guard holds(8, at: place) else { return false }
        let flags = packet.octet(at: place)
        let type = packet.octet(at: place &+ 1)
        guard flags &>> 5 == 1, flags & 0x10 != 0 else { return false }
        result.metadata.erspan = UInt64(flags) &<< 8 | UInt64(type)
        takeKey(packet.load(UInt32.self, at: place &+ 4))
        guard type == 255 else {
            // Messages other than user data go to who wants them with all their headers.
            return false
        }
        var start = place &+ 8
        if flags & 7 != 0 {
            // A sequence number, an N-PDU number, and the type of the first extension.
            guard holds(4, at: start) else { return false }
            var next = flags & 4 != 0 ? packet.octet(at: start &+ 3) : 0
            start &+= 4
            while next != 0 {
                guard holds(1, at: start) else { return false }
                let byteCount = Int(packet.octet(at: start)) &* 4
                guard byteCount > 0, holds(byteCount, at: start) else { return false }
                next = packet.octet(at: start &+ byteCount &- 1)
                start &+= byteCount
            }
        }
        result.start = start
        return takeIP()
    }

    /// The packet within is one of IP, whose version tells which.
    private mutating func takeIP() -> Bool {
        guard holds(1, at: result.start) else { return false }
        switch packet.octet(at: result.start) &>> 4 {
        case 4: result.innerType = EtherType.ipv4
        case 6: result.innerType = EtherType.ipv6
        default: return false
        }
        return true
    }

    private mutating func readBare() -> Bool {
        guard EtherType.isIP(device.bareType) else {
            result.innerType = device.bareType
            return holds(4, at: result.start)
        }
        return takeIP()
    }

    /// RFC 6830 §5.1.
    private mutating func readLISP() -> Bool {
        let place = result.start
        guard holds(8, at: place) else { return false }
        let flags = packet.load(UInt32.self, at: place)
        if flags & 0x0800_0000 != 0 {
            takeKey(packet.load(UInt32.self, at: place &+ 4) &>> 8)
        }
        result.start = place &+ 8
        return takeIP()
    }

    // MARK: Over IP

    /// RFC 2784 and 2890.
    private mutating func readGRE() -> Bool {
        let place = layers.transport
        guard layers.ipProtocol == IPProtocol.gre, holds(4, at: place) else { return false }
        let flags = packet.load(UInt16.self, at: place)
        // Routing, and any other version than 0, are refused.
        guard flags & 0x4fff == 0 else { return false }
        var next = place &+ 4
        if flags & 0x8000 != 0 {
            guard holds(4, at: next) else { return false }
            result.metadata.flags |= TunnelMetadata.checksumFlag
            var checksum = InternetChecksumReader()
            if packet.offload.isComplete, !checksum.isRight(packet, place..<end) { return false }
            next &+= 4
        }
        if flags & 0x2000 != 0 {
            guard holds(4, at: next) else { return false }
            takeKey(packet.load(UInt32.self, at: next))
            next &+= 4
        }
        if flags & 0x1000 != 0 { next &+= 4 }
        guard holds(0, at: next) else { return false }
        result.start = next
        let type = packet.load(UInt16.self, at: place &+ 2)
        let isIPv6 = layers.etherType == EtherType.ipv6
        switch type {
        case 0x88be, 0x22eb:
            result.kind = isIPv6 ? .ip6erspan : .erspan
            return readERSPAN(type, isSequenced: flags & 0x1000 != 0)
        case EtherType.bridging: break
        default: result.innerType = type
        }
        result.kind = isIPv6 ? .ip6gre : .gre
        return true
    }

    /// draft-foschiano-erspan-03 §4.
    private mutating func readERSPAN(_ type: UInt16, isSequenced: Bool) -> Bool {
        let place = result.start
        guard isSequenced else {
            // Type I has no header of its own.
            return type == 0x88be
        }
        guard holds(8, at: place) else { return false }
        let first = packet.load(UInt32.self, at: place)
        let version = first &>> 28
        takeKey(first & 0x3ff)
        result.metadata.flags |= UInt64(version)
        switch (type, version) {
        case (0x88be, 1):
            let index = packet.load(UInt32.self, at: place &+ 4) & 0xf_ffff
            result.metadata.erspan = UInt64(index) &<< 32
            result.start = place &+ 8
            return true
        case (0x22eb, 2):
            guard holds(12, at: place) else { return false }
            let last = packet.load(UInt32.self, at: place &+ 8)
            let hardware = UInt64(last &>> 4 & 0x3f)
            let direction = UInt64(last &>> 3 & 1)
            result.metadata.erspan = direction &<< 24 | hardware &<< 16
            // The flag O tells of eight octets more.
            result.start = place &+ 12 &+ (last & 1 != 0 ? 8 : 0)
            return holds(0, at: result.start)
        default: return false
        }
    }

    /// RFC 8986 §4.4: the end of a tunnel, behind the segments if there are any.
    private mutating func readSegments() -> Bool {
        guard layers.etherType == EtherType.ipv6 else { return false }
        result.start = layers.transport
        switch layers.ipProtocol {
        case 4: result.innerType = EtherType.ipv4
        case 41: result.innerType = EtherType.ipv6
        default: return false
        }
        return holds(20, at: result.start)
    }
}
