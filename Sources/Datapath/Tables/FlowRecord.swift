/// What the hot path knows of a flow: plain memory, one cache line.
struct FlowRecord {
    /// Changes when the slot's flow goes, so that whoever remembers the slot notices; never 0.
    var generation: UInt32 = 1
    var isUsed = false
    /// All flags of TCP packets seen.
    var tcpFlags: UInt16 = 0
    var packets: UInt64 = 0
    var octets: UInt64 = 0
    /// When the last packet came, in milliseconds; 0 for never.
    var lastUsed: UInt64 = 0
    var program = ActionProgram()
}
