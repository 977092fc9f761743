/// What a client may do, as the remote by which it came says.
public struct SessionRights: Hashable, Sendable {
    /// Whether its transactions may read alone.
    public var isReadOnly = false
    /// The role whose rules hold for it; without one, there are no rules.
    public var role: String?
    /// Who it is, by a name that a certificate vouches for.
    public var clientID: String?

    public init(isReadOnly: Bool = false, role: String? = nil, clientID: String? = nil) {
        self.isReadOnly = isReadOnly
        self.role = role
        self.clientID = clientID
    }
}
