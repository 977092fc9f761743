/// The numbers of errors, version by version, as `ovs-ofctl ofp-print` names them.
extension OpenFlowError {
    struct Row: Sendable {
        let error: OpenFlowError
        let name: String
        let steps: [Step]

        /// The numbers in `version`: those of the last step that it has reached.
        func code(in version: OpenFlowVersion) -> ErrorCode? {
            steps.last { $0.version <= version }.flatMap(\.code)
        }
    }

    /// The numbers from one version on; `nil` where the error has none any more.
    struct Step: Sendable {
        let version: OpenFlowVersion
        let code: ErrorCode?

        static func from(_ version: OpenFlowVersion, _ code: ErrorCode?) -> Step {
            Step(version: version, code: code)
        }
    }

    private static func row(_ error: OpenFlowError, _ name: String, _ steps: Step...) -> Row {
        Row(error: error, name: name, steps: steps)
    }

    /// In the order of the cases.
    static let rows: [Row] =
        requestRows + modificationRows + laterRows + niciraRows

    private static var requestRows: [Row] {
        [
            row(.requestBadVersion, "OFPBRC_BAD_VERSION", .from(.v10, .standard(1, 0))),
            row(.requestBadType, "OFPBRC_BAD_TYPE", .from(.v10, .standard(1, 1))),
            row(.requestBadStatistics, "OFPBRC_BAD_STAT", .from(.v10, .standard(1, 2))),
            row(.requestBadVendor, "OFPBRC_BAD_VENDOR", .from(.v10, .standard(1, 3))),
            row(.requestBadSubtype, "OFPBRC_BAD_SUBTYPE", .from(.v10, .standard(1, 4))),
            row(.requestNotPermitted, "OFPBRC_EPERM", .from(.v10, .standard(1, 5))),
            row(.requestBadLength, "OFPBRC_BAD_LEN", .from(.v10, .standard(1, 6))),
            row(.requestBufferEmpty, "OFPBRC_BUFFER_EMPTY", .from(.v10, .standard(1, 7))),
            row(.requestBufferUnknown, "OFPBRC_BUFFER_UNKNOWN", .from(.v10, .standard(1, 8))),
            row(
                .requestBadTableID, "OFPBRC_BAD_TABLE_ID",
                .from(.v10, .nicira(1, 512)), .from(.v11, .standard(1, 9))),
            row(
                .requestBadPort, "OFPBRC_BAD_PORT",
                .from(.v10, .nicira(1, 514)), .from(.v12, .standard(1, 11))),
            row(
                .requestIsSecondary, "OFPBRC_IS_SECONDARY",
                .from(.v10, .standard(1, 5)), .from(.v12, .standard(1, 10))),
            row(.requestBadPacket, "OFPBRC_BAD_PACKET", .from(.v12, .standard(1, 12))),
            row(
                .requestMultipartBufferOverflow, "OFPBRC_MULTIPART_BUFFER_OVERFLOW",
                .from(.v13, .standard(1, 13))),
            row(
                .requestMultipartRequestTimeout, "OFPBRC_MULTIPART_REQUEST_TIMEOUT",
                .from(.v13, .onf(2640)), .from(.v14, .standard(1, 14))),
            row(
                .requestMultipartReplyTimeout, "OFPBRC_MULTIPART_REPLY_TIMEOUT",
                .from(.v13, .onf(2641)), .from(.v14, .standard(1, 15))),
            row(
                .requestMultipartBadSchedule, "OFPBRC_MULTIPART_BAD_SCHED",
                .from(.v15, .standard(1, 16))),
            row(
                .requestPipelineFieldsOnly, "OFPBRC_PIPELINE_FIELDS_ONLY",
                .from(.v15, .standard(1, 17))),
            row(.requestUnknown, "OFPBRC_UNKNOWN", .from(.v15, .standard(1, 18))),
            row(.actionBadType, "OFPBAC_BAD_TYPE", .from(.v10, .standard(2, 0))),
            row(.actionBadLength, "OFPBAC_BAD_LEN", .from(.v10, .standard(2, 1))),
            row(.actionBadVendor, "OFPBAC_BAD_VENDOR", .from(.v10, .standard(2, 2))),
            row(.actionBadVendorType, "OFPBAC_BAD_VENDOR_TYPE", .from(.v10, .standard(2, 3))),
            row(.actionBadOutPort, "OFPBAC_BAD_OUT_PORT", .from(.v10, .standard(2, 4))),
            row(.actionBadArgument, "OFPBAC_BAD_ARGUMENT", .from(.v10, .standard(2, 5))),
            row(.actionNotPermitted, "OFPBAC_EPERM", .from(.v10, .standard(2, 6))),
            row(.actionTooMany, "OFPBAC_TOO_MANY", .from(.v10, .standard(2, 7))),
            row(.actionBadQueue, "OFPBAC_BAD_QUEUE", .from(.v10, .standard(2, 8))),
            row(
                .actionBadOutGroup, "OFPBAC_BAD_OUT_GROUP",
                .from(.v10, .nicira(2, 9)), .from(.v11, .standard(2, 9))),
            row(
                .actionMatchInconsistent, "OFPBAC_MATCH_INCONSISTENT",
                .from(.v10, .nicira(1, 522)), .from(.v11, .standard(2, 10))),
            row(
                .actionBadSetType, "OFPBAC_BAD_SET_TYPE",
                .from(.v10, .nicira(1, 523)), .from(.v12, .standard(2, 13))),
            row(
                .actionBadSetLength, "OFPBAC_BAD_SET_LEN",
                .from(.v10, .nicira(1, 524)), .from(.v12, .standard(2, 14))),
            row(
                .actionBadSetArgument, "OFPBAC_BAD_SET_ARGUMENT",
                .from(.v10, .nicira(1, 525)), .from(.v12, .standard(2, 15))),
            row(.actionUnsupportedOrder, "OFPBAC_UNSUPPORTED_ORDER", .from(.v11, .standard(2, 11))),
            row(.actionBadTag, "OFPBAC_BAD_TAG", .from(.v11, .standard(2, 12))),
            row(
                .actionBadSetMask, "OFPBAC_BAD_SET_MASK",
                .from(.v13, .onf(4250)), .from(.v15, .standard(2, 16))),
            row(.actionBadMeter, "OFPBAC_BAD_METER", .from(.v15, .standard(2, 17))),
            row(
                .instructionUnsupportedInstruction, "OFPBIC_UNSUP_INST",
                .from(.v10, .nicira(2, 257)), .from(.v11, .standard(3, 1))),
            row(
                .instructionUnknownInstruction, "OFPBIC_UNKNOWN_INST",
                .from(.v11, .standard(3, 0))),
            row(.instructionBadTableID, "OFPBIC_BAD_TABLE_ID", .from(.v11, .standard(3, 2))),
            row(
                .instructionUnsupportedMetadata, "OFPBIC_UNSUP_METADATA",
                .from(.v11, .standard(3, 3))),
            row(
                .instructionUnsupportedMetadataMask, "OFPBIC_UNSUP_METADATA_MASK",
                .from(.v11, .standard(3, 4))),
            row(
                .instructionBadExperimenter, "OFPBIC_BAD_EXPERIMENTER",
                .from(.v11, .standard(3, 5))),
            row(
                .instructionBadExperimenterType, "OFPBIC_BAD_EXP_TYPE",
                .from(.v12, .standard(3, 6))),
            row(.instructionBadLength, "OFPBIC_BAD_LEN", .from(.v12, .standard(3, 7))),
            row(.instructionNotPermitted, "OFPBIC_EPERM", .from(.v12, .standard(3, 8))),
            row(.instructionDuplicateInstruction, "OFPBIC_DUP_INST", .from(.v14, .standard(3, 9))),
            row(
                .matchBadWildcards, "OFPBMC_BAD_WILDCARDS",
                .from(.v10, .nicira(1, 262)), .from(.v11, .standard(4, 5))),
            row(
                .matchBadField, "OFPBMC_BAD_FIELD",
                .from(.v10, .nicira(0, 263)), .from(.v11, .standard(4, 6))),
            row(
                .matchBadValue, "OFPBMC_BAD_VALUE",
                .from(.v10, .nicira(1, 258)), .from(.v11, .standard(4, 7))),
            row(
                .matchBadMask, "OFPBMC_BAD_MASK",
                .from(.v10, .nicira(1, 259)), .from(.v12, .standard(4, 8))),
            row(
                .matchBadPrerequisite, "OFPBMC_BAD_PREREQ",
                .from(.v10, .nicira(1, 260)), .from(.v12, .standard(4, 9))),
            row(
                .matchDuplicateField, "OFPBMC_DUP_FIELD",
                .from(.v10, .nicira(1, 261)), .from(.v12, .standard(4, 10))),
            row(.matchBadType, "OFPBMC_BAD_TYPE", .from(.v11, .standard(4, 0))),
            row(.matchBadLength, "OFPBMC_BAD_LEN", .from(.v11, .standard(4, 1))),
            row(.matchBadTag, "OFPBMC_BAD_TAG", .from(.v11, .standard(4, 2))),
            row(
                .matchBadEthernetAddressMask, "OFPBMC_BAD_DL_ADDR_MASK",
                .from(.v11, .standard(4, 3))),
            row(
                .matchBadNetworkAddressMask, "OFPBMC_BAD_NW_ADDR_MASK",
                .from(.v11, .standard(4, 4))),
            row(.matchNotPermitted, "OFPBMC_EPERM", .from(.v12, .standard(4, 11))),
        ]
    }

