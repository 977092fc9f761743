import Glibc
import Testing

@testable import LinuxPorts

@Suite struct DescriptorCloserTests {
    @Test(arguments: [0, 1, 100]) func `all descriptors are closed`(count: Int) {
        let closer = DescriptorCloser()
        var ends: [[Int32]] = []
        for _ in 0..<count {
            var pair: [Int32] = [-1, -1]
            #expect(pipe(&pair) == 0)
            ends.append(pair)
        }
        for pair in ends { closer.close(pair[1]) }
        closer.waitUntilIdle()
        for pair in ends {
            var octet: UInt8 = 0
            // The end of the file: nobody holds the other end.
            #expect(read(pair[0], &octet, 1) == 0)
            close(pair[0])
        }
    }
}
