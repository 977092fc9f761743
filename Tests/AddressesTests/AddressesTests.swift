import Addresses
import Testing

struct AddressesTests {
    @Test(arguments: [
        "::", "::1", "fe80::1", "2001:db8::2:1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
        "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "ff02::1:ff00:1234",
    ])
    func `an IPv6 address prints as it was written in canonical form`(text: String) throws {
        #expect(try #require(IPv6Address(text)).description == text)
    }

    @Test(arguments: ["", ":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "::1.2.3", "g::"])
    func `a malformed IPv6 address is refused`(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test(arguments: ["0.0.0.0", "255.255.255.255", "192.0.2.1"])
    func `an IPv4 address prints as it was written`(text: String) throws {
        #expect(try #require(IPv4Address(text)).description == text)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "a.b.c.d", "+1.2.3.4"])
    func `a malformed IPv4 address is refused`(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test func `an Ethernet address prints in lower case with leading zeros`() throws {
        let address = try #require(EthernetAddress("0:A:bc:0:1:ff"))
        #expect(address.description == "00:0a:bc:00:01:ff")
        #expect(EthernetAddress(octets: address.octets) == address)
    }

    @Test(arguments: ["", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:100", "1:2:3:4:5:"])
    func `a malformed Ethernet address is refused`(text: String) {
        #expect(EthernetAddress(text) == nil)
    }

    @Test(arguments: 0...32)
    func `a prefix length survives its mask`(length: Int) {
        #expect(IPv4Address.mask(prefixLength: length).prefixLength == length)
        #expect(IPv6Address.mask(prefixLength: length * 4).prefixLength == length * 4)
    }
}
