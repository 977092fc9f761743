import CLinux

/// The release of the kernel, as far as features hang on it.
struct KernelVersion: Comparable, Sendable {
    let major: Int
    let minor: Int

    static let running = KernelVersion()

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    private init() {
        var names = utsname()
        guard uname(&names) == 0 else {
            self.init(major: 0, minor: 0)
            return
        }
        let release = withUnsafeBytes(of: names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let numbers = release.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
        self.init(major: numbers.first ?? 0, minor: numbers.count > 1 ? numbers[1] : 0)
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Whether headers may ask for the segmentation of UDP, which Linux 6.2 began to take.
    var segmentsUDP: Bool { self >= KernelVersion(major: 6, minor: 2) }
}
