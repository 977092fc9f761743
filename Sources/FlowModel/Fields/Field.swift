/// A field that a flow can match or an action can write.
///
/// What is to be known of a field stands in its row of ``FieldTable``.
public enum Field: UInt8, CaseIterable, Hashable, Sendable {
    case datapathHash, packetType, conjunctionID, recirculationID
    case tunnelID, tunnelSource, tunnelDestination, tunnelIPv6Source, tunnelIPv6Destination
    case tunnelFlags, tunnelGBPID, tunnelGBPFlags, erspanIndex, erspanVersion, erspanDirection
    case erspanHardwareID, gtpuFlags, gtpuMessageType
    case metadata, inPort, inPortOXM, actionSetOutput, packetPriority, packetMark, ctState
    case ctZone, ctMark, ctLabel, ctProtocol, ctIPv4Source, ctIPv4Destination, ctIPv6Source
    case ctIPv6Destination, ctTransportSource, ctTransportDestination
    case reg0, reg1, reg2, reg3, reg4, reg5, reg6, reg7, reg8, reg9, reg10, reg11, reg12, reg13
    case reg14, reg15, reg16, reg17, reg18, reg19, reg20, reg21, reg22, reg23, reg24, reg25, reg26
    case reg27, reg28, reg29, reg30, reg31
    case xreg0, xreg1, xreg2, xreg3, xreg4, xreg5, xreg6, xreg7, xreg8, xreg9, xreg10, xreg11
    case xreg12, xreg13, xreg14, xreg15
    case xxreg0, xxreg1, xxreg2, xxreg3, xxreg4, xxreg5, xxreg6, xxreg7
    case ethernetSource, ethernetDestination, etherType, vlanTCI, vlanID, vlanVID, vlanPriority
    case vlanPCP, mplsLabel, mplsTC, mplsBOS, mplsTTL, pbbISID, pbbUCA
    case ipv4Source, ipv4Destination, ipv6Source, ipv6Destination, ipv6Label, ipProtocol, ipTOS
    case ipDSCP, ipECN, ipTTL, ipFragment, arpOperation, arpSenderIP, arpTargetIP, arpSenderMAC
    case arpTargetMAC
    case tcpSource, tcpDestination, tcpFlags, udpSource, udpDestination, sctpSource
    case sctpDestination, icmpType, icmpCode, icmpv6Type, icmpv6Code, ndTarget, ndSourceMAC
    case ndTargetMAC, ndReserved, ndOptionsType, ipv6ExtensionHeaders
    case nshFlags, nshTTL, nshMDType, nshNextProtocol, nshSPI, nshSI, nshContext1, nshContext2
    case nshContext3, nshContext4
    // `tun_metadata0` to `tun_metadata63`.
    case tunnelOption0, tunnelOption1, tunnelOption2, tunnelOption3, tunnelOption4
    case tunnelOption5, tunnelOption6, tunnelOption7, tunnelOption8, tunnelOption9
    case tunnelOption10, tunnelOption11, tunnelOption12, tunnelOption13, tunnelOption14
    case tunnelOption15, tunnelOption16, tunnelOption17, tunnelOption18, tunnelOption19
    case tunnelOption20, tunnelOption21, tunnelOption22, tunnelOption23, tunnelOption24
    case tunnelOption25, tunnelOption26, tunnelOption27, tunnelOption28, tunnelOption29
    case tunnelOption30, tunnelOption31, tunnelOption32, tunnelOption33, tunnelOption34
    case tunnelOption35, tunnelOption36, tunnelOption37, tunnelOption38, tunnelOption39
    case tunnelOption40, tunnelOption41, tunnelOption42, tunnelOption43, tunnelOption44
    case tunnelOption45, tunnelOption46, tunnelOption47, tunnelOption48, tunnelOption49
    case tunnelOption50, tunnelOption51, tunnelOption52, tunnelOption53, tunnelOption54
    case tunnelOption55, tunnelOption56, tunnelOption57, tunnelOption58, tunnelOption59
    case tunnelOption60, tunnelOption61, tunnelOption62, tunnelOption63
}

extension Field {
    /// How many options of tunnels can have fields.
    public static var tunnelOptionCount: Int { 64 }

    /// The field of a tunnel's option.
    ///
    /// - Precondition: `index` is below ``tunnelOptionCount``.
    public static func tunnelOption(_ index: Int) -> Field {
        precondition(index >= 0 && index < tunnelOptionCount, "there are 64 fields for options")
        return allTunnelOptions[index]
    }

    private static let allTunnelOptions = allCases.filter { $0.tunnelOption != nil }

    /// Which of the fields of tunnels' options this is, if it is one.
    public var tunnelOption: Int? {
        let first = Field.tunnelOption0.rawValue
        return rawValue >= first ? Int(rawValue - first) : nil
    }
}
