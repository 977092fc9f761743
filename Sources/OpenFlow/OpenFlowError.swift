/// A reason to refuse a message, in the form in which the peer is told it.
///
/// The cases are the union of the reasons of all versions; ``code(in:)`` gives the numbers of one
/// version and ``name`` the standard's name.
public enum OpenFlowError: UInt8, Error, CaseIterable, Hashable, Sendable {
    // OFPBRC
    case requestBadVersion
    case requestBadType
    case requestBadStatistics
    case requestBadVendor
    case requestBadSubtype
    case requestNotPermitted
    case requestBadLength
    case requestBufferEmpty
    case requestBufferUnknown
    case requestBadTableID
    case requestBadPort
    case requestIsSecondary
    case requestBadPacket
    case requestMultipartBufferOverflow
    case requestMultipartRequestTimeout
    case requestMultipartReplyTimeout
    case requestMultipartBadSchedule
    case requestPipelineFieldsOnly
    case requestUnknown
    // OFPBAC
    case actionBadType
    case actionBadLength
    case actionBadVendor
    case actionBadVendorType
    case actionBadOutPort
    case actionBadArgument
    case actionNotPermitted
    case actionTooMany
    case actionBadQueue
    case actionBadOutGroup
    case actionMatchInconsistent
    case actionBadSetType
    case actionBadSetLength
    case actionBadSetArgument
    case actionUnsupportedOrder
    case actionBadTag
    case actionBadSetMask
    case actionBadMeter
    // OFPBIC
    case instructionUnsupportedInstruction
    case instructionUnknownInstruction
    case instructionBadTableID
    case instructionUnsupportedMetadata
    case instructionUnsupportedMetadataMask
    case instructionBadExperimenter
    case instructionBadExperimenterType
    case instructionBadLength
    case instructionNotPermitted
    case instructionDuplicateInstruction
    // OFPBMC
    case matchBadWildcards
    case matchBadField
    case matchBadValue
    case matchBadMask
    case matchBadPrerequisite
    case matchDuplicateField
    case matchBadType
    case matchBadLength
    case matchBadTag
    case matchBadEthernetAddressMask
    case matchBadNetworkAddressMask
    case matchNotPermitted
    // OFPFMFC
    case flowModTableFull
    case flowModOverlap
    case flowModNotPermitted
    case flowModBadEmergencyTimeout
    case flowModBadCommand
    case flowModUnsupported
    case flowModBadFlags
    case flowModUnknown
    case flowModBadTableID
    case flowModBadTimeout
    case flowModCantSynchronised
    case flowModBadPriority
    case flowModIsSynchronised
    // OFPGMFC
    case groupModGroupExists
    case groupModInvalidGroup
    case groupModWeightUnsupported
    case groupModOutOfGroups
    case groupModOutOfBuckets
    case groupModChainingUnsupported
    case groupModWatchUnsupported
    case groupModLoop
    case groupModUnknownGroup
    case groupModChainedGroup
    case groupModBadType
    case groupModBadCommand
    case groupModBadBucket
    case groupModBadWatch
    case groupModNotPermitted
    case groupModUnknownBucket
    case groupModBucketExists
    // OFPPMFC
    case portModBadPort
    case portModBadHardwareAddress
    case portModBadConfig
    case portModBadAdvertise
    case portModNotPermitted
    // OFPTMFC
    case tableModBadTable
    case tableModBadConfig
    case tableModNotPermitted
    // OFPQOFC
    case queueOpBadPort
    case queueOpBadQueue
    case queueOpNotPermitted
    // OFPSCFC
    case switchConfigBadFlags
    case switchConfigBadLength
    case switchConfigNotPermitted
    // OFPRRFC
    case roleBadRole
    case roleStale
    case roleUnsupported
    case roleIDUnsupported
    case roleIDInUse
    // OFPMMFC
    case meterModUnknown
    case meterModMeterExists
    case meterModInvalidMeter
    case meterModUnknownMeter
    case meterModBadCommand
    case meterModBadFlags
    case meterModBadRate
    case meterModBadBurst
    case meterModBadBand
    case meterModBadBandValue
    case meterModOutOfMeters
    case meterModOutOfBands
    // OFPTFFC
    case tableFeaturesBadTable
    case tableFeaturesBadMetadata
    case tableFeaturesNotPermitted
    case tableFeaturesBadCapability
    case tableFeaturesBadMaxEntries
    case tableFeaturesBadFeatures
    case tableFeaturesBadCommand
    case tableFeaturesTooMany
    // OFPHFC
    case helloIncompatible
    case helloNotPermitted
    // OFPBPC
    case propertyBadType
    case propertyBadLength
    case propertyBadValue
    case propertyTooMany
    case propertyDuplicateType
    case propertyBadExperimenter
    case propertyBadExperimenterType
    case propertyBadExperimenterValue
    case propertyNotPermitted
    // OFPMOFC
    case flowMonitorMonitorExists
    case flowMonitorBadFlags
    case flowMonitorUnknownMonitor
    case flowMonitorUnknown
    case flowMonitorInvalidMonitor
    case flowMonitorBadCommand
    case flowMonitorBadTableID
    case flowMonitorBadOut
    // OFPBFC
    case bundleUnknown
    case bundleNotPermitted
    case bundleBadID
    case bundleBundleExist
    case bundleBundleClosed
    case bundleOutOfBundles
    case bundleBadType
    case bundleBadFlags
    case bundleMessageBadLength
    case bundleMessageBadXID
    case bundleMessageUnsupported
    case bundleMessageConflict
    case bundleMessageTooMany
    case bundleMessageFailed
    case bundleTimeout
    case bundleBundleInProgress
    case bundleBadVersion
    case bundleScheduleNotSupported
    case bundleScheduleFuture
    case bundleSchedulePast
    // OFPACFC
    case asyncConfigInvalid
    case asyncConfigUnsupported
    case asyncConfigNotPermitted
    // NXBRC
    case nxRequestNXMInvalid
    case nxRequestNXMBadType
    case nxRequestMustBeZero
    case nxRequestBadReason
    case nxRequestFlowMonitorBadEvent
    case nxRequestUnencodableError
    // NXBAC
    case nxActionMustBeZero
    case nxActionBadConjunction
    case nxActionCTDatapathSupport
    case nxActionBadHeaderType
    case nxActionUnknownEncapsulationProperty
    case nxActionBadEncapsulationProperty
    // NXBMC
    case nxMatchCTDatapathSupport
    // NXFMFC
    case nxFlowModHardware
    case nxFlowModBadTableID
    case nxFlowModInvalidTLVField
    // NXTTMFC
    case tlvTableBadCommand
    case tlvTableBadOptionLength
    case tlvTableBadFieldIndex
    case tlvTableTableFull
    case tlvTableAlreadyMapped
    case tlvTableDuplicateEntry
    case tlvTableInvalidTLVDeletion
    // NXR
    case nxRoleNotSupported
    case nxRoleStale
    // NXST
    case nxStatsNotConfigured
    // NXQOFC
    case nxQueueOpQueueError
    // NXTFFC
    case nxTableFeaturesDuplicateTable

    /// The constant's name: `OFPBMC_BAD_PREREQ`.
    public var name: String { Self.rows[Int(rawValue)].name }

    /// The numbers that stand for the reason in `version`; that it cannot be told where there are
    /// none.
    public func code(in version: OpenFlowVersion) -> ErrorCode {
        Self.rows[Int(rawValue)].code(in: version)
            ?? Self.rows[Int(Self.nxRequestUnencodableError.rawValue)].code(in: version)
            ?? .standard(1, 1)
    }

    /// The reason with these numbers in `version`.
    public init?(_ code: ErrorCode, in version: OpenFlowVersion) {
        guard let row = Self.rows.first(where: { $0.code(in: version) == code }) else { return nil }
        self = row.error
    }
}

extension OpenFlowError: CustomStringConvertible {
    public var description: String { name }
}
