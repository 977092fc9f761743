import ConnectionTracking
import FlowModel

/// What the hot path knows of a flow: plain memory, one cache line.
struct FlowRecord {
    /// Changes when the slot's flow goes, so that whoever remembers the slot notices; never 0.
    var generation: UInt32 = 1
    var isUsed = false
    /// The number of the flow's subtable, or 0.
    var subtable: UInt16 = 0
    /// All flags of TCP packets seen.
    var tcpFlags: UInt16 = 0
    var packets: UInt64 = 0
    var octets: UInt64 = 0
    /// When the last packet came, in milliseconds; 0 for never.
    var lastUsed: UInt64 = 0
    /// The port to which all packets go unchanged, or ``noOutput``: most flows' whole program.
    private(set) var output = noOutput
    /// `nil` to drop.
    private(set) var program: UnsafeMutablePointer<ActionProgram>?
    /// The zone, if packets are tracked first of all.
    private(set) var trackingZone: UInt16?
    /// Makes it 64 octets.
    private let padding: UInt32 = 0

    /// No port has that number.
    static var noOutput: UInt32 { .max }

    init(generation: UInt32 = 1, isUsed: Bool = false) {
        self.generation = generation
        self.isUsed = isUsed
    }

    /// Room for records, each in a cache line of its own.
    static func allocate(_ capacity: Int) -> UnsafeMutablePointer<FlowRecord> {
        UnsafeMutableRawPointer.allocate(
            byteCount: capacity * MemoryLayout<FlowRecord>.stride, alignment: 64
        ).bindMemory(to: FlowRecord.self, capacity: capacity)
    }

    /// Takes over a program.
    mutating func setProgram(_ program: ActionProgram) {
        guard let first = program.operations else { return }
        let isOnlyOutput = first.pointee.isLast && first.pointee.code == .output
        output = isOnlyOutput ? first.pointee.first : Self.noOutput
        trackingZone = first.pointee.code == .track ? program.tracking?.pointee.zone : nil
        let memory = UnsafeMutablePointer<ActionProgram>.allocate(capacity: 1)
        memory.initialize(to: program)
        self.program = memory
    }

    mutating func discardProgram() {
        program?.pointee.deallocate()
        program?.deallocate()
        program = nil
        output = Self.noOutput
        trackingZone = nil
    }
}
