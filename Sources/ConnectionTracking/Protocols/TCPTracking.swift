/// What a packet does to its connection.
enum TrackingResult {
    /// It belongs there.
    case valid
    /// It belongs there, and no answer has been seen.
    case validNew
    /// It does not belong there.
    case invalid
    /// It begins another connection with the same tuple.
    case reopens
}

/// Sequence numbers, which wrap round (RFC 9293 §3.4).
private enum Sequence {
    @inline(__always)
    static func isAtLeast(_ left: UInt32, _ right: UInt32) -> Bool {
        Int32(bitPattern: left &- right) >= 0
    }

    @inline(__always)
    static func isAbove(_ left: UInt32, _ right: UInt32) -> Bool {
        Int32(bitPattern: left &- right) > 0
    }
}

/// Follows TCP connections by their windows.
///
/// Each segment has to lie where the other end may expect it: not beyond what it lets its peer
/// send, not more than a window behind what has been sent, with an acknowledgement of what was
/// sent. The method is Guido van Rooij's ("Real Stateful TCP Packet Filtering in IP Filter", 2000).
/// A connection that is seen in its middle is followed from there, with limits that are as wide as
/// the largest window scale allows until both ends were heard.
struct TCPTracking {
    /// The largest window without scaling, and some slack.
    private static var maximumSkew: Int64 { 0xffff + 1500 }
    private static var maximumShift: UInt8 { 14 }

    /// Whether segments outside the windows are let through.
    let ignoresWindows: Bool

    /// The ends of a connection that a segment begins.
    static func begin(_ segment: TCPSegment) -> (client: TCPPeer, server: TCPPeer) {
        var client = TCPPeer()
        var server = TCPPeer()
        client.low = segment.sequenceNumber
        client.high = client.low &+ segment.payloadByteCount &+ 1
        client.maximumWindow = max(UInt32(segment.window), 1)
        if segment.has(TCPSegment.syn) {
            client.high &+= 1
            client.setScaling(by: segment)
            if client.scaling == .scaled {
                client.maximumWindow = scaledDown(client.maximumWindow, client.shift)
            }
        } else {
            client.scaling = .unknown
            server.scaling = .unknown
        }
        if segment.has(TCPSegment.fin) { client.high &+= 1 }
        server.high = 1
        server.maximumWindow = 1
        client.stage = .synSent
        server.stage = .closed
        return (client, server)
    }

    private static func scaledDown(_ window: UInt32, _ shift: UInt8) -> UInt32 {
        (window &+ (1 &<< UInt32(shift)) &- 1) &>> UInt32(shift)
    }

    /// A segment's place among the sequence numbers.
    private struct Extent {
        var sequence: UInt32
        var end: UInt32
        var acknowledgement: UInt32
        var window: UInt32
        /// By how much the windows of sender and receiver are scaled.
        var shifts: (sender: UInt8, receiver: UInt8) = (0, 0)
        var checksSkew = true
    }

    /// Takes a segment of a connection from one of its ends to the other.
    ///
    /// - Returns: what it does, and how long the connection lives from now, unless that stays.
    func update(
        _ sender: inout TCPPeer, _ receiver: inout TCPPeer, _ segment: TCPSegment
    ) -> (result: TrackingResult, timeout: TimeoutKind?) {
        if segment.hasImpossibleFlags { return (.invalid, nil) }
        if segment.has(TCPSegment.syn), !segment.has(TCPSegment.ack) {
            if sender.stage >= .finWait2, receiver.stage >= .finWait2 {
                sender.stage = .closed
                receiver.stage = .closed
                return (.reopens, nil)
            }
            if sender.stage <= .synSent {
                sender.stage = .synSent
                return (.validNew, .tcpFirst)
            }
        }
        let extent = extent(of: segment, &sender, &receiver)
        if ignoresWindows || isInWindow(segment, extent, sender, receiver) {
            accept(segment, extent, &sender, &receiver)
            return (.valid, Self.timeout(sender.stage, receiver.stage))
        }
        guard isNearWindow(extent, sender, receiver) else { return (.invalid, nil) }
        acceptNear(segment, extent, &sender, &receiver)
        return (.valid, nil)
    }

    private func extent(
        of segment: TCPSegment, _ sender: inout TCPPeer, _ receiver: inout TCPPeer
    ) -> Extent {
        let isSYN = segment.has(TCPSegment.syn)
        var extent = Extent(
            sequence: segment.sequenceNumber,
            end: segment.sequenceNumber &+ segment.payloadByteCount,
            acknowledgement: segment.acknowledgement, window: UInt32(segment.window))
        if isSYN { extent.end &+= 1 }
        if segment.has(TCPSegment.fin) { extent.end &+= 1 }
        if !isSYN {
            if sender.scaling == .scaled, receiver.scaling == .scaled {
                extent.shifts = (sender.shift, receiver.shift)
            } else if sender.scaling == .unknown, receiver.scaling == .unknown {
                extent.shifts = (Self.maximumShift, Self.maximumShift)
            }
        }
        if sender.stage < .synSent { meet(&sender, &receiver, segment, &extent) }
        let resetsWithoutAcknowledging =
            extent.acknowledgement == 0 && segment.has(TCPSegment.rst)
        if !segment.has(TCPSegment.ack) || resetsWithoutAcknowledging {
            extent.acknowledgement = receiver.low
        }
        if extent.sequence == extent.end {
            // Segments without data are not in the way of anybody.
            extent.sequence = sender.low
            extent.end = sender.low
        }
        return extent
    }

