import CLinux
import Datapath

/// Tells a port that is busy with small frames from others.
struct ReceivePace {
    /// Small frames in a second from which a ring pays.
    static let busyFrameCount = 16_384
    /// Small frames in a second below which a ring does not pay.
    static let quietFrameCount: UInt64 = 1_000
    /// Seconds for which a ring is kept that does not pay.
    static let patience = 30

    private var frameCount = 0
    private var start: Int64 = 0
    private var lastTotal: UInt64 = 0
    private var quietSeconds = 0

    /// Counts the frames of `batch` from `first` on that fit in a ring's slot.
    ///
    /// - Returns: whether as many have come within a second as make a ring pay. The clock is read
    ///   only then.
    mutating func count(_ batch: PacketBatch, from first: Int) -> Bool {
        for index in first..<batch.count
        where batch.packets[index].byteCount < FrameRing.slotByteCount { frameCount &+= 1 }
        guard frameCount >= Self.busyFrameCount else { return false }
        frameCount = 0
        let now = clinux_monotonic_nanoseconds()
        defer { start = now }
        return now - start <= 1_000_000_000
    }

    /// To be called once a second with the number of frames received so far.
    ///
    /// - Returns: whether a ring has not paid for long.
    mutating func isQuiet(after total: UInt64) -> Bool {
        quietSeconds = total &- lastTotal < Self.quietFrameCount ? quietSeconds + 1 : 0
        lastTotal = total
        return quietSeconds >= Self.patience
    }
}