    private static var modificationRows: [Row] {
        [
            row(
                .flowModTableFull, "OFPFMFC_TABLE_FULL",
                .from(.v10, .standard(3, 0)), .from(.v11, .standard(5, 1))),
            row(
                .flowModOverlap, "OFPFMFC_OVERLAP",
                .from(.v10, .standard(3, 1)), .from(.v11, .standard(5, 3))),
            row(
                .flowModNotPermitted, "OFPFMFC_EPERM",
                .from(.v10, .standard(3, 2)), .from(.v11, .standard(5, 4))),
            row(
                .flowModBadEmergencyTimeout, "OFPFMFC_BAD_EMERG_TIMEOUT",
                .from(.v10, .standard(3, 3)), .from(.v11, nil)),
            row(
                .flowModBadCommand, "OFPFMFC_BAD_COMMAND",
                .from(.v10, .standard(3, 4)), .from(.v11, .standard(5, 6))),
            row(
                .flowModUnsupported, "OFPFMFC_UNSUPPORTED",
                .from(.v10, .standard(3, 5)), .from(.v11, nil)),
            row(
                .flowModBadFlags, "OFPFMFC_BAD_FLAGS",
                .from(.v10, .nicira(3, 258)), .from(.v12, .standard(5, 7))),
            row(.flowModUnknown, "OFPFMFC_UNKNOWN", .from(.v11, .standard(5, 0))),
            row(.flowModBadTableID, "OFPFMFC_BAD_TABLE_ID", .from(.v11, .standard(5, 2))),
            row(.flowModBadTimeout, "OFPFMFC_BAD_TIMEOUT", .from(.v11, .standard(5, 5))),
            row(.flowModCantSynchronised, "OFPFMFC_CANT_SYNC", .from(.v14, .standard(5, 8))),
            row(.flowModBadPriority, "OFPFMFC_BAD_PRIORITY", .from(.v14, .standard(5, 9))),
            row(.flowModIsSynchronised, "OFPFMFC_IS_SYNC", .from(.v14, .standard(5, 10))),
            row(
                .groupModGroupExists, "OFPGMFC_GROUP_EXISTS", .from(.v10, .nicira(6, 0)),
                .from(.v11, .standard(6, 0))),
            row(
                .groupModInvalidGroup, "OFPGMFC_INVALID_GROUP", .from(.v10, .nicira(6, 1)),
                .from(.v11, .standard(6, 1))),
            row(
                .groupModWeightUnsupported, "OFPGMFC_WEIGHT_UNSUPPORTED",
                .from(.v10, .nicira(6, 2)), .from(.v11, .standard(6, 2))),
            row(
                .groupModOutOfGroups, "OFPGMFC_OUT_OF_GROUPS", .from(.v10, .nicira(6, 3)),
                .from(.v11, .standard(6, 3))),
            row(
                .groupModOutOfBuckets, "OFPGMFC_OUT_OF_BUCKETS", .from(.v10, .nicira(6, 4)),
                .from(.v11, .standard(6, 4))),
            row(
                .groupModChainingUnsupported, "OFPGMFC_CHAINING_UNSUPPORTED",
                .from(.v10, .nicira(6, 5)), .from(.v11, .standard(6, 5))),
            row(
                .groupModWatchUnsupported, "OFPGMFC_WATCH_UNSUPPORTED",
                .from(.v10, .nicira(6, 6)), .from(.v11, .standard(6, 6))),
            row(
                .groupModLoop, "OFPGMFC_LOOP", .from(.v10, .nicira(6, 7)),
                .from(.v11, .standard(6, 7))),
            row(
                .groupModUnknownGroup, "OFPGMFC_UNKNOWN_GROUP", .from(.v10, .nicira(6, 8)),
                .from(.v11, .standard(6, 8))),
            row(
                .groupModChainedGroup, "OFPGMFC_CHAINED_GROUP", .from(.v10, .nicira(6, 9)),
                .from(.v11, nil), .from(.v12, .standard(6, 9))),
            row(
                .groupModBadType, "OFPGMFC_BAD_TYPE", .from(.v10, .nicira(6, 10)), .from(.v11, nil),
                .from(.v12, .standard(6, 10))),
            row(
                .groupModBadCommand, "OFPGMFC_BAD_COMMAND", .from(.v10, .nicira(6, 11)),
                .from(.v11, nil), .from(.v12, .standard(6, 11))),
            row(
                .groupModBadBucket, "OFPGMFC_BAD_BUCKET", .from(.v10, .nicira(6, 12)),
                .from(.v11, nil), .from(.v12, .standard(6, 12))),
            row(
                .groupModBadWatch, "OFPGMFC_BAD_WATCH", .from(.v10, .nicira(6, 13)),
                .from(.v11, nil), .from(.v12, .standard(6, 13))),
            row(
                .groupModNotPermitted, "OFPGMFC_EPERM", .from(.v10, .nicira(6, 14)),
                .from(.v11, nil), .from(.v12, .standard(6, 14))),
            row(
                .groupModUnknownBucket, "OFPGMFC_UNKNOWN_BUCKET", .from(.v10, .nicira(6, 15)),
                .from(.v11, nil), .from(.v15, .standard(6, 15))),
            row(
                .groupModBucketExists, "OFPGMFC_BUCKET_EXISTS", .from(.v10, .nicira(6, 16)),
                .from(.v11, nil), .from(.v15, .standard(6, 16))),
            row(
                .portModBadPort, "OFPPMFC_BAD_PORT",
                .from(.v10, .standard(4, 0)), .from(.v11, .standard(7, 0))),
            row(
                .portModBadHardwareAddress, "OFPPMFC_BAD_HW_ADDR",
                .from(.v10, .standard(4, 1)), .from(.v11, .standard(7, 1))),
            row(.portModBadConfig, "OFPPMFC_BAD_CONFIG", .from(.v11, .standard(7, 2))),
            row(.portModBadAdvertise, "OFPPMFC_BAD_ADVERTISE", .from(.v11, .standard(7, 3))),
            row(.portModNotPermitted, "OFPPMFC_EPERM", .from(.v12, .standard(7, 4))),
            row(.tableModBadTable, "OFPTMFC_BAD_TABLE", .from(.v11, .standard(8, 0))),
            row(.tableModBadConfig, "OFPTMFC_BAD_CONFIG", .from(.v11, .standard(8, 1))),
            row(.tableModNotPermitted, "OFPTMFC_EPERM", .from(.v12, .standard(8, 2))),
            row(
                .queueOpBadPort, "OFPQOFC_BAD_PORT",
                .from(.v10, .standard(5, 0)), .from(.v11, .standard(9, 0))),
            row(
                .queueOpBadQueue, "OFPQOFC_BAD_QUEUE",
                .from(.v10, .standard(5, 1)), .from(.v11, .standard(9, 1))),
            row(
                .queueOpNotPermitted, "OFPQOFC_EPERM",
                .from(.v10, .standard(5, 2)), .from(.v11, .standard(9, 2))),
            row(.switchConfigBadFlags, "OFPSCFC_BAD_FLAGS", .from(.v11, .standard(10, 0))),
            row(.switchConfigBadLength, "OFPSCFC_BAD_LEN", .from(.v11, .standard(10, 1))),
            row(.switchConfigNotPermitted, "OFPSCFC_EPERM", .from(.v12, .standard(10, 2))),
            row(
                .roleBadRole, "OFPRRFC_BAD_ROLE",
                .from(.v10, .nicira(1, 513)), .from(.v12, .standard(11, 2))),
            row(.roleStale, "OFPRRFC_STALE", .from(.v12, .standard(11, 0))),
            row(.roleUnsupported, "OFPRRFC_UNSUP", .from(.v12, .standard(11, 1))),
            row(.roleIDUnsupported, "OFPRRFC_ID_UNSUP", .from(.v15, .standard(11, 3))),
            row(.roleIDInUse, "OFPRRFC_ID_IN_USE", .from(.v15, .standard(11, 4))),
        ]
    }

