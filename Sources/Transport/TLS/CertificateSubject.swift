/// What Open vSwitch reads of a certificate beyond its validity: whom it names and who signed it
/// (RFC 5280 §4.1).
///
///     Certificate    SEQUENCE { tbsCertificate SEQUENCE { version [0]?, serialNumber, signature,
///                    issuer, validity, subject, ... }, ... }
///     issuer,        SEQUENCE of SET of SEQUENCE { type OBJECT IDENTIFIER, value }
///     subject
///
/// The TLS library has verified the certificate before; these octets are only looked into.
struct CertificateSubject {
    /// The first common name of the subject (`CN`), by which access control knows a client.
    let commonName: String?
    /// Whether subject and issuer are the same, as in an authority's own certificate.
    let isSelfIssued: Bool

    /// The type of a common name: 2.5.4.3.
    private static let commonNameType: [UInt8] = [0x55, 0x04, 0x03]

    /// Nil for octets that are no certificate.
    init?(der octets: [UInt8]) {
        var outer = DERReader(octets[...])
        guard var certificate = outer.next(.sequence), var body = certificate.next(.sequence) else {
            return nil
        }
        _ = body.next(.version)
        guard body.next(.integer) != nil, body.next(.sequence) != nil,
            let issuer = body.next(.sequence), body.next(.sequence) != nil,
            let subject = body.next(.sequence)
        else { return nil }
        isSelfIssued = issuer.octets.elementsEqual(subject.octets)
        commonName = Self.commonName(in: subject)
    }

    private static func commonName(in subject: DERReader) -> String? {
        var subject = subject
        while var set = subject.next(.set) {
            while var attribute = set.next(.sequence) {
                guard let type = attribute.next(.objectIdentifier),
                    type.octets.elementsEqual(commonNameType), let value = attribute.next(nil)
                else { continue }
                return String(decoding: value.octets, as: UTF8.self)
            }
        }
        return nil
    }
}

/// Reads values of the Distinguished Encoding Rules one after another (X.690 §8.1).
struct DERReader {
    /// The tags that certificates need here.
    enum Tag: UInt8 {
        case integer = 0x02
        case objectIdentifier = 0x06
        case sequence = 0x30
        case set = 0x31
        /// `[0]`, constructed.
        case version = 0xa0
    }

    /// What is still to be read.
    private(set) var octets: ArraySlice<UInt8>

    init(_ octets: ArraySlice<UInt8>) { self.octets = octets }

    /// The contents of the next value, if it has that tag (or any, for nil); else nothing is read.
    mutating func next(_ tag: Tag?) -> DERReader? {
        var rest = octets
        guard let first = rest.popFirst(), tag == nil || first == tag?.rawValue,
            let byte = rest.popFirst()
        else { return nil }
        var count = Int(byte)
        if byte & 0x80 != 0 {
            // Four octets of length are more than any certificate needs.
            let lengthCount = Int(byte & 0x7f)
            guard (1...4).contains(lengthCount), rest.count >= lengthCount else { return nil }
            count = rest.prefix(lengthCount).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(lengthCount)
        }
        guard rest.count >= count else { return nil }
        octets = rest.dropFirst(count)
        return DERReader(rest.prefix(count))
    }
}
