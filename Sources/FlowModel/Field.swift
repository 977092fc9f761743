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
    case reg14, reg15
    case xreg0, xreg1, xreg2, xreg3, xreg4, xreg5, xreg6, xreg7
    case xxreg0, xxreg1, xxreg2, xxreg3
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
}