    private static var laterRows: [Row] {
        [
            row(.meterModUnknown, "OFPMMFC_UNKNOWN", .from(.v13, .standard(12, 0))),
            row(.meterModMeterExists, "OFPMMFC_METER_EXISTS", .from(.v13, .standard(12, 1))),
            row(.meterModInvalidMeter, "OFPMMFC_INVALID_METER", .from(.v13, .standard(12, 2))),
            row(.meterModUnknownMeter, "OFPMMFC_UNKNOWN_METER", .from(.v13, .standard(12, 3))),
            row(.meterModBadCommand, "OFPMMFC_BAD_COMMAND", .from(.v13, .standard(12, 4))),
            row(.meterModBadFlags, "OFPMMFC_BAD_FLAGS", .from(.v13, .standard(12, 5))),
            row(.meterModBadRate, "OFPMMFC_BAD_RATE", .from(.v13, .standard(12, 6))),
            row(.meterModBadBurst, "OFPMMFC_BAD_BURST", .from(.v13, .standard(12, 7))),
            row(.meterModBadBand, "OFPMMFC_BAD_BAND", .from(.v13, .standard(12, 8))),
            row(.meterModBadBandValue, "OFPMMFC_BAD_BAND_VALUE", .from(.v13, .standard(12, 9))),
            row(.meterModOutOfMeters, "OFPMMFC_OUT_OF_METERS", .from(.v13, .standard(12, 10))),
            row(.meterModOutOfBands, "OFPMMFC_OUT_OF_BANDS", .from(.v13, .standard(12, 11))),
            row(.tableFeaturesBadTable, "OFPTFFC_BAD_TABLE", .from(.v13, .standard(13, 0))),
            row(.tableFeaturesBadMetadata, "OFPTFFC_BAD_METADATA", .from(.v13, .standard(13, 1))),
            row(.tableFeaturesNotPermitted, "OFPTFFC_EPERM", .from(.v13, .standard(13, 5))),
            row(.tableFeaturesBadCapability, "OFPTFFC_BAD_CAPA", .from(.v15, .standard(13, 6))),
            row(.tableFeaturesBadMaxEntries, "OFPTFFC_BAD_MAX_ENT", .from(.v15, .standard(13, 7))),
            row(.tableFeaturesBadFeatures, "OFPTFFC_BAD_FEATURES", .from(.v15, .standard(13, 8))),
            row(.tableFeaturesBadCommand, "OFPTFFC_BAD_COMMAND", .from(.v15, .standard(13, 9))),
            row(.tableFeaturesTooMany, "OFPTFFC_TOO_MANY", .from(.v15, .standard(13, 10))),
            row(.helloIncompatible, "OFPHFC_INCOMPATIBLE", .from(.v10, .standard(0, 0))),
            row(.helloNotPermitted, "OFPHFC_EPERM", .from(.v10, .standard(0, 1))),
            row(
                .propertyBadType, "OFPBPC_BAD_TYPE",
                .from(.v12, .nicira(25)), .from(.v13, .standard(13, 2)),
                .from(.v14, .standard(14, 0))),
            row(
                .propertyBadLength, "OFPBPC_BAD_LEN",
                .from(.v12, .nicira(26)), .from(.v13, .standard(13, 3)),
                .from(.v14, .standard(14, 1))),
            row(
                .propertyBadValue, "OFPBPC_BAD_VALUE",
                .from(.v12, .nicira(27)), .from(.v13, .standard(13, 4)),
                .from(.v14, .standard(14, 2))),
            row(
                .propertyTooMany, "OFPBPC_TOO_MANY",
                .from(.v12, .nicira(28)), .from(.v13, nil), .from(.v14, .standard(14, 3))),
            row(
                .propertyDuplicateType, "OFPBPC_DUP_TYPE",
                .from(.v12, .nicira(29)), .from(.v13, nil), .from(.v14, .standard(14, 4))),
            row(
                .propertyBadExperimenter, "OFPBPC_BAD_EXPERIMENTER",
                .from(.v12, .nicira(30)), .from(.v13, nil), .from(.v14, .standard(14, 5))),
            row(
                .propertyBadExperimenterType, "OFPBPC_BAD_EXP_TYPE",
                .from(.v12, .nicira(31)), .from(.v13, nil), .from(.v14, .standard(14, 6))),
            row(
                .propertyBadExperimenterValue, "OFPBPC_BAD_EXP_VALUE",
                .from(.v12, .nicira(32)), .from(.v13, nil), .from(.v14, .standard(14, 7))),
            row(
                .propertyNotPermitted, "OFPBPC_EPERM",
                .from(.v12, .nicira(33)), .from(.v13, nil), .from(.v14, .standard(14, 8))),
            row(
                .flowMonitorMonitorExists, "OFPMOFC_MONITOR_EXISTS",
                .from(.v10, .nicira(1, 517)), .from(.v12, .nicira(6)), .from(.v14, .standard(16, 1))
            ),
            row(
                .flowMonitorBadFlags, "OFPMOFC_BAD_FLAGS",
                .from(.v10, .nicira(1, 518)), .from(.v12, .nicira(7)), .from(.v14, .standard(16, 5))
            ),
            row(
                .flowMonitorUnknownMonitor, "OFPMOFC_UNKNOWN_MONITOR",
                .from(.v10, .nicira(1, 519)), .from(.v12, .nicira(8)), .from(.v14, .standard(16, 3))
            ),
            row(.flowMonitorUnknown, "OFPMOFC_UNKNOWN", .from(.v14, .standard(16, 0))),
            row(
                .flowMonitorInvalidMonitor, "OFPMOFC_INVALID_MONITOR",
                .from(.v14, .standard(16, 2))),
            row(.flowMonitorBadCommand, "OFPMOFC_BAD_COMMAND", .from(.v14, .standard(16, 4))),
            row(.flowMonitorBadTableID, "OFPMOFC_BAD_TABLE_ID", .from(.v14, .standard(16, 6))),
            row(.flowMonitorBadOut, "OFPMOFC_BAD_OUT", .from(.v14, .standard(16, 7))),
            row(
                .bundleUnknown, "OFPBFC_UNKNOWN",
                .from(.v13, .onf(2300)), .from(.v14, .standard(17, 0))),
            row(
                .bundleNotPermitted, "OFPBFC_EPERM",
                .from(.v13, .onf(2301)), .from(.v14, .standard(17, 1))),
            row(
                .bundleBadID, "OFPBFC_BAD_ID",
                .from(.v13, .onf(2302)), .from(.v14, .standard(17, 2))),
            row(
                .bundleBundleExist, "OFPBFC_BUNDLE_EXIST",
                .from(.v13, .onf(2303)), .from(.v14, .standard(17, 3))),
            row(
                .bundleBundleClosed, "OFPBFC_BUNDLE_CLOSED",
                .from(.v13, .onf(2304)), .from(.v14, .standard(17, 4))),
            row(
                .bundleOutOfBundles, "OFPBFC_OUT_OF_BUNDLES",
                .from(.v13, .onf(2305)), .from(.v14, .standard(17, 5))),
            row(
                .bundleBadType, "OFPBFC_BAD_TYPE",
                .from(.v13, .onf(2306)), .from(.v14, .standard(17, 6))),
            row(
                .bundleBadFlags, "OFPBFC_BAD_FLAGS",
                .from(.v13, .onf(2307)), .from(.v14, .standard(17, 7))),
            row(
                .bundleMessageBadLength, "OFPBFC_MSG_BAD_LEN",
                .from(.v13, .onf(2308)), .from(.v14, .standard(17, 8))),
            row(
                .bundleMessageBadXID, "OFPBFC_MSG_BAD_XID",
                .from(.v13, .onf(2309)), .from(.v14, .standard(17, 9))),
            row(
                .bundleMessageUnsupported, "OFPBFC_MSG_UNSUP",
                .from(.v13, .onf(2310)), .from(.v14, .standard(17, 10))),
            row(
                .bundleMessageConflict, "OFPBFC_MSG_CONFLICT",
                .from(.v13, .onf(2311)), .from(.v14, .standard(17, 11))),
            row(
                .bundleMessageTooMany, "OFPBFC_MSG_TOO_MANY",
                .from(.v13, .onf(2312)), .from(.v14, .standard(17, 12))),
            row(
                .bundleMessageFailed, "OFPBFC_MSG_FAILED",
                .from(.v13, .onf(2313)), .from(.v14, .standard(17, 13))),
            row(
                .bundleTimeout, "OFPBFC_TIMEOUT",
                .from(.v13, .onf(2314)), .from(.v14, .standard(17, 14))),
            row(
                .bundleBundleInProgress, "OFPBFC_BUNDLE_IN_PROGRESS",
                .from(.v13, .onf(2315)), .from(.v14, .standard(17, 15))),
            row(.bundleBadVersion, "OFPBFC_BAD_VERSION", .from(.v14, .nicira(22))),
            row(
                .bundleScheduleNotSupported, "OFPBFC_SCHED_NOT_SUPPORTED",
                .from(.v15, .standard(17, 16))),
            row(.bundleScheduleFuture, "OFPBFC_SCHED_FUTURE", .from(.v15, .standard(17, 17))),
            row(.bundleSchedulePast, "OFPBFC_SCHED_PAST", .from(.v15, .standard(17, 18))),
            row(.asyncConfigInvalid, "OFPACFC_INVALID", .from(.v14, .standard(15, 0))),
            row(.asyncConfigUnsupported, "OFPACFC_UNSUPPORTED", .from(.v14, .standard(15, 1))),
            row(.asyncConfigNotPermitted, "OFPACFC_EPERM", .from(.v14, .standard(15, 2))),
        ]
    }

