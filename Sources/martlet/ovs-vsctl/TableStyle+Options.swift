import ControlCommands
import Daemon

/// The options for tables that `ovs-vsctl` and `ovsdb-client` share.
extension TableStyle {
    static let options = [
        Daemon.CommandOption("format", "f", .required), CommandOption("data", "d", .required),
        CommandOption("no-headings"), CommandOption("pretty"), CommandOption("bare"),
        CommandOption("max-column-width", nil, .required),
    ]

    /// Obeys an option; those that it does not know say nothing about tables.
    mutating func take(_ option: OptionParser.Found) throws(ProgramError) {
        let value = option.value ?? ""
        switch option.name {
        case "format":
            guard let format = Format(rawValue: value) else {
                throw ProgramError("unknown output format \"\(value)\"")
            }
            self.format = format
        case "data":
            guard let format = CellFormat(rawValue: value) else {
                throw ProgramError("unknown data format \"\(value)\"")
            }
            cellFormat = format
        case "no-headings": hasHeadings = false
        case "pretty": isPretty = true
        case "bare":
            format = .list
            cellFormat = .bare
            hasHeadings = false
        case "max-column-width":
            guard let width = Int(value), width >= 0 else {
                throw ProgramError("bad --max-column-width value \"\(value)\"")
            }
            maximumColumnWidth = width == 0 ? nil : width
        default: break
        }
    }
}
