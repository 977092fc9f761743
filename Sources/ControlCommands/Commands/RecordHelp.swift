import OVSDBModel

extension ControlRun {
    /// The part of `--help` that says how records can be named.
    public static var recordHelp: String {
        var text = "Records can be named in these ways:\n"
        for table in OpenVSwitchSchema.schema.tables {
            text += "  \(table.name):\n    by UUID\n"
            for way in RecordNaming.ways(of: table.name) { text += "    \(way.help)\n" }
        }
        return text
    }
}