    private static var niciraRows: [Row] {
        [
            row(
                .nxRequestNXMInvalid, "NXBRC_NXM_INVALID",
                .from(.v10, .nicira(1, 256)), .from(.v12, .nicira(2))),
            row(
                .nxRequestNXMBadType, "NXBRC_NXM_BAD_TYPE",
                .from(.v10, .nicira(1, 257)), .from(.v12, .nicira(3))),
            row(
                .nxRequestMustBeZero, "NXBRC_MUST_BE_ZERO",
                .from(.v10, .nicira(1, 515)), .from(.v12, .nicira(4))),
            row(
                .nxRequestBadReason, "NXBRC_BAD_REASON",
                .from(.v10, .nicira(1, 516)), .from(.v12, .nicira(5))),
            row(
                .nxRequestFlowMonitorBadEvent, "NXBRC_FM_BAD_EVENT",
                .from(.v10, .nicira(1, 520)), .from(.v12, .nicira(9))),
            row(
                .nxRequestUnencodableError, "NXBRC_UNENCODABLE_ERROR",
                .from(.v10, .nicira(1, 521)), .from(.v12, .nicira(10))),
            row(
                .nxActionMustBeZero, "NXBAC_MUST_BE_ZERO",
                .from(.v10, .nicira(2, 256)), .from(.v12, .nicira(11))),
            row(
                .nxActionBadConjunction, "NXBAC_BAD_CONJUNCTION",
                .from(.v10, .nicira(2, 526)), .from(.v12, .nicira(15))),
            row(
                .nxActionCTDatapathSupport, "NXBAC_CT_DATAPATH_SUPPORT",
                .from(.v10, .nicira(1, 265)), .from(.v12, .nicira(42))),
            row(.nxActionBadHeaderType, "NXBAC_BAD_HEADER_TYPE", .from(.v13, .nicira(39))),
            row(
                .nxActionUnknownEncapsulationProperty, "NXBAC_UNKNOWN_ED_PROP",
                .from(.v13, .nicira(40))),
            row(.nxActionBadEncapsulationProperty, "NXBAC_BAD_ED_PROP", .from(.v13, .nicira(41))),
            row(
                .nxMatchCTDatapathSupport, "NXBMC_CT_DATAPATH_SUPPORT",
                .from(.v10, .nicira(1, 264)), .from(.v12, .nicira(43))),
            row(
                .nxFlowModHardware, "NXFMFC_HARDWARE",
                .from(.v10, .nicira(5, 256)), .from(.v12, .nicira(12))),
            row(
                .nxFlowModBadTableID, "NXFMFC_BAD_TABLE_ID",
                .from(.v10, .nicira(5, 257)), .from(.v12, .nicira(13))),
            row(
                .nxFlowModInvalidTLVField, "NXFMFC_INVALID_TLV_FIELD",
                .from(.v10, .nicira(1, 536)), .from(.v12, .nicira(37))),
            row(
                .tlvTableBadCommand, "NXTTMFC_BAD_COMMAND",
                .from(.v10, .nicira(1, 527)), .from(.v12, .nicira(16))),
            row(
                .tlvTableBadOptionLength, "NXTTMFC_BAD_OPT_LEN",
                .from(.v10, .nicira(1, 528)), .from(.v12, .nicira(17))),
            row(
                .tlvTableBadFieldIndex, "NXTTMFC_BAD_FIELD_IDX",
                .from(.v10, .nicira(1, 529)), .from(.v12, .nicira(18))),
            row(
                .tlvTableTableFull, "NXTTMFC_TABLE_FULL",
                .from(.v10, .nicira(1, 530)), .from(.v12, .nicira(19))),
            row(
                .tlvTableAlreadyMapped, "NXTTMFC_ALREADY_MAPPED",
                .from(.v10, .nicira(1, 531)), .from(.v12, .nicira(20))),
            row(
                .tlvTableDuplicateEntry, "NXTTMFC_DUP_ENTRY",
                .from(.v10, .nicira(1, 532)), .from(.v12, .nicira(21))),
            row(
                .tlvTableInvalidTLVDeletion, "NXTTMFC_INVALID_TLV_DEL",
                .from(.v10, .nicira(1, 537)), .from(.v12, .nicira(38))),
            row(
                .nxRoleNotSupported, "NXR_NOT_SUPPORTED",
                .from(.v10, .nicira(1, 533)), .from(.v12, .nicira(34))),
            row(.nxRoleStale, "NXR_STALE", .from(.v10, .nicira(1, 534)), .from(.v12, .nicira(35))),
            row(
                .nxStatsNotConfigured, "NXST_NOT_CONFIGURED",
                .from(.v10, .nicira(1, 535)), .from(.v12, .nicira(36))),
            row(.nxQueueOpQueueError, "NXQOFC_QUEUE_ERROR", .from(.v14, .nicira(23))),
            row(.nxTableFeaturesDuplicateTable, "NXTFFC_DUP_TABLE", .from(.v13, .nicira(44))),
        ]
    }
}
