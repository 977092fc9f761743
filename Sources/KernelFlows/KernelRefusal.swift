/// Why a flow stays with the userspace datapath.
public enum KernelRefusal: Error, Hashable, Sendable {
    /// It looks at something that the kernel's programs do not read.
    case field(String)
    /// It does something that they do not do.
    case action(String)
    /// A port of it is no device of the kernel's.
    case port(UInt32)
    /// The port that it is for is read in userspace, where its rate is limited.
    case policed(UInt32)
    /// It has more steps than fit.
    case tooManySteps
    /// A table is full.
    case full(Table)
    /// The kernel says no: an error number.
    case system(Int32)

    /// What may be full.
    public enum Table: String, Hashable, Sendable, CaseIterable {
        case masks, actions, flows
    }
}

extension KernelRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .field(let name): "no match on \(name) in the kernel"
        case .action(let name): "no action \(name) in the kernel"
        case .port(let number): "datapath port \(number) is no device of the kernel"
        case .policed(let number): "datapath port \(number) is policed"
        case .tooManySteps: "more than \(KernelActions.maximumSteps) steps"
        case .full(let table): "the kernel's table of \(table.rawValue) is full"
        case .system(let code): "error \(code)"
        }
    }
}