    /// Hears the first segment of an end.
    private func meet(
        _ sender: inout TCPPeer, _ receiver: inout TCPPeer, _ segment: TCPSegment,
        _ extent: inout Extent
    ) {
        if segment.has(TCPSegment.syn), receiver.scaling == .scaled {
            sender.setScaling(by: segment)
            if sender.scaling == .scaled {
                extent.shifts = (sender.shift, receiver.shift)
                extent.window = Self.scaledDown(extent.window, sender.shift)
            } else {
                // The offer was not taken up.
                receiver.maximumWindow &<<= UInt32(receiver.shift)
                receiver.scaling = .none
                receiver.shift = 0
            }
        }
        sender.low = segment.sequenceNumber
        sender.stage = .synSent
        let high = extent.end &+ max(1, receiver.maximumWindow &<< UInt32(extent.shifts.receiver))
        if sender.high == 1 || Sequence.isAtLeast(high, sender.high) {
            sender.high = high
            // What the other end has sent before is not known exactly.
            extent.checksSkew = false
        }
        sender.maximumWindow = max(sender.maximumWindow, extent.window)
    }

    private func isInWindow(
        _ segment: TCPSegment, _ extent: Extent, _ sender: TCPPeer, _ receiver: TCPPeer
    ) -> Bool {
        guard Sequence.isAtLeast(sender.high, extent.end) else { return false }
        let window = receiver.maximumWindow &<< UInt32(extent.shifts.receiver)
        guard Sequence.isAtLeast(extent.sequence, sender.low &- window) else { return false }
        if extent.checksSkew {
            let skew = Int64(Int32(bitPattern: receiver.low &- extent.acknowledgement))
            guard skew >= -Self.maximumSkew, skew <= Self.maximumSkew << Int64(extent.shifts.sender)
            else { return false }
        }
        guard segment.has(TCPSegment.rst) else { return true }
        // A reset has to hit the next sequence number, or be one off.
        let distance = Int32(bitPattern: segment.sequenceNumber &- sender.low)
        return distance >= -1 && distance <= 1
    }

    private func accept(
        _ segment: TCPSegment, _ extent: Extent, _ sender: inout TCPPeer,
        _ receiver: inout TCPPeer
    ) {
        acceptNear(segment, extent, &sender, &receiver)
        guard segment.has(TCPSegment.ack) else { return }
        // A reset has moved the receiver beyond both.
        if receiver.stage == .synSent {
            receiver.stage = .established
        } else if receiver.stage == .closing {
            receiver.stage = .finWait2
        }
    }

    /// Moves the windows as far as a segment says.
    private func slide(_ extent: Extent, _ sender: inout TCPPeer, _ receiver: inout TCPPeer) {
        sender.maximumWindow = max(sender.maximumWindow, extent.window)
        if Sequence.isAbove(extent.end, sender.low) { sender.low = extent.end }
        let window = extent.window &<< UInt32(extent.shifts.sender)
        if Sequence.isAtLeast(extent.acknowledgement &+ window, receiver.high) {
            receiver.high = extent.acknowledgement &+ max(window, 1)
        }
    }

    /// Whether a segment outside the windows may be one of a connection of which too little has
    /// been seen, or that is at its end.
    private func isNearWindow(
        _ extent: Extent, _ sender: TCPPeer, _ receiver: TCPPeer
    ) -> Bool {
        guard
            receiver.stage < .synSent || receiver.stage >= .finWait2
                || sender.stage >= .finWait2
        else { return false }
        let slack = UInt32(Self.maximumSkew)
        return Sequence.isAtLeast(sender.high &+ slack, extent.end)
            && Sequence.isAtLeast(extent.sequence, sender.low &- slack)
    }

    /// Takes what a segment says of the windows and the end, and nothing of what it acknowledges.
    private func acceptNear(
        _ segment: TCPSegment, _ extent: Extent, _ sender: inout TCPPeer,
        _ receiver: inout TCPPeer
    ) {
        slide(extent, &sender, &receiver)
        if segment.has(TCPSegment.fin), sender.stage < .closing { sender.stage = .closing }
        if segment.has(TCPSegment.rst) {
            sender.stage = .timeWait
            receiver.stage = .timeWait
        }
    }

    private static func timeout(_ sender: TCPPeer.Stage, _ receiver: TCPPeer.Stage) -> TimeoutKind {
        let (first, last) = (min(sender, receiver), max(sender, receiver))
        if first >= .finWait2 { return .tcpClosed }
        if first >= .closing { return .tcpFinWait }
        if first < .established { return .tcpOpening }
        return last >= .closing ? .tcpClosing : .tcpEstablished
    }
}

extension TCPPeer {
    /// Takes the window scale option of a SYN (RFC 7323 §2.2).
    fileprivate mutating func setScaling(by segment: TCPSegment) {
        scaling = segment.windowShift == nil ? .none : .scaled
        shift = segment.windowShift ?? 0
    }
}
