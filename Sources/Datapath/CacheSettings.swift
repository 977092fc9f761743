/// Which caches answer before the masks are searched.
public struct CacheSettings: Equatable, Sendable {
    /// OVS's default of `emc-insert-inv-prob`.
    public static let defaultInsertion: UInt32 = 100

    /// One in so many keys takes the place of another in the exact-match cache
    /// (`emc-insert-inv-prob`); 1 for each, 0 to have no such cache.
    ///
    /// A key that finds a free place is always kept.
    public var insertion: UInt32 = 1
    /// Whether there is a signature-match cache (`smc-enable`), for more connections than the
    /// exact-match cache holds.
    public var usesSignatures = false

    public init() {}
}
